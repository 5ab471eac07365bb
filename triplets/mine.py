"""In-class and out-of-class triplets from the nearest photos inside a partition and split.

The positive of both kinds is a mutual neighbour. An in-class negative comes from the neighbours behind a gap, so
from the query's own partition (the guard against false negatives of VisNet, arXiv 1703.02344); an out-of-class
one is a photo of another category. The three photos are always of one split, so the recommender's search is done
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
from triplets.assemble import DISTANCES, Side, triplets_of
from triplets.distances import Described
from triplets.groups import Group, Rows, generator, groups
from triplets.neighbors import Near, beside, ranked
from triplets.params import MineParams
from triplets.pools import pools
from triplets.provenance import params_hash
from triplets.rules import DRAWS, Draws, Mask, at, capped, mutual, ordered, shared, sift, under_cap, window

_OFFERED = 4  # out-of-class negatives looked at per triplet wanted; nearly all of them are under the cap
_CANDIDATES = 2**22  # looked at together, so that memory stays small


@dataclass(frozen=True)
class Task:
    """One partition of one split: its n photos, then those of other categories in its pool, near ones first.

    `described`, `image_id`, `product` and `copies` are of all of them, `near` counts the near ones of the pool.
    """

    group: Group
    params: MineParams
    described: Described
    similarity: Similarity
    params_hash: str
    image_id: Column
    product: Rows
    copies: Rows
    near: int


@dataclass(frozen=True)
class Mined:
    """What came of one partition and split; `counts` says how many candidates each rule rejected."""

    partition: str
    split: str
    triplets: Triplets
    counts: Counter[str]


def mine(catalog: Catalog, features: Path, similarity: Similarity, params: MineParams, workers: int) -> Iterator[Mined]:
    """Mine each partition and split, in the catalog's order.

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    work = tasks(catalog, features, similarity, params)
    return engine.run(mine_in, work, workers=workers, label="triplets", total=len(work))


def tasks(catalog: Catalog, features: Path, similarity: Similarity, params: MineParams) -> list[Task]:
    """The work, partition by partition: all that is drawn for a task is drawn by its name, so any order serves."""
    found, described = groups(catalog), Described.find(features, catalog.image_id)
    product, copies = codes(catalog.product_id), codes(catalog.duplicate_group)
    hashed = params_hash(params, similarity)
    work = []
    for group, pool in zip(found, pools(catalog, described, similarity, params, found), strict=True):
        rows = np.concatenate([group.rows, pool.near, pool.far])
        work.append(
            Task(
                group=group,
                params=params,
                described=described.take(rows),
                similarity=similarity.of(catalog.category[group.rows[0]]),
                params_hash=hashed,
                image_id=catalog.image_id[rows],
                product=product[rows],
                copies=copies[rows],
                near=len(pool.near),
            )
        )
    return work


def mine_in(task: Task) -> Mined:
    """The triplets of one partition and split, and what was rejected."""
    count, params = len(task.group.rows), task.params
    product, copies = task.product[:count], task.copies[:count]
    own = task.described.take(np.arange(count)).load()
    near = ranked(own, own, task.similarity, params.candidates, ((product, product), (copies, copies)))

    top = near.rows[:, : params.positives]
    positive, counts = sift(top >= 0, {"not_mutual": ~mutual(near.rows, params.positives)}, "positives")
    counts["queries"] = count
    counts["queries_without_positive"] = int(np.count_nonzero(~positive.any(axis=1)))

    in_class, rejected = _draw(task, "in_class", positive, near, near, np.arange(near.rows.shape[1]) < params.gap)
    counts.update(rejected)
    offered = _offered(task, own)
    out_of_class, rejected = _draw(task, "out_of_class", positive, near, offered, np.zeros(offered.rows.shape[1], bool))
    counts.update(rejected)
    return Mined(task.group.partition, task.group.split, Triplets.concat([in_class, out_of_class]), counts)


def _offered(task: Task, own: dict[str, Floats]) -> Near:
    """The photos of the pool that each query looks at, nearest first; `rows` count from the pool's first."""
    count, size = len(task.group.rows), _OFFERED * task.params.per_query
    pool = np.arange(len(task.image_id) - count)
    rng = generator(task.params.seed, "offered", task.group.partition, task.group.split)
    looked_at = [window(count, some, size, rng) for some in (pool[: task.near], pool[task.near :])]
    others = task.described.take(count + pool).load()
    return beside(own, others, task.similarity, np.concatenate(looked_at, axis=1))


def _draw(
    task: Task, kind: str, positive: Mask, near: Near, offered: Near, too_near: Mask
) -> tuple[Triplets, Counter[str]]:
    """Triplets of one `kind`: `positive` (n, p) of the `near`, and the `offered` that are not `too_near` (c,)."""
    params, (n, p) = task.params, positive.shape
    in_class = kind == "in_class"
    first = 0 if in_class else n  # where the offered stand among the task's photos
    rng = generator(params.seed, kind, task.group.partition, task.group.split)
    counts: Counter[str] = Counter()
    length = min(DRAWS * params.per_query, p * offered.rows.shape[1])
    drawn: list[Draws] = []
    block = max(1, _CANDIDATES // max(1, p * offered.rows.shape[1]))
    for start in range(0, n, block):
        some = slice(start, start + block)
        top, negatives = near.rows[some, :p], offered.rows[some]
        same = np.zeros((*top.shape, negatives.shape[1]), np.bool_)
        for label in (task.product, task.copies):
            same |= shared(label[:n][some], label[top], label[first + negatives])
        cap = under_cap(near.apart["distance"][some, :p], offered.apart["distance"][some], params.margin)
        rules = {"gap": too_near, "same_product": same, "similarity": ~cap}
        allowed, rejected = sift(positive[some, :, None] & (negatives >= 0)[:, None, :], rules, kind)
        counts.update(rejected)
        counts[f"{kind}.allowed"] += int(np.count_nonzero(allowed))
        far = None if in_class else negatives >= task.near
        drawn.append(ordered(allowed, length, params.hardness, rng, last=far))
    draws = Draws.concat(drawn, length)
    negative = at(offered.rows, draws.negative)
    taken, counts[f"{kind}.negative_cap"] = capped(negative, params.per_query, params.negative_cap, rng)
    counts[f"{kind}.surplus"] = counts.pop(f"{kind}.allowed") - counts[f"{kind}.negative_cap"] - int(taken.sum())
    query, turn = np.nonzero(taken)
    slot, place = draws.positive[query, turn], draws.negative[query, turn]
    of_positives = Side(
        image_id=task.image_id[near.rows[query, slot]],
        rank=slot + 1,
        apart={name: near.apart[name][query, slot] for name in DISTANCES},
    )
    of_negatives = Side(
        image_id=task.image_id[first + offered.rows[query, place]],
        rank=place + 1 if in_class else np.zeros_like(place),
        apart={name: offered.apart[name][query, place] for name in DISTANCES},
    )
    asking, made_by = task.image_id[query], task.params_hash
    return triplets_of(asking, of_positives, of_negatives, kind=kind, split=task.group.split, params=made_by), counts
