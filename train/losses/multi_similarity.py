"""The multi-similarity loss over all pairs of a query and a row of the batch."""

from typing import Any, ClassVar

import keras
from keras import ops

from train.losses.base import TripletLoss, between
from train.losses.batch import alike, log1p_sum_exp

_ALPHA, _BETA, _LAMBDA = 2.0, 40.0, 0.5  # as in the authors' code


@keras.saving.register_keras_serializable("mildnet")
class MultiSimilarity(TripletLoss):
    """ln(1 + sum of exp(-a (S - l))) / a over positives + ln(1 + sum of exp(b (S - l))) / b over negatives.

    S is the dot product of a query and another row (Wang et al., CVPR 2019, arXiv 1904.06627); a, b and l are 2, 40
    and 0.5. Positives of a query are the other rows of its group and of the groups that a triplet of the batch pairs
    with it; all other rows are negatives. Of both, those that are already apart by the margin are left out: a negative
    counts with S above the least positive less the margin, a positive with S below the largest negative plus it.

    Args:
        margin: the paper's epsilon, above 0.

    Raises:
        ModelError: the option is out of range.
    """

    options: ClassVar[tuple[str, ...]] = ("margin",)

    def __init__(self, margin: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.margin = between("margin", margin, 0)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        similar = ops.matmul(y_pred[0::3], ops.transpose(y_pred))  # (triplets, rows)
        positives = alike(y_true)
        rows = ops.arange(ops.shape(y_pred)[0])
        positives, negatives = positives & (rows[0::3, None] != rows[None, :]), ~positives
        farthest = ops.min(ops.where(positives, similar, float("inf")), axis=1, keepdims=True)  # (triplets, 1)
        nearest = ops.max(ops.where(negatives, similar, -float("inf")), axis=1, keepdims=True)
        near = positives & (similar - self.margin < nearest)
        far = negatives & (similar + self.margin > farthest)
        apart = similar - _LAMBDA
        return log1p_sum_exp(-_ALPHA * apart, near) / _ALPHA + log1p_sum_exp(_BETA * apart, far) / _BETA
