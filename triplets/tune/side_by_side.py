"""The nearest photos of some queries by several settings at once: a place is read and multiplied once for all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.candidates import Labels
from core.engine import run
from core.engines import LOCAL
from core.search import smallest
from core.similarity import Floats, Similarity, squared_distances
from core.tables import DESCRIPTORS, Catalog
from triplets.distances import Described
from triplets.groups import Rows

_BLOCK = 1024  # photos of a place that are in memory at a time


@dataclass(frozen=True)
class Task:
    """A block of b photos, `rows` (b,) of the catalog, asked for the `k` nearest to q queries by each of s settings.

    `queries` are prepared vectors (q, d); `barred` (q, b) must not be found.
    """

    described: Described
    rows: Rows
    queries: dict[str, Floats]
    barred: npt.NDArray[np.bool_]
    settings: Sequence[Similarity]
    k: int


@dataclass(frozen=True)
class Nearest:
    """`rows` (s, q, k) of the catalog by each of s settings, nearest first, and the `squared` fused distances.

    Where there are fewer, the distance is infinite and the row any.
    """

    rows: Rows
    squared: Floats


def nearest_by_each(
    catalog: Catalog,
    features: Path,
    settings: Sequence[Similarity],
    places: Sequence[tuple[Rows, Rows]],
    k: int,
    progress: Callable[[int, int], None] | None,
) -> Iterator[Rows]:
    """The rows (s, q, k) of the `k` nearest by each of s settings, -1 where there are fewer; for one place at a time.

    Args:
        places: the rows (q,) of queries of one partition, and all rows (n,) of it.
        progress: told after every block how many photos have been gone through, of how many.

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    described, labels = Described.find(features, catalog.image_id), Labels.of(catalog)
    done, of = 0, sum(len(rows) for _, rows in places)
    for query, rows in places:
        by = [setting.of(catalog.category[rows[0]]) for setting in settings]
        asked = described.take(query).load()
        blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
        tasks = (Task(described.take(block), block, asked, labels.barred(query, block), by, k) for block in blocks)
        shape = len(by), len(query), k
        best = Nearest(np.full(shape, -1, np.int64), np.full(shape, np.inf, np.float32))
        found = run(_in_block, tasks, engine=LOCAL, label=None, total=len(blocks))
        for block, near in zip(blocks, found, strict=True):
            best = _first(best, near, k)
            done += len(block)
            if progress is not None:
                progress(done, of)
        yield np.where(np.isinf(best.squared), -1, best.rows)


def _in_block(task: Task) -> Nearest:
    prepared = task.described.load()
    fused = np.zeros((len(task.settings), *task.barred.shape), np.float32)  # (s, q, b)
    factors = np.array([setting.factors() for setting in task.settings], np.float32)
    for name, of_each in zip(DESCRIPTORS, factors.T, strict=True):
        squared = squared_distances(task.queries[name], prepared[name])
        for one, factor in zip(fused, of_each, strict=True):
            one += factor * squared
    fused[:, task.barred] = np.inf
    chosen = np.stack([smallest(one, min(task.k, len(task.rows))) for one in fused])
    return Nearest(task.rows[chosen], np.take_along_axis(fused, chosen, axis=2))


def _first(earlier: Nearest, later: Nearest, k: int) -> Nearest:
    """The `k` nearest of both; equal distances go to the earlier."""
    rows = np.concatenate([earlier.rows, later.rows], axis=2)
    squared = np.concatenate([earlier.squared, later.squared], axis=2)
    order = np.argsort(squared, axis=2, kind="stable")[:, :, :k]
    return Nearest(np.take_along_axis(rows, order, axis=2), np.take_along_axis(squared, order, axis=2))
