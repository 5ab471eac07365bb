"""The descriptors of some photos, read where the work is done, and the distances of listed pairs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import TableError
from core.similarity import Floats, Similarity, prepare
from core.tables import DESCRIPTORS, Column, Vectors
from triplets.groups import Rows

Doubles = npt.NDArray[np.float64]

_BLOCK = 256  # pairs; keeps the gathered vectors within the processor's reach
_AT_ONCE = 256  # photos whose vectors are prepared together, likewise
_HELD = 16 * _AT_ONCE  # photos whose vectors the system may keep in memory


@dataclass(frozen=True)
class Described:
    """Where the vectors of n photos stand: a descriptor's file in the folder `features`, and rows (n,) in it.

    Small enough to be sent to a worker, which reads the vectors itself.
    """

    features: Path
    rows: dict[str, Rows]

    @classmethod
    def find(cls, features: Path, image_ids: Column) -> Self:
        """The places of `image_ids` (n,).

        Raises:
            TableError: a descriptor's file is missing, or an image has no vector.
        """
        wanted = pa.array(image_ids, pa.string())
        rows = {}
        for name in DESCRIPTORS:
            path = features / f"{name}.arrow"
            places = pc.index_in(wanted, value_set=pa.array(_read(path).image_id, pa.string()))
            if places.null_count:
                lacking = image_ids[np.flatnonzero(places.is_null().to_numpy(zero_copy_only=False))[0]]
                raise TableError(f"{path} has no vector for the image {lacking}. Run dvc repro.")
            rows[name] = places.to_numpy().astype(np.int64)
        return cls(features, rows)

    def take(self, chosen: Column) -> Self:
        """The places of the photos given by indices or by a boolean mask."""
        return type(self)(self.features, {name: rows[chosen] for name, rows in self.rows.items()})

    def digests(self) -> list[bytes]:
        """A digest of each photo's vectors as they stand in the files."""
        found: list[bytes] = []
        for of_each in zip(*(self._raw(name) for name in self.rows), strict=True):
            for vectors in zip(*(values for _, values in of_each), strict=True):
                digest = sha256()
                for vector in vectors:
                    digest.update(vector)
                found.append(digest.digest())
        return found

    def load(self) -> dict[str, Floats]:
        """The prepared vectors, (n, d) per descriptor. No more than these and a block is in memory.

        Raises:
            TableError: a vector is not finite.
        """
        loaded = {}
        for name, rows in self.rows.items():
            loaded[name] = np.empty((len(rows), _read(self._path(name)).values.shape[1]), np.float32)
            for some, values in self.blocks(name):
                loaded[name][some] = values
        return loaded

    def blocks(self, name: str) -> Iterator[tuple[slice, Floats]]:
        """The prepared vectors (b, d) of one descriptor, block after block, and the photos that they are of.

        Raises:
            TableError: a vector is not finite.
        """
        for some, values in self._raw(name):
            self._refuse_unusable(name, values, some)
            yield some, prepare(name, values)

    def _raw(self, name: str) -> Iterator[tuple[slice, Floats]]:
        rows = self.rows[name]
        table = _read(self._path(name))
        for start in range(0, len(rows), _AT_ONCE):
            some = slice(start, min(start + _AT_ONCE, len(rows)))
            yield some, table.values[_run(rows[some])]
            if some.stop % _HELD == 0 or some.stop == len(rows):
                table.release()

    def _refuse_unusable(self, name: str, values: Floats, some: slice) -> None:
        usable = np.isfinite(np.einsum("ij,ij->i", values, values))
        fault = "is not finite"
        if name == "color" and usable.all():
            usable, fault = values.min(axis=1) >= 0, "has values below 0, so it is no histogram"
        if not usable.all():
            image_id = _read(self._path(name)).image_id[self.rows[name][some]][~usable][0]
            raise TableError(f"{self._path(name)}: the vector of {image_id} {fault}. Run dvc repro.")

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
    follow = bool((np.diff(rows) == 1).all())
    return slice(int(rows[0]), int(rows[-1]) + 1) if follow else rows


def _read(path: Path) -> Vectors:
    try:
        written = path.stat()
    except FileNotFoundError:
        return Vectors.read(path)  # which says what is missing
    return _mapped(path.absolute(), written.st_ino, written.st_mtime_ns)


@lru_cache(maxsize=len(DESCRIPTORS))
def _mapped(path: Path, inode: int, written: int) -> Vectors:
    """A table that a worker keeps open; inode and time are in the key, as a file may be replaced meanwhile."""
    return Vectors.read(path)
