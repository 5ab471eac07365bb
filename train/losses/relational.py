"""Distillation: the network's distances in the batch are to be in the proportion of the recommender's."""

from typing import Any, ClassVar

import keras
from keras import ops

from core.errors import ModelError
from train.losses.base import distance, squared_between
from train.losses.hinge import Hinge
from train.targets import TEACHER


@keras.saving.register_keras_serializable("mildnet")
class Relational(Hinge):
    """Half the squared difference of both distances of each pair of rows; of triplets unknown to the teacher the hinge.

    Distances are divided by their mean over the pairs that count (the distance-wise loss of Park et al., CVPR 2019,
    arXiv 1904.05068, squared everywhere instead of Huber's): those that the teacher gives a distance above 0, so no
    photo with itself and none on which it is silent. A triplet's value is the mean over its rows of each row's mean
    over its pairs, 0 for a row without any. Where the teacher is silent on query and positive, as it is on street
    photos, `weight` times the triplet's hinge is added: there the triplet alone says what is alike.

    Args:
        margin: of the hinge, above 0.
        weight: of the hinge, at least 0.

    Raises:
        ModelError: either is out of range.
    """

    options: ClassVar[tuple[str, ...]] = ("weight", *Hinge.options)
    teacher: ClassVar[bool] = True

    def __init__(self, margin: float = 0.2, weight: float = 0.02, **kwargs: Any) -> None:
        super().__init__(margin, **kwargs)
        if not weight >= 0:
            raise ModelError(f"weight must be at least 0. Received: {weight}.")
        self.weight = weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        teacher = y_true[:, TEACHER:]  # (rows, rows)
        rows = relation(teacher, distance(squared_between(y_pred, y_pred)))  # (rows,)
        silent = ops.cast(ops.diagonal(teacher[0::3, 1::3]) < 0, rows.dtype)  # (triplets,)
        hinge = super().call(y_true, y_pred)  # (triplets,)
        return ops.mean(ops.reshape(rows, (-1, 3)), axis=1) + self.weight * silent * hinge

    def active(self, y_true: Any, y_pred: Any) -> Any:
        """1.0 where the hinge is above 0, counted or not: (triplets,). The teacher's pairs teach in every triplet."""
        return ops.cast(super().call(y_true, y_pred) > 0, "float32")


def relation(teacher: Any, student: Any) -> Any:
    """The mean over each row's pairs, of two distance matrices (rows, rows) divided by their means: (rows,)."""
    counted = ops.cast(teacher > 0, student.dtype)  # (rows, rows)
    pairs = ops.maximum(ops.sum(counted), 1.0)

    def scaled(distances: Any) -> Any:
        mean = ops.sum(distances * counted) / pairs
        return distances / ops.maximum(mean, 1e-6)

    halves = 0.5 * ops.square(scaled(student) - scaled(teacher)) * counted
    return ops.sum(halves, axis=1) / ops.maximum(ops.sum(counted, axis=1), 1.0)
