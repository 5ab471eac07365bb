"""The contrastive loss, with one pair of each sort per triplet."""

from typing import Any

import keras
from keras import ops

from train.losses.base import distance, squared
from train.losses.single import MarginLoss


@keras.saving.register_keras_serializable("mildnet")
class Contrastive(MarginLoss):
    """1/2 D(q,p)^2 + 1/2 max(0, margin - D(q,n))^2 (Hadsell et al., CVPR 2006)."""

    def values(self, query: Any, positive: Any, negative: Any) -> Any:
        gap = ops.maximum(self.margin - distance(squared(query, negative)), 0.0)
        return 0.5 * squared(query, positive) + 0.5 * ops.square(gap)

    def active(self, y_true: Any, y_pred: Any) -> Any:
        """1.0 where the negative lies within the margin; the positive pulls in every triplet: (triplets,)."""
        query, _, negative = self.triplets(y_true, y_pred)
        return ops.cast(distance(squared(query, negative)) < self.margin, "float32")
