"""Queries with their neighbours, for the eye."""

import numpy as np

from core.codes import codes
from core.images import Pixels, PixelStore
from core.search import nearest
from core.tables import Catalog
from train.systems import System

SHOWN = ("recommender", "untrained", "trained")
COLUMNS = 4  # neighbours per system


def examples(
    systems: list[System], catalog: Catalog, store: PixelStore, count: int
) -> list[tuple[Pixels, dict[str, list[Pixels]]]]:
    """`count` test photos, evenly spaced over the catalog, each with its nearest by the systems in `SHOWN`.

    Neighbours are of the query's partition, of any split, and of another product and duplicate group, as in the
    agreement.
    """
    test = np.flatnonzero(catalog.split == "test")
    asked = test[np.unique(np.linspace(0, len(test) - 1, min(count, len(test))).round().astype(int))]
    found = {system.name: _nearest(catalog, system, asked) for system in systems if system.name in SHOWN}
    return [
        (
            store[catalog.image_id[query]],
            {name: [store[catalog.image_id[row]] for row in rows[place] if row >= 0] for name, rows in found.items()},
        )
        for place, query in enumerate(asked)
    ]


def _nearest(photos: Catalog, system: System, asked: np.ndarray) -> np.ndarray:
    vectors = system.vectors(photos.image_id)
    partition = codes(photos.partition)
    rows = np.full((len(asked), COLUMNS), -1, np.int64)
    for place, query in enumerate(asked):
        inside = np.flatnonzero(partition == partition[query])
        own = photos.product_id, photos.duplicate_group
        barred = tuple((labels[[query]], labels[inside]) for labels in own)
        hit = nearest(vectors[[query]], vectors[inside], COLUMNS, barred=barred).rows[0]
        rows[place, : len(hit)] = np.where(hit >= 0, inside[hit], -1)
    return rows
