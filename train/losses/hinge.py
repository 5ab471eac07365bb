"""The hinge on squared distances."""

from typing import Any

import keras
from keras import ops

from train.losses.base import squared
from train.losses.single import MarginLoss


@keras.saving.register_keras_serializable("mildnet")
class Hinge(MarginLoss):
    """max(0, D(q,p)^2 - D(q,n)^2 + margin), D the euclidean distance (FaceNet, arXiv 1503.03832)."""

    def values(self, query: Any, positive: Any, negative: Any) -> Any:
        return ops.maximum(squared(query, positive) - squared(query, negative) + self.margin, 0.0)
