"""In-class and out-of-class triplets from the nearest photos inside a partition and split.

The positive of both kinds is a mutual neighbour. An in-class negative comes from the neighbours behind a gap, so
from the query's own partition (the guard against false negatives of VisNet, arXiv 1703.02344); an out-of-class
one is a photo of another category. The three photos are always of one split, so the recommender's search is done
again inside each split.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from core.engine import run
from core.engines import Engine
from core.similarity import Similarity
from core.tables import Catalog, Triplets
from triplets.assemble import DISTANCES, Side, triplets_of
from triplets.cuts import PAIRS, cuts
from triplets.groups import generator
from triplets.mining_tasks import Task, tasks
from triplets.offered import Offered, Part, joined, offered, search
from triplets.params import MineParams
from triplets.rules import DRAWS, Draws, Mask, at, capped, ordered, shared, sift, under_cap

_CANDIDATES = 2**22  # looked at together, so that memory stays small


@dataclass(frozen=True)
class Mined:
    """What came of one partition and split; `counts` says how many candidates each rule rejected."""

    partition: str
    split: str
    triplets: Triplets
    counts: Counter[str]


@dataclass(frozen=True)
class Searched:
    """A partition and split whose search is done, so that the rules alone are left to be applied."""

    task: Task
    offered: Offered

    @property
    def name(self) -> str:
        """The partition and the split."""
        return self.task.name


def mine(
    catalog: Catalog, features: Path, similarity: Similarity, params: MineParams, engine: Engine, pairs: int = PAIRS
) -> Iterator[Mined]:
    """Mine each partition and split, in the catalog's order.

    Where one has more than `pairs` of a query and a photo, its queries are searched for part by part, and the rules are
    applied to all of them when that is done: the triplets are the same.

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    work = tasks(catalog, features, similarity, params)
    cut = [cuts(len(task.group.rows), pairs) for task in work]
    large = (Part(task, some) for task, runs in zip(work, cut, strict=True) if len(runs) > 1 for some in runs)
    parts = run(search, large, engine=engine, label=None)
    ready = (
        task if len(runs) == 1 else Searched(task, joined(task, list(islice(parts, len(runs)))))
        for task, runs in zip(work, cut, strict=True)
    )
    return run(mine_in, ready, engine=engine, label="triplets", total=len(work))


def mine_in(task: Task | Searched) -> Mined:
    """The triplets of one partition and split, and what was rejected."""
    if isinstance(task, Searched):
        return drawn(task.task, task.offered)
    return drawn(task, offered(task))


def drawn(task: Task, offered: Offered) -> Mined:
    """The triplets that are drawn from what is offered, and what was rejected."""
    counts, found = Counter(offered.counts), []
    for kind in ("in_class", "out_of_class"):
        triplets, rejected = _draw(task, kind, offered)
        counts.update(rejected)
        found.append(triplets)
    return Mined(task.group.partition, task.group.split, Triplets.concat(found), counts)


def sifted(task: Task, kind: str, offered: Offered, some: slice) -> tuple[Mask, Counter[str]]:
    """Which triplets (n, p, c) of a `kind` the rules allow `some` queries, and how many each rule rejected."""
    n, p = offered.positive.shape
    source, first = (offered.near, 0) if kind == "in_class" else (offered.others, n)  # where they stand in the task
    top, negatives = offered.near.rows[some, :p], source.rows[some]
    same = np.zeros((*top.shape, negatives.shape[1]), np.bool_)
    for label in (task.product, task.copies):
        same |= shared(label[:n][some], label[top], label[first + negatives])
    apart, margin = offered.near.apart["distance"][some, :p], task.params.margin
    rules = {
        "gap": np.arange(negatives.shape[1]) < (task.params.gap if kind == "in_class" else 0),
        "same_product": same,
        "similarity": ~under_cap(apart, source.apart["distance"][some], margin),
    }
    return sift(offered.positive[some, :, None] & (negatives >= 0)[:, None, :], rules, kind)


def _draw(task: Task, kind: str, offered: Offered) -> tuple[Triplets, Counter[str]]:
    """Triplets of one `kind`, and what was rejected."""
    params, near, (n, p) = task.params, offered.near, offered.positive.shape
    in_class = kind == "in_class"
    source, first = (near, 0) if in_class else (offered.others, n)
    rng = generator(params.seed, kind, task.group.partition, task.group.split)
    counts: Counter[str] = Counter()
    length = min(DRAWS * params.per_query, p * source.rows.shape[1])
    parts: list[Draws] = []
    block = max(1, _CANDIDATES // max(1, p * source.rows.shape[1]))
    for start in range(0, n, block):
        some = slice(start, start + block)
        allowed, rejected = sifted(task, kind, offered, some)
        counts.update(rejected)
        counts[f"{kind}.allowed"] += int(np.count_nonzero(allowed))
        far = None if in_class else source.rows[some] >= task.near
        parts.append(ordered(allowed, length, params.hardness, rng, last=far))
    draws = Draws.concat(parts, length)
    negative = at(source.rows, draws.negative)
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
        image_id=task.image_id[first + source.rows[query, place]],
        rank=place + 1 if in_class else np.zeros_like(place),
        apart={name: source.apart[name][query, place] for name in DISTANCES},
    )
    asking, made_by = task.image_id[query], task.params_hash
    return triplets_of(asking, of_positives, of_negatives, kind=kind, split=task.group.split, params=made_by), counts
