"""The soft margin: a hinge without a corner."""

from typing import Any

import keras
from keras import ops

from train.losses.base import squared
from train.losses.single import SingleLoss


@keras.saving.register_keras_serializable("mildnet")
class SoftMargin(SingleLoss):
    """ln(1 + exp(D(q,p)^2 - D(q,n)^2)) (Hermans et al., arXiv 1703.07737, on squared distances).

    It is above 0 for every triplet, so all of them are active.
    """

    def values(self, query: Any, positive: Any, negative: Any) -> Any:
        return ops.softplus(squared(query, positive) - squared(query, negative))
