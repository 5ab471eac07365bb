"""The nearest photos inside the partition, as the recommender looks for them."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from core.candidates import Labels
from core.codes import codes
from core.search import Rows, nearest
from core.similarity import Floats
from core.tables import Catalog
from train.evaluation.among_all import BLOCK

_AT_ONCE = 8192  # photos whose vectors are loaded together, or a whole partition


def nearest_inside(
    photos: Catalog, vectors: Callable[[Rows], Floats], neighbors: int, asking: npt.NDArray[np.bool_]
) -> Rows:
    """Rows of the nearest of every photo that asks, (q, neighbors), nearest first, -1 where there are fewer.

    The query's product and duplicate group are no candidates: a product shares its attributes with itself.

    Args:
        photos: n catalog photos; all of them are candidates.
        vectors: gives those of some rows, (some, d).
        asking: (n,) which of them are queries.
    """
    own = Labels.of(photos)
    found = np.full((len(photos), neighbors), -1, np.int64)
    for partitions in _together(codes(photos.partition), asking):
        loaded = vectors(np.concatenate(partitions))
        start = 0
        for rows in partitions:
            values = loaded[start : start + len(rows)]
            start += len(rows)
            asks = asking[rows]
            asked = rows[asks]
            barred = tuple((labels[asked], labels[rows]) for labels in (own.product, own.group))
            near = nearest(values if asks.all() else values[asks], values, neighbors, barred=barred, block=BLOCK).rows
            found[asked, : near.shape[1]] = np.where(near >= 0, rows[near], -1)
    return found[asking]


def _together(partition: npt.NDArray[np.int64], asking: npt.NDArray[np.bool_]) -> Iterator[list[Rows]]:
    """The rows of the partitions that have a query, as many partitions at once as hold `_AT_ONCE` photos."""
    order = np.argsort(partition, kind="stable")
    waiting: list[Rows] = []
    for rows in np.split(order, np.flatnonzero(np.diff(partition[order])) + 1):
        if asking[rows].any():
            waiting.append(rows)
        if sum(map(len, waiting)) >= _AT_ONCE:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
