"""A photo that asks, measured against every photo of its place once: any weights are then answered at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.search import smallest
from core.similarity import Floats, Similarity
from core.tables import DESCRIPTORS, Catalog
from triplets.distances import Described
from triplets.groups import Rows


@dataclass(frozen=True)
class Found:
    """The k nearest: their `rows` (k,) of the catalog, nearest first, and their fused `distance` (k,).

    `shares` (k, d) are the parts of the descriptors in the squared distance, in the order of `DESCRIPTORS`. They sum
    to 1, or are 0 where the distance is.
    """

    rows: Rows
    distance: Floats
    shares: Floats


@dataclass(frozen=True)
class Asked:
    """A query and the n photos of its place, a whole partition, whose `rows` (n,) are those of the catalog.

    `squared` (d, n) has the squared scaled distances by descriptor, in the order of `DESCRIPTORS`; `barred` (n,) are
    the query's own product and its copies, which are never found. `category` is the one by whose weights it asks.
    """

    name: str
    partition: str
    category: str
    rows: Rows
    squared: Floats
    barred: npt.NDArray[np.bool_]

    @classmethod
    def of_known(cls, row: int, catalog: Catalog, described: Described, scales: Mapping[str, float]) -> Self:
        """The photo in a `row` of the catalog. `described` holds the whole catalog.

        Raises:
            TableError: the vector of a photo of the partition is not finite.
        """
        partition = str(catalog.partition[row])
        rows = np.flatnonzero(catalog.partition == partition)
        own = described.take(np.array([row])).load()
        same = catalog.product_id[rows] == catalog.product_id[row]
        same |= catalog.duplicate_group[rows] == catalog.duplicate_group[row]
        squared = _squared(own, described.take(rows), scales)
        return cls(str(catalog.image_id[row]), partition, str(catalog.category[row]), rows, squared, same)

    @classmethod
    def of_strange(
        cls,
        name: str,
        prepared: Mapping[str, Floats],
        partition: str,
        catalog: Catalog,
        described: Described,
        scales: Mapping[str, float],
    ) -> Self:
        """A photo of no catalog by its `prepared` vectors, (1, d) each; every photo of the `partition` may be found.

        Raises:
            InputError: the catalog lacks the partition.
            TableError: the vector of a photo of the partition is not finite.
        """
        rows = np.flatnonzero(catalog.partition == partition)
        if len(rows) == 0:
            raise InputError(f"the catalog has no partition {partition}. Choose another.")
        squared = _squared(prepared, described.take(rows), scales)
        return cls(name, partition, str(catalog.category[rows[0]]), rows, squared, np.zeros(len(rows), np.bool_))

    def nearest(self, similarity: Similarity, k: int) -> Found:
        """The `k` nearest by the weights of the query's category, or fewer; equal distances go to the earlier photo.

        The weights alone count: the scales are those that `squared` was made with.
        """
        weights = similarity.of(self.category).weights
        # Not as a product of matrices, which may round equal columns differently.
        fused = sum(np.float32(weights[name]) * part for name, part in zip(DESCRIPTORS, self.squared, strict=True))
        fused = np.where(self.barred, np.float32(np.inf), fused)
        kept = min(k, len(fused) - int(np.count_nonzero(self.barred)))
        if kept == 0:
            return Found(self.rows[:0], fused[:0], np.zeros((0, len(DESCRIPTORS)), np.float32))
        chosen = smallest(fused[None], kept)[0]
        parts = np.stack(
            [np.float32(weights[name]) * part[chosen] for name, part in zip(DESCRIPTORS, self.squared, strict=True)],
            axis=1,
        )  # (k, d)
        whole = fused[chosen]
        shares = np.divide(parts, whole[:, None], out=np.zeros_like(parts), where=whole[:, None] > 0)
        return Found(self.rows[chosen], np.sqrt(whole), shares)


def _squared(query: Mapping[str, Floats], place: Described, scales: Mapping[str, float]) -> Floats:
    """The squared scaled distances (d, n) of prepared vectors (1, d) to the photos of a place, one block at a time."""
    squared = np.empty((len(DESCRIPTORS), len(place.rows[DESCRIPTORS[0]])), np.float32)
    for own, name in zip(squared, DESCRIPTORS, strict=True):
        for some, values in place.blocks(name):
            values -= query[name]
            own[some] = np.einsum("ij,ij->i", values, values)
        own /= np.float32(scales[name] ** 2)
    return squared
