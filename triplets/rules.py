"""What makes a triplet: pure rules over arrays.

Shapes: n queries, p positives and c negatives offered to each; a candidate is one (query, positive, negative).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from triplets.groups import Rows

Mask = npt.NDArray[np.bool_]

VERSION = "2"  # of all that decides which triplets there may be; a change that alters them raises it
DRAWS = 8  # candidates put in order per triplet wanted; the negatives' cap passes over some
_LAST = 1e6  # above every key of `ordered`


@dataclass(frozen=True)
class Draws:
    """Candidates of n queries in the order in which they may be taken: places (n, l) along each axis, -1 for none."""

    positive: Rows
    negative: Rows

    @classmethod
    def concat(cls, draws: Sequence[Self], length: int) -> Self:
        """Those of one block of queries after the other, each up to `length`."""
        none = np.empty((0, length), np.int64)
        positive = np.concatenate([none, *(some.positive for some in draws)])
        return cls(positive, np.concatenate([none, *(some.negative for some in draws)]))


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


def highest(positive: npt.NDArray, margin: float) -> npt.NDArray[np.float64]:
    """The similarity up to which a negative is safe beside a positive, given the positive's fused distance.

    A negative that is nearly as similar as the positive may well be another positive. It is safe up to a
    similarity of s - |s| x margin, s being the positive's (NV-Retriever, arXiv 2407.15831).
    """
    most = similarity(positive)
    return most - np.abs(most) * margin


def under_cap(positive: npt.NDArray, negative: npt.NDArray, margin: float) -> Mask:
    """Which negatives are safe beside which positives, (n, p, c), given fused distances (n, p) and (n, c)."""
    return similarity(negative)[:, None, :] <= highest(positive, margin)[:, :, None]


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


def ordered(allowed: Mask, count: int, hardness: float, rng: np.random.Generator, *, last: Mask | None = None) -> Draws:
    """Put up to `count` of the `allowed` candidates (n, p, c) of each query in an order to be drawn in.

    Positives take turns, the nearest first: one candidate of each, then the second of each. Which negative a positive
    brings is drawn without replacement, the k-th nearest of those allowed with a weight of k to the power -`hardness`
    (by Gumbel's trick; Efraimidis and Spirakis 2006): on noisy neighbours the hardest ones are mostly wrong.

    Args:
        allowed: the negatives (c) stand in the order of their distances, nearest first.
        last: negatives (n, c) that are drawn only after all others.
    """
    n, p, c = allowed.shape
    most = min(count, c)
    keys = hardness * np.log(np.maximum(np.cumsum(allowed, axis=2, dtype=np.float32), 1)) - rng.gumbel(
        size=allowed.shape
    )
    if last is not None:
        keys += np.where(last, _LAST, 0)[:, None, :]
    keys = np.where(allowed, keys, np.inf)
    if most < c:
        some = np.argpartition(keys, most - 1, axis=2)[:, :, :most] if most else np.empty((n, p, 0), np.int64)
    else:
        some = np.broadcast_to(np.arange(c), (n, p, c))
    drawn = np.take_along_axis(some, np.argsort(np.take_along_axis(keys, some, axis=2), axis=2), axis=2)
    valid = np.take_along_axis(allowed, drawn, axis=2)
    turns = valid.transpose(0, 2, 1).reshape(n, most * p)  # first draw of each positive, then the second ...
    place = np.cumsum(turns, axis=1) - 1
    query, turn = np.nonzero(turns & (place < count))
    round_, positive = np.divmod(turn, max(p, 1))
    draws = Draws(np.full((n, count), -1, np.int64), np.full((n, count), -1, np.int64))
    draws.positive[query, place[query, turn]] = positive
    draws.negative[query, place[query, turn]] = drawn[query, positive, round_]
    return draws


def at(values: Rows, places: Rows) -> Rows:
    """What stands in `values` (n, c) at `places` (n, l), -1 where a place is -1."""
    if values.shape[1] == 0:
        return np.full(places.shape, -1, np.int64)
    return np.where(places < 0, -1, np.take_along_axis(values, places, axis=1))


def capped(label: Rows, per_query: int, cap: int, rng: np.random.Generator) -> tuple[Mask, int]:
    """Take up to `per_query` of each query's draws in order, and no negative more than `cap` times in all.

    Every query takes its first before any takes its second, so that none is left out because others came first; who is
    first in a round is drawn.

    Args:
        label: (n, l) what is counted of each draw's negative, from 0; -1 where there is no draw.

    Returns:
        Which draws are taken, (n, l), and how many a query with room was refused by the cap.
    """
    n, length = label.shape
    taken = np.zeros(label.shape, np.bool_)
    room, used, refused = np.full(n, per_query), np.zeros(label.max(initial=-1) + 1, np.int64), 0
    for turn in range(length):
        asking = rng.permutation(np.flatnonzero((label[:, turn] >= 0) & (room > 0)))
        asked = label[asking, turn]
        order = np.argsort(asked, kind="stable")
        earlier = np.empty(len(asked), np.int64)  # of this round, for the same negative
        earlier[order] = np.arange(len(asked)) - np.searchsorted(asked[order], asked[order])
        granted = used[asked] + earlier < cap
        refused += int(np.count_nonzero(~granted))
        taken[asking[granted], turn] = True
        room[asking[granted]] -= 1
        np.add.at(used, asked[granted], 1)
    return taken, refused


def window(queries: int, pool: Rows, size: int, rng: np.random.Generator) -> Rows:
    """Offer each query `size` of `pool`, all of it where it is smaller: (queries, size), none twice to one query.

    Each query reads one shuffled pool from a place of its own, so that all of the pool is offered about equally.
    """
    size = min(size, len(pool))
    if size == 0:
        return np.empty((queries, 0), np.int64)
    start = rng.integers(0, len(pool), queries)
    return rng.permutation(pool)[(start[:, None] + np.arange(size)) % len(pool)]
