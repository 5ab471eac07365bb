"""Photos and triplets as whole numbers, so that a million triplets are counted in a moment."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.tables import KINDS, SPLITS, Catalog, Column, Triplets
from triplets.groups import Rows, rows_of
from triplets.rules import Mask


@dataclass(frozen=True)
class Photos:
    """The n photos of both collections, the catalog's first: places in `partitions` and in `SPLITS`, -1 for no split.

    `street` are the street photos, `shop` the others of their collection, which never ask for triplets; all (n,).
    """

    partitions: list[str]
    partition: Rows
    split: Rows
    street: Mask
    shop: Mask

    @classmethod
    def of(cls, catalog: Catalog, street: Catalog) -> Self:
        """Those of the two collections."""
        numbered = pa.array(np.concatenate([catalog.partition, street.partition]), pa.string()).dictionary_encode()
        in_street = np.arange(len(catalog) + len(street)) >= len(catalog)
        of_street = np.concatenate([np.zeros(len(catalog), np.bool_), street.domain == "street"])
        return cls(
            partitions=numbered.dictionary.to_pylist(),
            partition=numbered.indices.to_numpy().astype(np.int64),
            split=_places(np.concatenate([catalog.split, street.split]), SPLITS),
            street=in_street & of_street,
            shop=in_street & ~of_street,
        )

    def asking(self, kind: str, split: str | None = None) -> Mask:
        """The photos (n,) that ask for triplets of `kind`, of one split or of any."""
        inside = self.split >= 0 if split is None else self.split == SPLITS.index(split)
        return inside & (self.street if kind == "wild" else ~(self.street | self.shop))


@dataclass(frozen=True)
class Coded:
    """m triplets: rows of the query and of the negative among `Photos`, places in `KINDS` and `SPLITS`; all (m,)."""

    query: Rows
    negative: Rows
    kind: Rows
    split: Rows

    @classmethod
    def of(cls, triplets: Triplets, catalog: Catalog, street: Catalog) -> Self:
        """The `triplets` of the two collections.

        Raises:
            TableError: a photo of a triplet is in neither.
        """
        wild = triplets.kind == "wild"

        def rows(image_ids: Column) -> Rows:
            found = np.empty(len(triplets), np.int64)
            found[wild] = len(catalog) + rows_of(street.image_id, image_ids[wild], "triplets.parquet")
            found[~wild] = rows_of(catalog.image_id, image_ids[~wild], "triplets.parquet")
            return found

        return cls(
            rows(triplets.query_id),
            rows(triplets.negative_id),
            _places(triplets.kind, KINDS),
            _places(triplets.split, SPLITS),
        )

    def inside(self, kind: str, split: str) -> Mask:
        """The triplets (m,) of one kind and split."""
        return (self.kind == KINDS.index(kind)) & (self.split == SPLITS.index(split))

    def per_query(self, kind: str, split: str, photos: Photos) -> Rows:
        """How many triplets of one kind and split each of `photos` (n,) asks."""
        return np.bincount(self.query[self.inside(kind, split)], minlength=len(photos.split))


def _places(labels: Column, known: tuple[str, ...]) -> Rows:
    """The place of each label (n,) in `known`, -1 for any other."""
    places = pc.index_in(pa.array(labels, pa.string()), value_set=pa.array(known, pa.string()))
    return places.fill_null(-1).to_numpy().astype(np.int64)
