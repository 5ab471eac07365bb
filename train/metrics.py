"""What a similarity is judged by. Pure NumPy; a value per query, so that averages are formed in one place."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

TIE = 0.5  # what a triplet counts whose two distances are equal


def triplet_accuracy(positive: npt.NDArray, negative: npt.NDArray) -> tuple[float, float]:
    """The share of triplets with D(q,p) < D(q,n), ties counted as half, and the share of ties.

    Args:
        positive, negative: D(q,p) and D(q,n), (n,) each, n at least 1.
    """
    scores = triplet_scores(positive, negative)
    return float(scores.mean()), float(np.mean(scores == TIE))


def triplet_scores(positive: npt.NDArray, negative: npt.NDArray) -> Floats:
    """1 where D(q,p) < D(q,n), `TIE` where they are equal, else 0: (n,)."""
    return np.where(positive == negative, TIE, positive < negative)


def hit_rate(hits: Flags, k: int) -> Floats:
    """1 where any of the first `k` is relevant, else 0: (q,).

    Args:
        hits: (q, ranks), whether the photo at each rank is relevant.
    """
    return (hits[:, :k].sum(axis=1) > 0).astype(np.float64)


def recall(hits: Flags, relevant: Counts, k: int) -> Floats:
    """Relevant ones among the first `k` over all relevant ones: (q,).

    Args:
        relevant: (q,), how many relevant photos the gallery holds, at least 1 each.
    """
    return hits[:, :k].sum(axis=1) / relevant


def map_at_r(hits: Flags, relevant: Counts) -> Floats:
    """The precision at each rank <= R that is a hit, summed, over R, the query's relevant photos: (q,).

    `hits` must reach to rank R. Source: Musgrave et al., A Metric Learning Reality Check, arXiv 2003.08505.
    """
    ranks = np.arange(1, hits.shape[1] + 1)
    counted = hits & (ranks <= relevant[:, None])
    return (counted * np.cumsum(counted, axis=1) / ranks).sum(axis=1) / relevant
