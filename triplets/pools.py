"""Which photos of other categories each partition takes its out-of-class negatives from: near categories first.

Every photo is dealt to one partition of its split at most. A partition uses it up to the negatives' cap, so that the
cap holds in the whole catalog although each partition is mined by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.codes import codes
from core.search import nearest
from core.similarity import Floats, Similarity
from core.tables import SPLITS, Catalog
from triplets.distances import Described
from triplets.groups import Group, Rows, by_label, generator
from triplets.params import MineParams

_SPARE = 1.5  # negatives dealt per triplet wanted; the rules reject few of them
_LEAST = 32  # photos in a pool where there are as many, so that a small partition sees some variety
_PER_CATEGORY = 256  # training photos that tell where a category lies


@dataclass(frozen=True)
class Pool:
    """Rows of the catalog: those of near categories (a,), and further ones (b,)."""

    near: Rows
    far: Rows


def pools(
    catalog: Catalog, described: Described, similarity: Similarity, params: MineParams, found: Sequence[Group]
) -> list[Pool]:
    """The pool of each group of `found`, in that order."""
    category = codes(catalog.category)
    nearer = near_categories(catalog, category, described, similarity, params) if params.near_categories else {}
    dealt: dict[int, Pool] = {}
    for split in SPLITS:
        inside = [number for number, group in enumerate(found) if group.split == split]
        rows = np.flatnonzero(catalog.split == split)
        wanted = [_size(len(found[number].rows), params) for number in inside]
        own = category[[found[number].rows[0] for number in inside]].tolist()
        rng = generator(params.seed, "pools", split)
        of_split = deal(rows, category[rows], own, wanted, nearer, rng)
        dealt.update(zip(inside, of_split, strict=True))
    return [dealt[number] for number in range(len(found))]


def _size(queries: int, params: MineParams) -> int:
    return max(_LEAST, int(np.ceil(_SPARE * queries * params.per_query / params.negative_cap)))


def near_categories(
    catalog: Catalog, category: Rows, described: Described, similarity: Similarity, params: MineParams
) -> dict[int, list[int]]:
    """The `near_categories` of each category, nearest first, all by their codes; `category` (n,) has those of the rows.

    Near is what the fused distance between the means of some training photos says, as the weights of all see it.
    """
    train = np.flatnonzero(catalog.split == "train")
    names, means = [], []
    for rows in by_label(train, category[train]):
        names.append(int(category[rows[0]]))
        rng = generator(params.seed, "category", str(catalog.category[rows[0]]))
        some = np.sort(rng.permutation(rows)[:_PER_CATEGORY])
        means.append(similarity.fuse(described.take(some).load()).mean(axis=0))
    if not means:
        return {}
    centres: Floats = np.stack(means)
    self_out = ((np.arange(len(names)), np.arange(len(names))),)
    near = nearest(centres, centres, params.near_categories, barred=self_out).rows
    return {name: [names[row] for row in rows if row >= 0] for name, rows in zip(names, near, strict=True)}


def deal(
    rows: Rows,
    category: Rows,
    own: Sequence[int],
    wanted: Sequence[int],
    nearer: Mapping[int, Sequence[int]],
    rng: np.random.Generator,
) -> list[Pool]:
    """Deal `rows` (n,), whose categories (n,) are given, to claimants: none twice, none to a claimant of its category.

    A claimant wants `wanted` rows, evenly from the categories `nearer` to its `own` and then from any. Where a
    category has too few for all that claim it, each gets its proportion.
    """
    shuffled = rng.permutation(len(rows))
    near: list[list[Rows]] = [[] for _ in own]
    left = []
    for stock in by_label(shuffled, category[shuffled]):
        name = int(category[stock[0]])
        claims = [
            -(-want // len(nearer[mine])) if name in nearer.get(mine, ()) else 0
            for mine, want in zip(own, wanted, strict=True)
        ]
        shares = _proportions(claims, len(stock))
        for claimant, (end, share) in enumerate(zip(np.cumsum(shares), shares, strict=True)):
            near[claimant].append(stock[end - share : end])
        left.append(stock[sum(shares) :])
    joined = [np.concatenate([np.empty(0, np.int64), *parts]) for parts in near]
    lacking = [max(0, want - len(some)) for want, some in zip(wanted, joined, strict=True)]
    rest = rng.permutation(np.concatenate([np.empty(0, np.int64), *left]))
    far = _of_others(rest, category, own, _proportions(lacking, len(rest)))
    return [Pool(rows[one], rows[other]) for one, other in zip(joined, far, strict=True)]


def _of_others(rest: Rows, category: Rows, own: Sequence[int], shares: Sequence[int]) -> list[Rows]:
    """To each claimant its share of `rest`, rows of `category` other than its `own`, as far as there are any."""
    dealt = []
    passed, begin = np.empty(0, np.int64), 0  # what earlier claimants could not take, and where the others begin
    for mine, share in zip(own, shares, strict=True):
        taken = [np.empty(0, np.int64)]
        lacking = share
        while lacking and (begin < len(rest) or len(passed)):
            offered = np.concatenate([passed, rest[begin : begin + lacking]])
            begin = min(begin + lacking, len(rest))
            fitting = np.flatnonzero(category[offered] != mine)[:lacking]
            taken.append(offered[fitting])
            passed = np.delete(offered, fitting)
            lacking -= len(fitting)
            if len(fitting) == 0 and begin == len(rest):
                break
        dealt.append(np.concatenate(taken))
    return dealt


def _proportions(claims: Sequence[int], supply: int) -> list[int]:
    """The `claims`, or where they exceed the `supply`, whole numbers in their proportions that sum to it."""
    total = sum(claims)
    if total <= supply:
        return list(claims)
    ends = [supply * int(end) // total for end in np.cumsum(claims)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
