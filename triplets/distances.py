"""The descriptors of some photos, read where the work is done, and the distances of listed pairs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import TableError
from core.similarity import Floats, Similarity, prepare
from core.tables import DESCRIPTORS, Column, Vectors
from triplets.groups import Rows

_BLOCK = 2048  # pairs; keeps the gathered vectors within the processor's reach


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

    def load(self) -> dict[str, Floats]:
        """The prepared vectors, (n, d) per descriptor.

        Raises:
            TableError: a vector is not finite.
        """
        return {name: prepare(name, self._values(name, rows)) for name, rows in self.rows.items()}

    def _values(self, name: str, rows: Rows) -> Floats:
        path = self.features / f"{name}.arrow"
        table = _read(path)
        values = table.values[rows]
        table.release()
        finite = np.isfinite(np.einsum("ij,ij->i", values, values))
        fault = "is not finite"
        if name == "color" and finite.all():
            finite, fault = values.min(axis=1) >= 0, "has values below 0, so it is no histogram"
        if not finite.all():
            image_id = table.image_id[rows[~finite][0]]
            raise TableError(f"{path}: the vector of {image_id} {fault}. Run dvc repro.")
        return values


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
            apart = values[first[some]] - values[second[some]]
            squared[name][some] = np.einsum("ij,ij->i", apart, apart) / np.float32(similarity.scales[name] ** 2)
    fused = sum(np.float32(similarity.weights[name]) * squared[name] for name in DESCRIPTORS)
    return {"distance": np.sqrt(fused), **{name: np.sqrt(squared[name]) for name in DESCRIPTORS}}


def _read(path: Path) -> Vectors:
    try:
        written = path.stat()
    except FileNotFoundError:
        return Vectors.read(path)  # which says what is missing
    return _mapped(path.resolve(), written.st_ino, written.st_mtime_ns)


@lru_cache(maxsize=len(DESCRIPTORS))
def _mapped(path: Path, inode: int, written: int) -> Vectors:
    """A table that a worker keeps open; inode and time are in the key, as a file may be replaced meanwhile."""
    return Vectors.read(path)
