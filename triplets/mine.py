"""In-class and out-of-class triplets from the recommender's neighbours.

The positive of both kinds is a mutual neighbour. An in-class negative comes from the neighbours behind a gap, so
from the query's own partition (the guard against false negatives of VisNet, arXiv 1703.02344); an out-of-class
one is any photo of another category. The three photos are always of one split.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import engine
from core.codes import codes
from core.similarity import Floats, Similarity
from core.tables import Catalog, Column, Neighbors, Triplets
from triplets.assemble import DISTANCES, triplets_of
from triplets.distances import between, load
from triplets.groups import Group, Rows, generator, groups, rows_of
from triplets.params import MineParams
from triplets.rules import Mask, mutual, shared, sift, spread, under_cap, window

_OFFERED = 4  # out-of-class negatives looked at per triplet wanted; nearly all of them are under the cap


@dataclass(frozen=True)
class Task:
    """One partition of one split: its n photos, then those of other categories that were drawn to be looked at.

    `near` (n, k) and `others` (n, c) are rows of `image_id`, `product` and `copies`; `near` is -1 where fewer exist.
    """

    group: Group
    params: MineParams
    features: Path
    similarity: Similarity
    image_id: Column
    product: Rows
    copies: Rows
    near: Rows
    apart: dict[str, Floats]
    others: Rows


def mine(
    catalog: Catalog, neighbors: Neighbors, features: Path, similarity: Similarity, params: MineParams, workers: int
) -> tuple[Triplets, Counter[str]]:
    """The triplets of the whole catalog, and how many candidates each rule rejected (see triplets/report.py).

    Raises:
        TableError: a neighbour is not in the catalog, or an image has no vector.
    """
    found = groups(catalog)
    tasks = _tasks(catalog, neighbors, features, similarity, params, found)
    tables, counts = [Triplets.from_rows([])], Counter[str]()
    for table, rejected in engine.run(mine_in, tasks, workers=workers, label="triplets", total=len(found)):
        tables.append(table)
        counts.update(rejected)
    return Triplets.concat(tables), counts


def _tasks(
    catalog: Catalog,
    neighbors: Neighbors,
    features: Path,
    similarity: Similarity,
    params: MineParams,
    found: list[Group],
) -> Iterator[Task]:
    product, copies = codes(catalog.product_id), codes(catalog.duplicate_group)
    near, apart = _matrices(catalog, neighbors)
    for group in found:
        elsewhere = (catalog.split == group.split) & (catalog.category != catalog.category[group.rows[0]])
        rng = generator(params.seed, "others", group.partition, group.split)
        drawn = window(len(group.rows), np.flatnonzero(elsewhere), _OFFERED * params.per_query, rng)
        distinct, others = np.unique(drawn, return_inverse=True)
        rows = np.concatenate([group.rows, distinct])
        # One place more than there are photos, so that -1, no neighbour, stays -1; so does another group's photo.
        local = np.full(len(catalog) + 1, -1)
        local[group.rows] = np.arange(len(group.rows))
        yield Task(
            group=group,
            params=params,
            features=features,
            similarity=similarity,
            image_id=catalog.image_id[rows],
            product=product[rows],
            copies=copies[rows],
            near=local[near[group.rows]],
            apart={name: values[group.rows] for name, values in apart.items()},
            others=len(group.rows) + others.reshape(drawn.shape),
        )


def _matrices(catalog: Catalog, neighbors: Neighbors) -> tuple[Rows, dict[str, Floats]]:
    """The neighbours' table as (photos, largest rank): catalog rows, -1 where fewer exist, and their distances."""
    query = rows_of(catalog.image_id, neighbors.query_id, "neighbors.parquet")
    place = neighbors.rank - 1
    shape = len(catalog), int(neighbors.rank.max(initial=0))
    near = np.full(shape, -1, np.int64)
    near[query, place] = rows_of(catalog.image_id, neighbors.neighbor_id, "neighbors.parquet")
    apart = {name: np.zeros(shape, np.float32) for name in DISTANCES}
    for name, values in apart.items():
        values[query, place] = getattr(neighbors, name)
    return near, apart


def mine_in(task: Task) -> tuple[Triplets, Counter[str]]:
    """The triplets of one partition and split, and what was rejected."""
    queries = np.arange(len(task.near))
    top = task.near[:, : task.params.positives]
    same = (task.product[top] == task.product[queries, None]) | (task.copies[top] == task.copies[queries, None])
    rules = {"not_mutual": ~mutual(task.near, task.params.positives), "same_product": same}
    positive, counts = sift(top >= 0, rules, "positives")
    counts["queries"] = len(queries)
    counts["queries_without_positive"] = int(np.count_nonzero(~positive.any(axis=1)))

    in_class, rejected = _draw(task, "in_class", positive, task.near, task.apart, task.params.gap)
    counts.update(rejected)
    apart = _to_others(task)
    out_of_class, rejected = _draw(task, "out_of_class", positive, task.others, apart, 0)
    counts.update(rejected)
    return Triplets.concat([in_class, out_of_class]), counts


def _to_others(task: Task) -> dict[str, Floats]:
    """The distances (n, c) of each query to the photos of other categories that it looks at."""
    prepared = load(task.features, task.image_id)
    query = np.repeat(np.arange(len(task.others)), task.others.shape[1])
    apart = between(prepared, task.similarity, query, task.others.reshape(-1))
    return {name: values.reshape(task.others.shape) for name, values in apart.items()}


def _draw(
    task: Task, kind: str, positive: Mask, negatives: Rows, apart: dict[str, Floats], gap: int
) -> tuple[Triplets, Counter[str]]:
    """Triplets of one `kind` from positives (n, p) and offered negatives (n, c), none of the first `gap`."""
    n, p = positive.shape
    top = task.near[:, :p]
    same = np.zeros((n, p, negatives.shape[1]), np.bool_)
    for label in (task.product, task.copies):
        same |= shared(label[:n], label[top], label[negatives])
    rules = {
        "gap": np.arange(negatives.shape[1]) < gap,
        "same_product": same,
        "similarity": ~under_cap(task.apart["distance"][:, :p], apart["distance"], task.params.margin),
    }
    candidates = positive[:, :, None] & (negatives >= 0)[:, None, :]
    allowed, counts = sift(candidates, rules, kind)
    rng = generator(task.params.seed, kind, task.group.partition, task.group.split)
    query, slot, place = spread(allowed, task.params.per_query, rng)
    counts[f"{kind}.surplus"] = int(np.count_nonzero(allowed) - len(query))
    ids = task.image_id[query], task.image_id[top[query, slot]], task.image_id[negatives[query, place]]
    to_positive = {name: values[query, slot] for name, values in task.apart.items()}
    to_negative = {name: values[query, place] for name, values in apart.items()}
    return triplets_of(ids, kind, task.group.split, slot + 1, to_positive, to_negative), counts
