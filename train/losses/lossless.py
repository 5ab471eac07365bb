"""The lossless triplet loss: logarithms, which grow without a margin."""

from typing import Any

import keras
from keras import ops

from train.losses.base import squared
from train.losses.single import SingleLoss

_N = 4.0  # D^2 of opposite unit vectors
_BETA = 4.0
_EPSILON = 1e-4


@keras.saving.register_keras_serializable("mildnet")
class Lossless(SingleLoss):
    """-ln(-D(q,p)^2 / beta + 1 + eps) - ln(-(N - D(q,n)^2) / beta + 1 + eps) (Arsenault, 2018).

    N and beta are both 4. For unit vectors D^2 is in [0, 4]. The first logarithm's argument falls to
    1 + eps - 4 / beta, so beta must be at least 4. The second's falls to 1 + eps - N / beta, at D(q,n) = 0, so N must
    be at most beta. N must be at least 4, or negatives farther than sqrt(N) would make the value negative. beta at 4
    uses the logarithm's whole range. eps, 1e-4, keeps both arguments above 0 where rounding makes D^2 a little more
    than 4, up to 4.0004, and bounds the gradient.
    """

    def values(self, query: Any, positive: Any, negative: Any) -> Any:
        near, far = squared(query, positive), squared(query, negative)
        return -ops.log(1.0 - near / _BETA + _EPSILON) - ops.log(1.0 - (_N - far) / _BETA + _EPSILON)
