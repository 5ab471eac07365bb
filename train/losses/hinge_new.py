"""The hinge with the query and with the positive as the anchor."""

from typing import Any

import keras
from keras import ops

from train.losses.base import squared
from train.losses.single import MarginLoss


@keras.saving.register_keras_serializable("mildnet")
class HingeNew(MarginLoss):
    """max(0, D(q,p)^2 - D(q,n)^2 + margin) + max(0, D(q,p)^2 - D(p,n)^2 + margin) (the MILDNet paper, section 4.2)."""

    def values(self, query: Any, positive: Any, negative: Any) -> Any:
        near = squared(query, positive) + self.margin
        of_query = ops.maximum(near - squared(query, negative), 0.0)
        return of_query + ops.maximum(near - squared(positive, negative), 0.0)
