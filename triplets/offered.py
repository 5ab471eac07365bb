"""What the queries of a partition and split choose from when triplets are mined: searched whole, or part by part."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.similarity import Floats
from triplets.groups import generator
from triplets.mining_tasks import Task
from triplets.neighbors import Near, asking, beside, ranked
from triplets.rules import Mask, mutual, sift, window

_LOOKED_AT = 4  # out-of-class negatives looked at per triplet wanted; nearly all of them are under the cap


@dataclass(frozen=True)
class Offered:
    """What the n queries of a task choose from.

    `near` has the nearest inside the partition and split, `positive` (n, p) says which of the first of them may be the
    positive, `others` are photos of other categories, whose `rows` count from the pool's first. `counts` says how many
    positives were rejected.
    """

    near: Near
    positive: Mask
    others: Near
    counts: Counter[str]


@dataclass(frozen=True)
class Part:
    """A run of the queries of a task, which is searched for alone."""

    task: Task
    queries: slice

    @property
    def name(self) -> str:
        """That of the whole."""
        return self.task.name

    @property
    def size(self) -> int:
        """How many photos it reads: all."""
        return self.task.size


def offered(task: Task) -> Offered:
    """What each query of the task may choose from."""
    return joined(task, [search(Part(task, slice(0, len(task.group.rows))))])


def search(part: Part) -> tuple[Near, Near]:
    """The nearest of the part's queries inside the partition and split, and the photos of the pool beside them."""
    task, some = part.task, part.queries
    count = len(task.group.rows)
    own = task.described.take(np.arange(count)).load()
    queries = asking(own, some)
    labels = tuple((label[:count][some], label[:count]) for label in (task.product, task.copies))
    near = ranked(queries, own, task.similarity, task.params.candidates, labels)
    return near, _others(task, queries, some)


def joined(task: Task, parts: Sequence[tuple[Near, Near]]) -> Offered:
    """What was found for all queries of the task, part after part, and which of it may be a positive."""
    near, others = (Near.concat(some) for some in zip(*parts, strict=True))
    top = near.rows[:, : task.params.positives]
    positive, counts = sift(top >= 0, {"not_mutual": ~mutual(near.rows, task.params.positives)}, "positives")
    counts["queries"] = len(near.rows)
    counts["queries_without_positive"] = int(np.count_nonzero(~positive.any(axis=1)))
    return Offered(near, positive, others, counts)


def _others(task: Task, queries: dict[str, Floats], some: slice) -> Near:
    """The photos of the pool that the queries `some` look at, nearest first; `rows` count from the pool's first."""
    count, size = len(task.group.rows), _LOOKED_AT * task.params.per_query
    pool = np.arange(len(task.image_id) - count)
    rng = generator(task.params.seed, "offered", task.group.partition, task.group.split)
    looked_at = [window(count, rows, size, rng) for rows in (pool[: task.near], pool[task.near :])]
    others = task.described.take(count + pool).load()
    return beside(queries, others, task.similarity, np.concatenate(looked_at, axis=1)[some])
