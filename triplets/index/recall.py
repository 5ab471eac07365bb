"""What the index misses: its candidates against the exact neighbours, for queries drawn from the catalog."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.codes import codes
from core.engine import run
from core.engines import Engine
from core.similarity import Floats, Similarity
from core.tables import Catalog, Column
from triplets.distances import Described, between
from triplets.groups import Rows, generator, partitions
from triplets.index.annoy_index import open_index
from triplets.index.manifest import Manifest
from triplets.neighbors import ranked

QUERIES = 500
K = 10


@dataclass(frozen=True)
class Task:
    """One partition and those of its photos that ask, `queries` (q,)."""

    folder: Path
    manifest: Manifest
    partition: str
    image_id: Column
    described: Described
    similarity: Similarity
    product: Rows
    copies: Rows
    queries: Rows
    candidates: int


@dataclass(frozen=True)
class Recall:
    """Of how many exact neighbours the index, `raw`, and its candidates, ranked again, have an equal; of `queries`."""

    queries: int
    exact: int
    raw: int
    ranked: int


def measure(
    folder: Path,
    manifest: Manifest,
    catalog: Catalog,
    described: Described,
    similarity: Similarity,
    candidates: int,
    seed: int,
    engine: Engine,
) -> Recall:
    """Ask the index in `folder` for the nearest of up to `QUERIES` photos drawn from `catalog`.

    A photo at the distance of the last exact neighbour or below is as good as one: which of two copies is found does
    not count.

    Raises:
        TableError: a file does not pass its test.
    """
    asking = np.zeros(len(catalog), np.bool_)
    asking[generator(seed, "recall").permutation(len(catalog))[:QUERIES]] = True
    product, group = codes(catalog.product_id), codes(catalog.duplicate_group)
    some = {name: rows for name, rows in partitions(catalog).items() if asking[rows].any()}
    tasks = (
        Task(
            folder,
            manifest,
            name,
            catalog.image_id[rows],
            described.take(rows),
            similarity.of(catalog.category[rows[0]]),
            product[rows],
            group[rows],
            np.flatnonzero(asking[rows]),
            candidates,
        )
        for name, rows in some.items()
    )
    found = list(run(_of_partition, tasks, engine=engine, label="recall", total=len(some)))
    counts = np.array(found, np.int64).reshape(-1, 3).sum(axis=0).tolist()
    return Recall(int(asking.sum()), *counts)


def _of_partition(task: Task) -> tuple[int, int, int]:
    """Exact neighbours, and of how many of them the raw and the ranked answer has an equal."""
    index = open_index(task.folder, task.manifest, task.partition, task.image_id, task.described, task.similarity)
    prepared = task.described.load()
    asking = {name: values[task.queries] for name, values in prepared.items()}
    fused = task.similarity.fuse(asking)
    labels = ((task.product[task.queries], task.product), (task.copies[task.queries], task.copies))
    nearest = ranked(asking, prepared, task.similarity, K, labels).rows
    exact = raw = again = 0
    for number, query in enumerate(task.queries):
        true = nearest[number][nearest[number] >= 0]
        if len(true) == 0:
            continue
        barred = (task.product == task.product[query]) | (task.copies == task.copies[query])
        last = _apart(prepared, task.similarity, query, true).max()
        found = []
        for count in (K, task.candidates):
            # Asked apart: Annoy looks further for more.
            items = index.candidates(fused[number], count + int(np.count_nonzero(barred)))
            items = items[~barred[items]][:count]
            equal = int(np.count_nonzero(_apart(prepared, task.similarity, query, items) <= last))
            found.append(min(equal, len(true)))
        exact, raw, again = exact + len(true), raw + found[0], again + found[1]
    return exact, raw, again


def _apart(prepared: dict[str, Floats], similarity: Similarity, query: np.int64, others: Rows) -> Floats:
    return between(prepared, similarity, np.full(len(others), query), others)["distance"]
