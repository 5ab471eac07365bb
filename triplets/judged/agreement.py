"""How well weights agree with judges: the share of judgements that they order alike, with its uncertainty."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from triplets.groups import Rows
from triplets.judged.learn import Doubles, Learnt

_Z = 1.96  # of 95 %
_DRAWS = 2000


@dataclass(frozen=True)
class Estimate:
    """A value, and the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


def ordered(apart: Doubles, weights: Doubles) -> Doubles:
    """Which judgements `apart` (n, d), as in `learn.fit`, weights (n, d) or (d,) order as judged: 1, or 0; tied 0.5."""
    fused = (apart * weights).sum(axis=1)
    return np.where(fused == 0, 0.5, fused > 0)


def share(agree: Doubles, query: Rows) -> Estimate:
    """The mean of `agree` (n,), n above 0, with Wilson's interval (1927).

    A bootstrap's interval has no width where all agree, however few they are; Wilson's has. Judgements of one `query`
    (n,) are no independent ones: n is divided by the design effect, how much more the mean varies for that reason.
    """
    mean = float(agree.mean())
    sums = _by_query(agree - mean, query)
    apart = mean * (1 - mean) * len(agree)
    effect = 1.0
    if apart > 0 and len(sums) > 1:
        effect = max(1.0, float(sums @ sums) / apart * len(sums) / (len(sums) - 1))
    n = len(agree) / effect
    middle = (mean + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(mean * (1 - mean) / n + _Z**2 / (4 * n**2))
    return Estimate(mean, float(middle - half), float(middle + half))


def gain(agree: Doubles, other: Doubles, query: Rows, rng: np.random.Generator) -> Estimate:
    """How much more often `agree` (n,) is right than `other` (n,) on the same judgements.

    The interval is a bootstrap's over queries (n,): both see the same queries, so their difference is sure earlier
    than either share.
    """
    sums, sizes = _by_query(agree - other, query), _by_query(np.ones(len(query)), query)
    times = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=_DRAWS)
    low, high = np.quantile((times @ sums) / (times @ sizes), [0.025, 0.975])
    return Estimate(float((agree - other).mean()), float(low), float(high))


def out_of_fold(
    apart: Doubles,
    query: Rows,
    category: npt.NDArray,
    own: Mapping[str, float],
    kept: Mapping[str, Doubles],
    folds: int,
    rng: np.random.Generator,
) -> Doubles:
    """For each judgement, the weights (n, d) learnt without its fold; a query's judgements are all in one fold.

    Args:
        own: as in `Learnt.of`.
        kept: as in `Learnt.of_each`.
    """
    fold = folds_of(query, folds, rng)
    weights = np.empty_like(apart)
    for held in range(folds):
        out = fold == held
        learnt = Learnt.of(apart[~out], category[~out], own)
        weights[out] = learnt.of_each(category[out], kept)
    return weights


def folds_of(query: Rows, folds: int, rng: np.random.Generator) -> Rows:
    """The fold of each judgement (n,), from 0; the judgements of a `query` (n,) are all in one."""
    _, number = np.unique(query, return_inverse=True)
    fold: Rows = rng.permutation(number.max() + 1)[number] % folds
    return fold


def _by_query(values: Doubles, query: Rows) -> Doubles:
    _, number = np.unique(query, return_inverse=True)
    return np.bincount(number, weights=values).astype(np.float64)
