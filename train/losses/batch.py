"""What a batch says of its own rows: which are alike, and sums over those that are chosen."""

from typing import Any

from keras import ops

from train.targets import GROUP


def alike(y_true: Any) -> Any:
    """Which rows of the batch are no negatives of each query: (triplets, 3 x triplets) bool.

    Those of the query's own group, and those of a group that any triplet of the batch pairs with it, the one as query
    and the other as positive.
    """
    group = y_true[:, GROUP]  # (rows,)
    query, positive = group[0::3], group[1::3]  # (triplets,)
    paired = _meet(query, query, positive, group) | _meet(query, positive, query, group)
    return (query[:, None] == group[None, :]) | paired


def _meet(left: Any, here: Any, there: Any, right: Any) -> Any:
    """Where some triplet has the code of `left` (m,) in `here` and that of `right` (n,) in `there`: (m, n) bool."""
    starts = ops.cast(left[:, None] == here[None, :], "float32")  # (m, triplets)
    ends = ops.cast(there[:, None] == right[None, :], "float32")  # (triplets, n)
    return ops.matmul(starts, ends) > 0


def log1p_sum_exp(values: Any, chosen: Any) -> Any:
    """log(1 + sum of exp(values) over the chosen columns) of each row of (m, n): (m,), 0 where none is chosen."""
    exponents = ops.where(chosen, values, -float("inf"))
    return ops.logsumexp(ops.pad(exponents, ((0, 0), (1, 0))), axis=1)  # the 1 is the exp of a padded 0
