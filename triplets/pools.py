"""Which photos of other categories each partition takes its out-of-class negatives from: near categories first.

Every photo is dealt to one partition of its split at most. A partition uses it up to the negatives' cap, so that the
cap holds in the whole catalog although each partition is mined by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.search import nearest
from core.similarity import Floats, Similarity
from core.tables import SPLITS, Catalog
from triplets.distances import Described
from triplets.groups import Group, Rows, generator
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
    nearer = near_categories(catalog, described, similarity, params) if params.near_categories else {}
    dealt: dict[int, Pool] = {}
    for split in SPLITS:
        inside = [number for number, group in enumerate(found) if group.split == split]
        rows = np.flatnonzero(catalog.split == split)
        wanted = [_size(len(found[number].rows), params) for number in inside]
        own = [str(catalog.category[found[number].rows[0]]) for number in inside]
        rng = generator(params.seed, "pools", split)
        of_split = deal(rows, catalog.category[rows].astype(str), own, wanted, nearer, rng)
        dealt.update(zip(inside, of_split, strict=True))
    return [dealt[number] for number in range(len(found))]


def _size(queries: int, params: MineParams) -> int:
    return max(_LEAST, int(np.ceil(_SPARE * queries * params.per_query / params.negative_cap)))


def near_categories(
    catalog: Catalog, described: Described, similarity: Similarity, params: MineParams
) -> dict[str, list[str]]:
    """The `near_categories` of each category, nearest first: by the fused distance between the means of some training
    photos, as the weights of all see it.
    """
    names = sorted(set(catalog.category[catalog.split == "train"]))
    means = []
    for name in names:
        rows = np.flatnonzero((catalog.split == "train") & (catalog.category == name))
        some = generator(params.seed, "category", name).permutation(rows)[:_PER_CATEGORY]
        means.append(similarity.fuse(described.take(np.sort(some)).load()).mean(axis=0))
    if not means:
        return {}
    centres: Floats = np.stack(means)
    self_out = ((np.arange(len(names)), np.arange(len(names))),)
    near = nearest(centres, centres, params.near_categories, barred=self_out).rows
    return {name: [names[row] for row in rows if row >= 0] for name, rows in zip(names, near, strict=True)}


def deal(
    rows: Rows,
    category: Sequence[str] | Floats,
    own: Sequence[str],
    wanted: Sequence[int],
    nearer: Mapping[str, Sequence[str]],
    rng: np.random.Generator,
) -> list[Pool]:
    """Deal `rows` (n,), whose categories (n,) are given, to claimants: none twice, none to a claimant of its category.

    A claimant wants `wanted` rows, evenly from the categories `nearer` to its `own` and then from any. Where a
    category has too few for all that claim it, each gets its proportion.
    """
    shuffled = rng.permutation(len(rows))
    labels = np.asarray(category)[shuffled]
    stock = {str(name): rows[shuffled[labels == name]] for name in np.unique(labels)}
    near: list[list[Rows]] = [[] for _ in own]
    for name in stock:
        claims = [
            -(-want // len(nearer[mine])) if name in nearer.get(mine, ()) else 0
            for mine, want in zip(own, wanted, strict=True)
        ]
        shares = _proportions(claims, len(stock[name]))
        ends = np.cumsum(shares)
        for claimant, (end, share) in enumerate(zip(ends, shares, strict=True)):
            near[claimant].append(stock[name][end - share : end])
        stock[name] = stock[name][ends[-1] if len(ends) else 0 :]
    left = np.concatenate([np.empty(0, np.int64), *stock.values()])
    of_left = np.repeat(np.array(list(stock), object), [len(some) for some in stock.values()])
    order = rng.permutation(len(left))
    left, of_left = left[order], of_left[order]
    joined = [np.concatenate([np.empty(0, np.int64), *parts]) for parts in near]
    lacking = [max(0, want - len(some)) for want, some in zip(wanted, joined, strict=True)]
    dealt = []
    for claimant, share in enumerate(_proportions(lacking, len(left))):
        taken = np.flatnonzero(of_left != own[claimant])[:share]
        dealt.append(Pool(joined[claimant], left[taken]))
        left, of_left = np.delete(left, taken), np.delete(of_left, taken)
    return dealt


def _proportions(claims: Sequence[int], supply: int) -> list[int]:
    """The `claims`, or where they exceed the `supply`, whole numbers in their proportions that sum to it."""
    total = sum(claims)
    if total <= supply:
        return list(claims)
    ends = [supply * int(end) // total for end in np.cumsum(claims)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
