"""The answer to one photo: candidates from the index, or all photos, and their exact distances."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engine import run
from core.engines import LOCAL
from core.similarity import Floats, Similarity
from core.tables import DESCRIPTORS, Catalog
from triplets.distances import Described, between
from triplets.groups import Rows
from triplets.index.annoy_index import open_index
from triplets.index.manifest import Manifest
from triplets.index.question import Place, Query
from triplets.neighbors import ranked

_BLOCK = 4096  # photos whose vectors lie in memory at a time


@dataclass(frozen=True)
class Answer:
    """The k nearest: their `rows` (k,) of the catalog, nearest first, and the distances (k,) by name."""

    rows: Rows
    apart: dict[str, Floats]


@dataclass(frozen=True)
class Task:
    """One block of photos, asked for the `k` nearest to one query."""

    described: Described
    rows: Rows
    prepared: Mapping[str, Floats]
    similarity: Similarity
    k: int


def candidates(
    folder: Path,
    place: Place,
    query: Query,
    catalog: Catalog,
    described: Described,
    similarity: Similarity,
    count: int,
) -> Rows:
    """The photos that the index in `folder` holds for the nearest in a partition, in the catalog's order.

    `count`, and as many more as are barred, for these may all be among them. `described` holds the whole catalog.

    Raises:
        TableError: the index is missing or does not pass its tests.
    """
    manifest = Manifest.read(folder)
    manifest.check(described.features, similarity)
    rows = place.rows
    index = open_index(folder, manifest, str(place.partition), catalog.image_id[rows], described.take(rows), similarity)
    barred = int(np.count_nonzero(query.barred[rows]))
    return np.sort(rows[index.candidates(similarity.fuse(query.prepared)[0], count + barred)])


def nearest(query: Query, described: Described, similarity: Similarity, rows: Rows, k: int) -> Answer:
    """The `k` nearest of the catalog's photos `rows` (n,), exactly; equal distances go to the earlier photo.

    `described` holds the whole catalog. A block of vectors is in memory at a time.

    Raises:
        TableError: a vector is not finite.
    """
    allowed = rows[~query.barred[rows]]
    blocks = [allowed[start : start + _BLOCK] for start in range(0, len(allowed), _BLOCK)]
    tasks = (Task(described.take(block), block, query.prepared, similarity, k) for block in blocks)
    best = Answer(np.empty(0, np.int64), {name: np.empty(0, np.float32) for name in ("distance", *DESCRIPTORS)})
    for found in run(_in_block, tasks, engine=LOCAL, label="search", total=len(blocks)):
        apart = {name: np.concatenate([values, found.apart[name]]) for name, values in best.apart.items()}
        best = _first(np.concatenate([best.rows, found.rows]), apart, k)
    return best


def _in_block(task: Task) -> Answer:
    prepared = task.described.load()
    chosen = ranked(task.prepared, prepared, task.similarity, task.k, ()).rows[0]
    # Anew, pair by pair: what a matrix product rounds depends on the rest of the block.
    pairs = {name: np.concatenate([task.prepared[name], values[chosen]]) for name, values in prepared.items()}
    query, others = np.zeros(len(chosen), np.int64), np.arange(1, len(chosen) + 1)
    return _first(task.rows[chosen], between(pairs, task.similarity, query, others), task.k)


def _first(rows: Rows, apart: Mapping[str, Floats], k: int) -> Answer:
    """The `k` of the smallest distance, nearest first."""
    order = np.lexsort((rows, apart["distance"]))[:k]
    return Answer(rows[order], {name: values[order] for name, values in apart.items()})
