"""In-class and out-of-class triplets from the nearest photos inside a partition and split.

The positive of both kinds is a mutual neighbour. An in-class negative comes from the neighbours behind a gap, so
from the query's own partition (the guard against false negatives of VisNet, arXiv 1703.02344); an out-of-class
one is any photo of another category. The three photos are always of one split, so the recommender's search is done
again inside each split.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import engine
from core.codes import codes
from core.similarity import Floats, Similarity
from core.tables import Catalog, Column, Triplets
from triplets.assemble import triplets_of
from triplets.distances import between, load
from triplets.groups import Group, Rows, generator, groups
from triplets.neighbors import Near, ranked
from triplets.params import MineParams
from triplets.rules import Mask, mutual, shared, sift, spread, under_cap, window

_OFFERED = 4  # out-of-class negatives looked at per triplet wanted; nearly all of them are under the cap


@dataclass(frozen=True)
class Task:
    """One partition of one split: its n photos, then those of other categories that were drawn to be looked at.

    `others` (n, c) are rows of `image_id`, `product` and `copies`.
    """

    group: Group
    params: MineParams
    features: Path
    similarity: Similarity
    image_id: Column
    product: Rows
    copies: Rows
    others: Rows


def mine(
    catalog: Catalog, features: Path, similarity: Similarity, params: MineParams, workers: int
) -> tuple[Triplets, Counter[str]]:
    """The triplets of the whole catalog, and how many candidates each rule rejected (see triplets/report.py).

    Raises:
        TableError: a descriptor's file or an image's vector is missing.
    """
    found = groups(catalog)
    tasks = _tasks(catalog, features, similarity, params, found)
    tables, counts = [Triplets.from_rows([])], Counter[str]()
    for table, rejected in engine.run(mine_in, tasks, workers=workers, label="triplets", total=len(found)):
        tables.append(table)
        counts.update(rejected)
    return Triplets.concat(tables), counts


def _tasks(
    catalog: Catalog, features: Path, similarity: Similarity, params: MineParams, found: list[Group]
) -> Iterator[Task]:
    product, copies = codes(catalog.product_id), codes(catalog.duplicate_group)
    for group in found:
        elsewhere = (catalog.split == group.split) & (catalog.category != catalog.category[group.rows[0]])
        rng = generator(params.seed, "others", group.partition, group.split)
        drawn = window(len(group.rows), np.flatnonzero(elsewhere), _OFFERED * params.per_query, rng)
        distinct, others = np.unique(drawn, return_inverse=True)
        rows = np.concatenate([group.rows, distinct])
        yield Task(
            group=group,
            params=params,
            features=features,
            similarity=similarity,
            image_id=catalog.image_id[rows],
            product=product[rows],
            copies=copies[rows],
            others=len(group.rows) + others.reshape(drawn.shape),
        )


def mine_in(task: Task) -> tuple[Triplets, Counter[str]]:
    """The triplets of one partition and split, and what was rejected."""
    count, params = len(task.group.rows), task.params
    product, copies = task.product[:count], task.copies[:count]
    prepared = load(task.features, task.image_id)
    own = {name: values[:count] for name, values in prepared.items()}
    near = ranked(own, task.similarity, product, copies, params.candidates)

    top = near.rows[:, : params.positives]
    same = (product[top] == product[:, None]) | (copies[top] == copies[:, None])
    rules = {"not_mutual": ~mutual(near.rows, params.positives), "same_product": same}
    positive, counts = sift(top >= 0, rules, "positives")
    counts["queries"] = count
    counts["queries_without_positive"] = int(np.count_nonzero(~positive.any(axis=1)))

    in_class, rejected = _draw(task, "in_class", positive, near, near, params.gap)
    counts.update(rejected)
    out_of_class, rejected = _draw(task, "out_of_class", positive, near, _others(task, prepared), 0)
    counts.update(rejected)
    return Triplets.concat([in_class, out_of_class]), counts


def _others(task: Task, prepared: dict[str, Floats]) -> Near:
    """The photos of other categories that each query looks at, and their distances to it."""
    query = np.repeat(np.arange(len(task.others)), task.others.shape[1])
    apart = between(prepared, task.similarity, query, task.others.reshape(-1))
    return Near(task.others, {name: values.reshape(task.others.shape) for name, values in apart.items()})


def _draw(task: Task, kind: str, positive: Mask, near: Near, offered: Near, gap: int) -> tuple[Triplets, Counter[str]]:
    """Triplets of one `kind`: which of the `near` are positives (n, p), negatives from the `offered` after `gap`."""
    n, p = positive.shape
    top, negatives = near.rows[:, :p], offered.rows
    same = np.zeros((n, p, negatives.shape[1]), np.bool_)
    for label in (task.product, task.copies):
        same |= shared(label[:n], label[top], label[negatives])
    rules = {
        "gap": np.arange(negatives.shape[1]) < gap,
        "same_product": same,
        "similarity": ~under_cap(near.apart["distance"][:, :p], offered.apart["distance"], task.params.margin),
    }
    candidates = positive[:, :, None] & (negatives >= 0)[:, None, :]
    allowed, counts = sift(candidates, rules, kind)
    rng = generator(task.params.seed, kind, task.group.partition, task.group.split)
    query, slot, place = spread(allowed, task.params.per_query, rng)
    counts[f"{kind}.surplus"] = int(np.count_nonzero(allowed) - len(query))
    ids = task.image_id[query], task.image_id[top[query, slot]], task.image_id[negatives[query, place]]
    to_positive = {name: values[query, slot] for name, values in near.apart.items()}
    to_negative = {name: values[query, place] for name, values in offered.apart.items()}
    return triplets_of(ids, kind, task.group.split, slot + 1, to_positive, to_negative), counts
