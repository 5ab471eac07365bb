"""The descriptors of some photos, read where the work is done, and the distances of listed pairs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.arrow import as_bytes, rows_in
from core.errors import TableError
from core.similarity import Floats, Similarity, prepare, squares
from core.tables import DESCRIPTORS, Column
from core.vector_file import DIGEST, VectorFile
from triplets.groups import Rows

Digests = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]

_SHORT = 1e-30  # squared lengths below this have lost digits
_BLOCK = 256  # pairs; keeps the gathered vectors within the processor's reach
_AT_ONCE = 256  # photos whose vectors are prepared together, likewise
_HELD = 16 * _AT_ONCE  # photos whose vectors the system may keep in memory


@dataclass(frozen=True)
class Described:
    """Where the vectors of n photos stand: a descriptor's file in the folder `features`, and rows (n,) in it.

    Small enough to be sent to a worker, which reads the vectors itself. `versions` are those of the files.
    """

    features: Path
    rows: dict[str, Rows]
    versions: dict[str, bytes]

    @classmethod
    def find(cls, features: Path, image_ids: Column) -> Self:
        """The places of `image_ids` (n,).

        Raises:
            TableError: a descriptor's file is missing, or an image has no vector.
        """
        found = cls.look(features, pa.array(image_ids, pa.string()))
        for name in DESCRIPTORS:
            lacking = found.rows[name] < 0
            if lacking.any():
                raise found.lacks(name, str(image_ids[np.argmax(lacking)]))
        return found

    @classmethod
    def look(cls, features: Path, image_ids: pa.Array) -> Self:
        """The places of `image_ids` (n,), -1 where an image has no vector.

        Raises:
            TableError: a descriptor's file is missing.
        """
        files = {name: _read(features, name) for name in DESCRIPTORS}
        rows = {name: rows_in(file.ids, image_ids) for name, file in files.items()}
        return cls(features, rows, {name: file.version for name, file in files.items()})

    def lacks(self, name: str, image_id: str) -> TableError:
        """What to say where the descriptor `name` has no vector of an image."""
        return TableError(f"{self._path(name)} has no vector for the image {image_id}. Run dvc repro.")

    def take(self, chosen: Column | slice) -> Self:
        """The places of the photos given by indices, by a boolean mask or by a slice."""
        return type(self)(self.features, {name: rows[chosen] for name, rows in self.rows.items()}, self.versions)

    def digests(self) -> Digests:
        """The digests of each photo's vectors, (n, `DIGEST` per descriptor), 0 where there is none."""
        found = np.zeros((len(self.rows[DESCRIPTORS[0]]), len(DESCRIPTORS), DIGEST), np.uint8)
        for number, name in enumerate(DESCRIPTORS):
            rows = self.rows[name]
            some = rows >= 0
            found[some, number] = as_bytes(self._file(name).digests)[rows[some]]
        return found.reshape(-1, len(DESCRIPTORS) * DIGEST)

    def load(self) -> dict[str, Floats]:
        """The prepared vectors, (n, d) per descriptor. No more than these and a block is in memory.

        Raises:
            TableError: a vector is not finite.
        """
        loaded = {}
        for name, rows in self.rows.items():
            file = self._file(name)
            loaded[name] = np.empty((len(rows), file.values.shape[1]), np.float32)
            for some, values in self._raw(file, rows):
                self._usable(name, values, some)
                loaded[name][some] = prepare(name, values)
        return loaded

    def blocks(self, name: str) -> Iterator[tuple[slice, Floats]]:
        """The prepared vectors (b, d) of one descriptor, block after block, and the photos that they are of.

        Raises:
            TableError: a vector is not finite.
        """
        for some, values in self._raw(self._file(name), self.rows[name]):
            self._usable(name, values, some)
            yield some, prepare(name, values)

    def products(self, name: str, queries: Floats) -> tuple[Floats, Floats]:
        """Of one descriptor's prepared vectors (n, d) the products (q, n) with prepared `queries` (q, d).

        And their squared lengths (n,). They are read and not held. Both are rounded otherwise than if they were.

        Raises:
            TableError: a vector is not finite.
        """
        products = np.empty((len(queries), len(self.rows[name])), np.float32)
        lengths = np.empty(len(self.rows[name]), np.float32)
        for some, values in self._raw(self._file(name), self.rows[name]):
            squared = self._usable(name, values, some)
            if name == "color" or squared.min() < _SHORT:
                values = prepare(name, values)
                products[:, some], lengths[some] = queries @ values.T, squares(values)
            else:  # of unit length, but to divide the vectors takes longer than all the rest
                products[:, some], lengths[some] = queries @ values.T / np.sqrt(squared), 1
        return products, lengths

    @staticmethod
    def _raw(file: VectorFile, rows: Rows) -> Iterator[tuple[slice, Floats]]:
        for start in range(0, len(rows), _AT_ONCE):
            some = slice(start, min(start + _AT_ONCE, len(rows)))
            yield some, file.values[_run(rows[some])]
            if some.stop % _HELD == 0 or some.stop == len(rows):
                file.release()

    def _usable(self, name: str, values: Floats, some: slice) -> Floats:
        """The squared lengths of vectors, all of which can be used."""
        squared = squares(values)
        usable = np.isfinite(squared)
        fault = "is not finite"
        if name == "color" and usable.all():
            usable, fault = values.min(axis=1) >= 0, "has values below 0, so it is no histogram"
        if not usable.all():
            image_id = self._file(name).ids[int(self.rows[name][some][~usable][0])]
            raise TableError(f"{self._path(name)}: the vector of {image_id} {fault}. Run dvc repro.")
        return squared

    def _file(self, name: str) -> VectorFile:
        file = _read(self.features, name)
        if file.version != self.versions[name]:
            raise TableError(f"{self._path(name)} changed while it was read. Run the command again.")
        return file

    def _path(self, name: str) -> Path:
        return self.features / f"{name}.arrow"


