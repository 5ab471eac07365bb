"""The losses on triplets. Embeddings come as one batch whose rows are q, p, n, q, p, n, ..."""

from typing import Any

import keras
from keras import ops

_TINY = 1e-12  # below this squared distance the square root, whose slope is infinite at 0, counts as flat


class TripletLoss(keras.losses.Loss):
    """Base: a value per triplet, clamped before Keras averages over the batch.

    `call` takes any y_true, unread, and y_pred (3 x triplets, d), and gives (triplets,).

    Args:
        margin: how far apart a negative must be.
    """

    def __init__(self, margin: float, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.margin = margin

    def active(self, y_true: Any, y_pred: Any) -> Any:
        """1.0 where the negative still teaches something, else 0.0: (triplets,)."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin}


@keras.saving.register_keras_serializable("mildnet")
class Hinge(TripletLoss):
    """max(0, D(q,p)^2 - D(q,n)^2 + margin), D the euclidean distance (FaceNet, arXiv 1503.03832)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        positive, negative = squared_distances(y_pred)
        return ops.maximum(positive - negative + self.margin, 0.0)

    def active(self, y_true: Any, y_pred: Any) -> Any:
        return ops.cast(self.call(y_true, y_pred) > 0, "float32")


@keras.saving.register_keras_serializable("mildnet")
class Contrastive(TripletLoss):
    """1/2 D(q,p)^2 + 1/2 max(0, margin - D(q,n))^2 (Hadsell et al., CVPR 2006, with one pair of each sort)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        positive, negative = squared_distances(y_pred)
        return 0.5 * positive + 0.5 * ops.square(ops.maximum(self.margin - distance(negative), 0.0))

    def active(self, y_true: Any, y_pred: Any) -> Any:
        _, negative = squared_distances(y_pred)
        return ops.cast(distance(negative) < self.margin, "float32")


LOSSES: dict[str, type[TripletLoss]] = {"hinge": Hinge, "contrastive": Contrastive}


def squared_distances(embeddings: Any) -> tuple[Any, Any]:
    """D(q,p)^2 and D(q,n)^2, (triplets,) each, of embeddings (3 x triplets, d)."""
    triplets = ops.reshape(embeddings, (-1, 3, embeddings.shape[-1]))  # (triplets, 3, d)
    query, positive, negative = triplets[:, 0], triplets[:, 1], triplets[:, 2]
    return ops.sum(ops.square(query - positive), axis=-1), ops.sum(ops.square(query - negative), axis=-1)


def distance(squared: Any) -> Any:
    """The square root, with gradient 0 instead of infinity where two embeddings coincide."""
    return ops.sqrt(ops.maximum(squared, _TINY))
