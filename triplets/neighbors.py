"""The recommender: the nearest photos of each photo, exactly.

Neighbours are looked for inside the query's partition and split, because everything that reads them mines or
judges inside a split. The query, its product's other photos and its copies are left out.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import engine
from core.codes import codes
from core.search import nearest
from core.similarity import Similarity
from core.tables import Catalog, Column, Neighbors
from triplets.distances import between, load
from triplets.groups import Rows, groups


@dataclass(frozen=True)
class Task:
    """One partition of one split; its vectors are read where the work is done."""

    features: Path
    similarity: Similarity
    image_id: Column
    product: Rows
    copies: Rows
    k: int


def recommend(catalog: Catalog, features: Path, similarity: Similarity, k: int, workers: int) -> Neighbors:
    """The `k` nearest of each photo of `catalog`, fewer where the partition and split hold fewer.

    Raises:
        TableError: a descriptor's file or an image's vector is missing.
    """
    product, copies = codes(catalog.product_id), codes(catalog.duplicate_group)
    found = groups(catalog)
    tasks = (
        Task(features, similarity, catalog.image_id[group.rows], product[group.rows], copies[group.rows], k)
        for group in found
    )
    tables = engine.run(nearest_in, tasks, workers=workers, label="neighbours", total=len(found))
    return Neighbors.concat([Neighbors.from_rows([]), *tables])


def nearest_in(task: Task) -> Neighbors:
    """The neighbours of one partition and split; equal distances go to the earlier photo of the catalog."""
    prepared = load(task.features, task.image_id)
    fused = task.similarity.fuse(prepared)
    # A photo shares its product with itself.
    barred = (task.product, task.product), (task.copies, task.copies)
    rows = nearest(fused, fused, task.k, barred=barred).rows
    query, place = np.nonzero(rows >= 0)
    neighbor = rows[query, place]
    apart = between(prepared, task.similarity, query, neighbor)
    # The matrix product rounds; what is written is in the order of the distances written beside it.
    order = np.lexsort((neighbor, apart["distance"], query))
    return Neighbors(
        query_id=task.image_id[query],
        rank=(place + 1).astype(np.int32),
        neighbor_id=task.image_id[neighbor[order]],
        **{name: values[order] for name, values in apart.items()},
    )
