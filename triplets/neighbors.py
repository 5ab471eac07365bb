"""The recommender: the nearest photos of each photo, exactly.

`recommend` looks through the query's whole partition; mining asks `ranked` for the nearest inside a split. The
query, its product's other photos and its copies are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core import engine
from core.codes import codes
from core.search import nearest
from core.similarity import Floats, Similarity
from core.tables import Catalog, Column, Neighbors
from triplets.distances import between, load
from triplets.groups import Rows, partitions


@dataclass(frozen=True)
class Near:
    """Photos beside each of n queries: their `rows` (n, k), -1 where fewer exist, and the distances (n, k) by name."""

    rows: Rows
    apart: dict[str, Floats]


@dataclass(frozen=True)
class Task:
    """One partition; its vectors are read where the work is done."""

    features: Path
    similarity: Similarity
    image_id: Column
    product: Rows
    copies: Rows
    k: int


def recommend(catalog: Catalog, features: Path, similarity: Similarity, k: int, workers: int) -> Neighbors:
    """The `k` nearest of each photo of `catalog` in its partition, whatever their split; fewer where it holds fewer.

    Raises:
        TableError: a descriptor's file or an image's vector is missing.
    """
    product, copies = codes(catalog.product_id), codes(catalog.duplicate_group)
    found = partitions(catalog).values()
    tasks = (Task(features, similarity, catalog.image_id[rows], product[rows], copies[rows], k) for rows in found)
    tables = engine.run(nearest_in, tasks, workers=workers, label="neighbours", total=len(found))
    return Neighbors.concat([Neighbors.from_rows([]), *tables])


def nearest_in(task: Task) -> Neighbors:
    """The neighbours of one partition; equal distances go to the earlier photo of the catalog."""
    prepared = load(task.features, task.image_id)
    near = ranked(prepared, task.similarity, task.product, task.copies, task.k)
    query, place = np.nonzero(near.rows >= 0)
    return Neighbors(
        query_id=task.image_id[query],
        rank=(place + 1).astype(np.int32),
        neighbor_id=task.image_id[near.rows[query, place]],
        **{name: values[query, place] for name, values in near.apart.items()},
    )


def ranked(prepared: Mapping[str, Floats], similarity: Similarity, product: Rows, copies: Rows, k: int) -> Near:
    """The `k` nearest of each of n photos among these photos, nearest first, given their vectors and labels (n,)."""
    fused = similarity.fuse(prepared)
    # A photo shares its product with itself.
    rows = nearest(fused, fused, k, barred=((product, product), (copies, copies))).rows
    query, place = np.nonzero(rows >= 0)
    apart = {}
    for name, values in between(prepared, similarity, query, rows[query, place]).items():
        apart[name] = np.zeros(rows.shape, np.float32)
        apart[name][query, place] = values
    # The matrix product rounds; the ranks are in the order of the distances that are written.
    order = np.lexsort((rows, apart["distance"], rows < 0), axis=1)
    sort = partial(np.take_along_axis, indices=order, axis=1)
    return Near(sort(rows), {name: sort(values) for name, values in apart.items()})
