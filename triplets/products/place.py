"""The products of one partition: their photos, one product after the other, and their families."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.similarity import Similarity
from core.tables import Catalog, Column
from triplets.distances import Described
from triplets.groups import Rows


@dataclass(frozen=True)
class Place:
    """One partition: n photos, product after product, and P products in the order of their ids.

    `first` (P,) is the first photo of each product, `family` (P,) the first product of its family.
    """

    partition: str
    described: Described
    similarity: Similarity
    image_id: Column
    product_id: Column
    first: Rows
    family: Rows

    @classmethod
    def of(
        cls, partition: str, rows: Rows, catalog: Catalog, described: Described, similarity: Similarity, family: Rows
    ) -> Self:
        """The photos in the `rows` of the catalog; `family` numbers all photos as `families` does."""
        ids, product = np.unique(catalog.product_id[rows], return_inverse=True)
        rows = rows[np.argsort(product, kind="stable")]
        first = np.searchsorted(np.sort(product), np.arange(len(ids)))
        _, eldest, number = np.unique(family[rows][first], return_index=True, return_inverse=True)
        weighed = similarity.of(catalog.category[rows[0]])
        return cls(partition, described.take(rows), weighed, catalog.image_id[rows], ids, first, eldest[number])

    @cached_property
    def product(self) -> Rows:
        """The product of each photo (n,)."""
        return np.repeat(np.arange(len(self.first)), self.sizes)

    @property
    def sizes(self) -> Rows:
        """How many photos each product has (P,)."""
        return np.diff(self.first, append=len(self.image_id))

    def kept(self, k: int) -> int:
        """How long a list of up to `k` is: each product has as many other families."""
        return min(k, len(np.unique(self.family)) - 1)

    def fingerprints(self) -> Column:
        """A digest (P,) of each product's photos: their ids and their vectors."""
        digests = self.described.digests()
        found = np.empty(len(self.first), object)
        for number, (start, size) in enumerate(zip(self.first, self.sizes, strict=True)):
            named = ((digests[photo], self.image_id[photo].encode()) for photo in range(start, start + size))
            parts = b"".join(digest + len(name).to_bytes(8, "big") + name for digest, name in named)
            found[number] = hashlib.sha256(parts).hexdigest()[:32]
        return found


def rows_in(ids: Column, wanted: Column) -> Rows:
    """The row in `ids` of each of `wanted` (m,), -1 of those that are not there."""
    rows = pc.index_in(pa.array(wanted, pa.string()), value_set=pa.array(ids, pa.string()))
    found: Rows = rows.fill_null(-1).to_numpy().astype(np.int64)
    return found
