"""The angular losses: the angle at the negative, of one triplet or against all negatives of the batch."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from train.losses.base import TripletLoss, between, split, squared
from train.losses.batch import alike, log1p_sum_exp
from train.losses.single import SingleLoss

_MIXED = 2.0  # share of the angular part beside the N-pair part, as published


@keras.saving.register_keras_serializable("mildnet")
class Angular1(SingleLoss):
    """max(0, D(q,p)^2 - 4 tan^2(degrees) D(n, (q+p)/2)^2) (Wang et al., ICCV 2017, arXiv 1708.01682, equation 5).

    Args:
        degrees: the largest angle at the negative, between 0 and 90.

    Raises:
        ModelError: the option is out of range.
    """

    options: ClassVar[tuple[str, ...]] = ("degrees", *SingleLoss.options)

    def __init__(self, degrees: float = 45.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.degrees = between("degrees", degrees, 0, 90)

    def values(self, query: Any, positive: Any, negative: Any) -> Any:
        tan2 = math.tan(math.radians(self.degrees)) ** 2
        return ops.maximum(squared(query, positive) - 4 * tan2 * squared(negative, (query + positive) / 2), 0.0)


@keras.saving.register_keras_serializable("mildnet")
class Angular2(TripletLoss):
    """The N-pair loss plus twice the angular loss in its form (Wang et al., ICCV 2017, arXiv 1708.01682, section 3.3).

    ln(1 + sum of exp(q.n - q.p)) + 2 ln(1 + sum of exp(4 t (q+p).n - 2 (1+t) q.p)), with t = tan^2(degrees); both
    sums are over the rows n of the batch that may be negatives of q.

    Args:
        degrees: the largest angle at a negative, between 0 and 90.

    Raises:
        ModelError: the option is out of range.
    """

    options: ClassVar[tuple[str, ...]] = ("degrees",)

    def __init__(self, degrees: float = 45.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.degrees = between("degrees", degrees, 0, 90)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        tan2 = math.tan(math.radians(self.degrees)) ** 2
        query, positive, _ = split(y_pred)
        negatives = ~alike(y_true)  # (triplets, rows)
        rows = ops.transpose(y_pred)  # (d, rows)
        near = ops.sum(query * positive, axis=1)[:, None]  # (triplets, 1)
        pair = ops.matmul(query, rows) - near
        angle = 4 * tan2 * ops.matmul(query + positive, rows) - 2 * (1 + tan2) * near
        return log1p_sum_exp(pair, negatives) + _MIXED * log1p_sum_exp(angle, negatives)
