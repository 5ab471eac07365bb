"""The report page's triplets: some of each kind, with their photos and what the rules have read."""

from typing import NamedTuple

import numpy as np

from core.images import PixelStore
from core.tables import KINDS, Triplets
from core.thumbnails import Thumbnail, stored
from triplets.assemble import DISTANCES
from triplets.groups import generator
from triplets.reports.distances import PAIRS

_ROWS = 6  # of each kind


class Photo(NamedTuple):
    """One of the three photos: its part in the triplet, the photo and its id."""

    part: str
    thumbnail: Thumbnail
    image_id: str


class Side(NamedTuple):
    """The positive or the negative: its rank for the query, 0 for none, and its distances, as `DISTANCES`."""

    rank: int
    distances: list[float]


class Shown(NamedTuple):
    """A triplet: its row in the table, from 1; `sides` are the positive and the negative."""

    row: int
    split: str
    photos: list[Photo]
    sides: dict[str, Side]


def sheet(mixed: Triplets, store: PixelStore, seed: int) -> dict[str, list[Shown]]:
    """Some triplets of every kind that there is, drawn by the `seed`, in the order of the table."""
    told = {}
    for kind in KINDS:
        rows = (mixed.kind == kind).nonzero()[0]
        if len(rows):
            drawn = generator(seed, "page", kind).permutation(rows)[:_ROWS]
            told[kind] = [_shown(mixed.take(np.array([row])), row + 1, store) for row in sorted(drawn.tolist())]
    return told


def _shown(one: Triplets, row: int, store: PixelStore) -> Shown:
    parts = {"query": one.query_id, "positive": one.positive_id, "negative": one.negative_id}
    return Shown(
        row=row,
        split=one.split[0],
        photos=[Photo(part, stored(store, ids[0]), ids[0]) for part, ids in parts.items()],
        sides={pair: _side(one, pair) for pair in PAIRS},
    )


def _side(one: Triplets, pair: str) -> Side:
    distances = [float(getattr(one, f"{pair}_{name}")[0]) for name in DISTANCES]
    return Side(int(getattr(one, f"{pair}_rank")[0]), distances)
