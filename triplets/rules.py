"""What makes a triplet: pure rules over arrays.

Shapes: n queries, p positives and c negatives offered to each; a candidate is one (query, positive, negative).
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from triplets.groups import Rows

Mask = npt.NDArray[np.bool_]


def mutual(near: Rows, positives: int) -> Mask:
    """Which of each query's nearest have the query among their own nearest, (n, min(positives, k)).

    Mutual neighbours are far cleaner than one-sided ones (Zhong et al., k-reciprocal re-ranking, CVPR 2017).

    Args:
        near: (n, k) the neighbours' rows, nearest first, -1 where fewer exist.
        positives: how many count as nearest.
    """
    top = near[:, :positives]
    back = (top[top] == np.arange(len(top))[:, None, None]).any(axis=2)
    return back & (top >= 0)


def similarity(distance: npt.NDArray) -> npt.NDArray[np.float64]:
    """1 - d^2 / 2 of a fused distance: 1 for copies, about 0.5 for two random photos of a partition."""
    return 1 - np.square(distance, dtype=np.float64) / 2


def under_cap(positive: npt.NDArray, negative: npt.NDArray, margin: float) -> Mask:
    """Which negatives are safe beside which positives, (n, p, c), given fused distances (n, p) and (n, c).

    A negative that is nearly as similar as the positive may well be another positive. It is safe up to a
    similarity of s - |s| x margin, s being the positive's (NV-Retriever, arXiv 2407.15831).
    """
    most = similarity(positive)
    most = most - np.abs(most) * margin
    return similarity(negative)[:, None, :] <= most[:, :, None]


def shared(query: Rows, positive: Rows, negative: Rows) -> Mask:
    """Where the negative's label, such as its product, is the query's or the positive's: (n,), (n, p), (n, c)."""
    return (negative == query[:, None])[:, None, :] | (negative[:, None, :] == positive[:, :, None])


def sift(candidates: Mask, rules: Mapping[str, Mask], kind: str) -> tuple[Mask, Counter[str]]:
    """Apply `rules`, masks of what each rejects that broadcast to `candidates`, one after the other.

    Returns:
        The candidates that are left, and how many each rule rejected, as `kind.rule`, of `kind.considered`.
    """
    counts = Counter({f"{kind}.considered": int(np.count_nonzero(candidates))})
    for name, rejects in rules.items():
        counts[f"{kind}.{name}"] = int(np.count_nonzero(candidates & rejects))
        candidates = candidates & ~rejects
    return candidates, counts


def spread(allowed: Mask, count: int, rng: np.random.Generator) -> tuple[Rows, Rows, Rows]:
    """Draw up to `count` of the `allowed` candidates (n, p, c) of each query, in turn over its positives.

    Negatives are drawn at random: on noisy neighbours the hardest ones are mostly wrong.

    Returns:
        The places (m,) of the drawn ones along each axis.
    """
    n, p, c = allowed.shape
    most = min(count, c)
    keys = np.where(allowed, rng.random(allowed.shape), np.inf)
    drawn = np.argsort(keys, axis=2)[:, :, :most]  # (n, p, most), what is not allowed last
    valid = np.take_along_axis(allowed, drawn, axis=2)
    turns = valid.transpose(0, 2, 1).reshape(n, most * p)  # first draw of each positive, then the second ...
    taken = turns & (np.cumsum(turns, axis=1) <= count)
    query, turn = np.nonzero(taken)
    place, positive = np.divmod(turn, max(p, 1))
    return query, positive, drawn[query, positive, place]


def window(queries: int, pool: Rows, size: int, rng: np.random.Generator) -> Rows:
    """Offer each query `size` of `pool`, all of it where it is smaller: (queries, size), none twice to one query.

    Each query reads one shuffled pool from a place of its own, so that all of the pool is offered about equally.
    """
    size = min(size, len(pool))
    if size == 0:
        return np.empty((queries, 0), np.int64)
    start = rng.integers(0, len(pool), queries)
    return rng.permutation(pool)[(start[:, None] + np.arange(size)) % len(pool)]
