"""Exact nearest neighbours by blocked matrix products; Annoy serves, this decides."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.similarity import Floats, squared_distances


@dataclass(frozen=True)
class Nearest:
    """`rows` (q, min(k, g)) into the gallery, nearest first, -1 where fewer exist; `distances` alike, L2, inf there."""

    rows: npt.NDArray[np.int64]
    distances: Floats


def nearest(
    queries: Floats,
    gallery: Floats,
    k: int,
    *,
    barred: tuple[tuple[npt.NDArray, npt.NDArray], ...] = (),
    block: int = 512,
) -> Nearest:
    """The `k` rows of `gallery` (g, d) nearest to each of `queries` (q, d); ties go to the smaller row.

    Args:
        barred: pairs of labels ((q,), (g,)); a gallery row whose label equals the query's is never returned.
            Give image ids to leave the query out, products and duplicate groups to leave out its copies.
        block: queries per matrix product.
    """
    kept = min(k, len(gallery))
    rows = np.full((len(queries), kept), -1, np.int64)
    distances = np.full((len(queries), kept), np.inf, np.float32)
    if kept == 0:
        return Nearest(rows, distances)
    # Distances do not change when everything moves; around the mean, fewer digits cancel in the matrix product.
    centre = gallery.mean(axis=0)
    queries, gallery = queries - centre, gallery - centre
    for start in range(0, len(queries), block):
        some = slice(start, start + block)
        squared = squared_distances(queries[some], gallery)
        for of_query, of_gallery in barred:
            squared[of_query[some][:, None] == of_gallery[None, :]] = np.inf
        order = _smallest(squared, kept)
        found = np.take_along_axis(squared, order, axis=1)
        rows[some] = np.where(np.isinf(found), -1, order)
        distances[some] = np.sqrt(found)
    return Nearest(rows, distances)


def _smallest(values: Floats, k: int) -> npt.NDArray[np.int64]:
    """The columns (q, k) of the k smallest of each row, ascending; ties go to the smaller column."""
    bounds = np.partition(values, k - 1, axis=1)[:, k - 1]
    chosen = np.empty((len(values), k), np.int64)
    for row, bound in enumerate(bounds):
        columns = np.flatnonzero(values[row] <= bound)
        chosen[row] = columns[np.argsort(values[row, columns], kind="stable")[:k]]
    return chosen
