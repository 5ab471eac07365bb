"""The products of all partitions, in the order of the lists: partition after partition, products by their ids."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa

from core.arrow import floats, from_bytes, numbers, rows_in, whole
from core.coded import coded
from core.codes import ranks
from core.similarity import Similarity
from core.tables import DESCRIPTORS
from triplets.distances import Described, Digests
from triplets.groups import Rows
from triplets.products.photos import Photos
from triplets.products.place import Place
from triplets.products.ranking import Pairs


@dataclass(frozen=True)
class Places:
    """N partitions, S products in them and n photos of those, each once in every partition that it stands in.

    `names` (N,) and `category` (N,) are those of the partitions, `ids` (D,) of all products, sorted. `key` (S,) has the
    numbers of partition and product in one, ascending; `rows` (n,) the photos' rows in the catalog, product after
    product, `first` (S,) each product's first among them; `family` (S,) the first product of its family.
    """

    names: pa.Array
    category: list[str]
    ids: pa.Array
    key: Rows
    image_id: pa.Array
    rows: Rows
    first: Rows
    family: Rows

    @classmethod
    def of(cls, photos: Photos, family: Rows) -> Self:
        """Those of the catalog; `family` numbers its photos as `families` does."""
        names, partition = ranks(photos.partition)
        ids, number = ranks(photos.product_id)
        both = partition * len(ids) + number
        rows = np.argsort(both, kind="stable")
        key, first = np.unique(both[rows], return_index=True)
        _, eldest, joint = np.unique(family[rows][first], return_index=True, return_inverse=True)
        begins = rows[first[np.searchsorted(key, np.arange(len(names)) * len(ids))]]
        category = photos.category.take(numbers(begins)).to_pylist()
        image_id = photos.image_id.take(numbers(rows))
        return cls(names, category, ids, key, image_id, rows, first, eldest[joint])

    def __len__(self) -> int:
        return len(self.key)

    def name(self, number: int) -> str:
        """What a partition is called."""
        return str(self.names[number])

    @cached_property
    def partition(self) -> Rows:
        """The partition of each product (S,)."""
        return self.key // len(self.ids) if len(self.ids) else self.key

    @cached_property
    def number(self) -> Rows:
        """The row of each product in `ids` (S,)."""
        return self.key - self.partition * len(self.ids)

    @cached_property
    def product(self) -> Rows:
        """The product of each photo (n,)."""
        return np.repeat(np.arange(len(self)), self.sizes)

    @cached_property
    def sizes(self) -> Rows:
        """How many photos each product has (S,)."""
        return np.diff(self.first, append=len(self.rows))

    @cached_property
    def edges(self) -> Rows:
        """The first product of each partition, and the number of all (N + 1,)."""
        return np.searchsorted(self.partition, np.arange(len(self.names) + 1))

    @cached_property
    def families(self) -> Rows:
        """How many families each partition holds (N,)."""
        return np.bincount(self.partition[np.unique(self.family)], minlength=len(self.names))

    def product_of(self, photos: Rows) -> Rows:
        """The products of some photos (m,), -1 where one is -1."""
        return np.append(self.product, -1)[photos]

    def photos_of(self, number: int) -> slice:
        """The photos of a partition."""
        first = np.append(self.first, len(self.rows))
        return slice(int(first[self.edges[number]]), int(first[self.edges[number + 1]]))

    def place(self, number: int, described: Described, similarity: Similarity) -> Place:
        """One partition; `described` has the vectors of all photos (n,)."""
        products, photos = slice(*self.edges[number : number + 2].tolist()), self.photos_of(number)
        return Place(
            self.name(number),
            described.take(photos),
            similarity.of(self.category[number]),
            self.first[products] - photos.start,
            self.family[products] - products.start,
        )

    def find(self, partition: pa.Array, product_id: pa.Array) -> Rows:
        """The products (m,) of these names, -1 where there is none."""
        where = rows_in(self.names, partition)
        which = rows_in(self.ids, product_id)
        key = np.where((where < 0) | (which < 0), -1, where * len(self.ids) + which)
        row = np.searchsorted(self.key, key)
        there = np.append(self.key, -1)[row] == key
        return np.where(there & (key >= 0), row, -1)

    def lists(self, best: Pairs) -> pa.Table:
        """The pairs (m,) of photos as a table, in their order, which is that of the lists and of the ranks."""
        asking, other = self.product[best.mine], self.product[best.theirs]
        begins = np.flatnonzero(np.diff(asking, prepend=-1))
        rank = np.arange(1, len(asking) + 1) - np.repeat(begins, np.diff(begins, append=len(asking)))
        columns = {
            "partition": coded(self.partition[asking], self.names),
            "product_id": coded(self.number[asking], self.ids),
            "rank": whole(rank),
            "similar_id": coded(self.number[other], self.ids),
            "image_id": coded(best.mine, self.image_id),
            "similar_image_id": coded(best.theirs, self.image_id),
            **{name: floats(best.apart[name]) for name in ("distance", *DESCRIPTORS)},
        }
        return pa.table(columns)

    def seen(self, digests: Digests) -> pa.Table:
        """What the lists are made from; `digests` (n, w) are those of the photos' vectors."""
        columns = {
            "partition": coded(self.partition[self.product], self.names),
            "product_id": self.ids.take(numbers(self.number[self.product])),
            "image_id": self.image_id,
            "family": self.ids.take(numbers(self.number[self.family[self.product]])),
            "digest": from_bytes(digests),
        }
        return pa.table(columns)