def load(features: Path, image_ids: Column) -> dict[str, Floats]:
    """The prepared vectors of `image_ids` from the folder `features`, (n, d) per descriptor.

    Raises:
        TableError: a descriptor's file is missing, or an image has no vector or one that is not finite.
    """
    return Described.find(features, image_ids).load()


def between(prepared: Mapping[str, Floats], similarity: Similarity, first: Rows, second: Rows) -> dict[str, Floats]:
    """The distances of the pairs of rows `first` (m,) and `second` (m,) of prepared vectors.

    Returns:
        (m,) per descriptor, 1 being its median distance on the training split, and the fused one as `distance`.
    """
    squared = {name: np.empty(len(first), np.float32) for name in DESCRIPTORS}
    for start in range(0, len(first), _BLOCK):
        some = slice(start, start + _BLOCK)
        for name, values in prepared.items():
            apart = values[first[some]]
            apart -= values[second[some]]
            squared[name][some] = np.einsum("ij,ij->i", apart, apart) / np.float32(similarity.scales[name] ** 2)
    fused = sum(np.float32(similarity.weights[name]) * squared[name] for name in DESCRIPTORS)
    return {"distance": np.sqrt(fused), **{name: np.sqrt(squared[name]) for name in DESCRIPTORS}}


def weights_of_each(similarity: Similarity, category: Column) -> Doubles:
    """The weights (n, d) by which queries of each `category` (n,) ask, in the order of `DESCRIPTORS`."""
    names, number = np.unique(category.astype(str), return_inverse=True)
    weights = [[similarity.of(name).weights[descriptor] for descriptor in DESCRIPTORS] for name in names]
    return np.array(weights, np.float64).reshape(-1, len(DESCRIPTORS))[number]


def _run(rows: Rows) -> Rows | slice:
    """`rows` (n,), as a slice where they follow one another: no copy is made of it."""
    follow = bool((rows[1:] - rows[:-1] == 1).all())
    return slice(int(rows[0]), int(rows[-1]) + 1) if follow else rows


def _read(features: Path, name: str) -> VectorFile:
    path = _paths(features)[name]
    try:
        written = path.stat()
    except FileNotFoundError:
        return VectorFile.read(path)  # which says what is missing
    return _mapped(features, name, (written.st_dev, written.st_ino, written.st_mtime_ns))


@lru_cache(maxsize=len(DESCRIPTORS))
def _mapped(features: Path, name: str, written: tuple[int, int, int]) -> VectorFile:
    """A file that a worker keeps open; what tells it is in the key, as it may be replaced meanwhile."""
    return VectorFile.read(_paths(features)[name])


@cache
def _paths(features: Path) -> dict[str, Path]:
    return {name: features / f"{name}.arrow" for name in DESCRIPTORS}
