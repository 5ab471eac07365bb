"""The report page's partitions and splits: how many photos and products stand in each, and what is too little."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.tables import NO_SPLIT, SPLITS, Catalog
from curate.page.input import Collection
from curate.params import SplitParams

FEW_PRODUCTS = 10
_PLACES = (*SPLITS, NO_SPLIT)


class Partition(NamedTuple):
    """A partition: `splits` are photos by split, `bar` its photos in percent of the largest one's."""

    collection: str
    name: str
    photos: int
    products: int
    splits: dict[str, int]
    bar: float
    warnings: list[str]


class Split(NamedTuple):
    """A split of a collection; shares are of its photos, `asked` is None for photos that are in no split."""

    name: str
    photos: int
    products: int
    asked: float | None
    reached: float


def partitions(collections: Sequence[Collection]) -> list[Partition]:
    """The partitions of every collection, each collection's largest first."""
    found = [one for collection in collections for one in _partitions(collection)]
    most = max((one.photos for one in found), default=1)
    return [one._replace(bar=round(100 * one.photos / most, 2)) for one in found]


def _partitions(collection: Collection) -> list[Partition]:
    table = collection.table
    names, of = np.unique(table.partition.astype(str), return_inverse=True)
    rows = np.split(np.argsort(of, kind="stable"), np.cumsum(np.bincount(of))[:-1]) if len(names) else []
    found = [
        _partition(collection.name, name, table.take(there)) for name, there in zip(names.tolist(), rows, strict=True)
    ]
    return sorted(found, key=lambda one: (-one.photos, one.name))


def _partition(collection: str, name: str, table: Catalog) -> Partition:
    splits = {split: int((table.split == split).sum()) for split in _PLACES}
    products = len(set(table.product_id))
    empty = [split for split in ("val", "test") if not splits[split]]
    warnings = [f"no {' or '.join(empty)} photos"] if empty else []
    if products < FEW_PRODUCTS:
        warnings.append(f"fewer than {FEW_PRODUCTS} products")
    return Partition(collection, name, len(table), products, splits, 0.0, warnings)


def splits(collection: Collection, params: SplitParams) -> list[Split]:
    """The splits of a collection, and the photos that are in none where there are such."""
    table = collection.table
    asked = {"train": 1 - params.val - params.test, "val": params.val, "test": params.test}
    found = []
    for name in _PLACES:
        there = table.split == name
        photos = int(there.sum())
        if name in asked or photos:
            products = len(set(table.product_id[there]))
            found.append(Split(name, photos, products, asked.get(name), photos / max(len(table), 1)))
    return found
