"""Exact nearest neighbours by blocked matrix products; Annoy serves, this decides."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.similarity import Floats, squared_distances


@dataclass(frozen=True)
class Nearest:
    """`rows` (q, k) into the gallery, nearest first, -1 where fewer exist; `distances` (q, k) L2, inf there."""

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
    rows = np.full((len(queries), k), -1, np.int64)
    distances = np.full((len(queries), k), np.inf, np.float32)
    kept = min(k, len(gallery))
    for start in range(0, len(queries), block):
        some = slice(start, start + block)
        squared = squared_distances(queries[some], gallery)
        for of_query, of_gallery in barred:
            squared[of_query[some][:, None] == of_gallery[None, :]] = np.inf
        order = np.argsort(squared, axis=1, kind="stable")[:, :kept]
        found = np.take_along_axis(squared, order, axis=1)
        rows[some, :kept] = np.where(np.isinf(found), -1, order)
        distances[some, :kept] = np.sqrt(found)
    return Nearest(rows, distances)
