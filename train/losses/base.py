"""What every loss on triplets is, and the distances that it is made of."""

from typing import Any, ClassVar

import keras
from keras import ops

from core.errors import ModelError

_TINY = 1e-12  # below this squared distance the square root, whose slope is infinite at 0, counts as flat


class TripletLoss(keras.losses.Loss):
    """A loss with one value per triplet; Keras averages the values of a batch.

    `call` takes y_pred (3 x triplets, d), unit vectors whose rows are q, p, n, q, p, n, ..., and y_true (3 x triplets,
    columns) as `train.targets.pack` packs it, and gives (triplets,). Every option is an argument of `__init__` and an
    attribute of the same name, `options` lists them.
    """

    options: ClassVar[tuple[str, ...]] = ()
    teacher: ClassVar[bool] = False  # whether y_true must have the columns from TEACHER on

    def active(self, y_true: Any, y_pred: Any) -> Any:
        """1.0 where the triplet's value is above 0, so that it still teaches something, else 0.0: (triplets,)."""
        return ops.cast(self.call(y_true, y_pred) > 0, "float32")

    def get_config(self) -> dict[str, Any]:
        own = {option: getattr(self, option) for option in self.options}
        return {**super().get_config(), "dtype": self.dtype, **own}


def between(option: str, value: float, low: float, high: float = float("inf")) -> float:
    """`value`, if it lies between `low` and `high` and is neither of them.

    Raises:
        ModelError: it does not.
    """
    if not low < value < high:
        limit = "" if high == float("inf") else f" and below {high:g}"
        raise ModelError(f"{option} must be above {low:g}{limit}. Received: {value}.")
    return value


def split(embeddings: Any) -> tuple[Any, Any, Any]:
    """q, p and n, (triplets, d) each, of embeddings (3 x triplets, d)."""
    triplets = ops.reshape(embeddings, (-1, 3, embeddings.shape[-1]))  # (triplets, 3, d)
    return triplets[:, 0], triplets[:, 1], triplets[:, 2]


def squared(left: Any, right: Any) -> Any:
    """D^2 between each row of `left` and the same row of `right`, (rows, d) each: (rows,)."""
    return ops.sum(ops.square(left - right), axis=-1)


def squared_distances(embeddings: Any) -> tuple[Any, Any]:
    """D(q,p)^2 and D(q,n)^2, (triplets,) each, of embeddings (3 x triplets, d)."""
    query, positive, negative = split(embeddings)
    return squared(query, positive), squared(query, negative)


def squared_between(left: Any, right: Any) -> Any:
    """D^2 between every row of `left` (m, d) and every row of `right` (n, d), by one matrix product: (m, n)."""
    squares = ops.sum(ops.square(left), axis=1)[:, None] + ops.sum(ops.square(right), axis=1)[None, :]  # (m, n)
    return squares - 2.0 * ops.matmul(left, ops.transpose(right))


def distance(squares: Any) -> Any:
    """The square root, with gradient 0 instead of infinity where two embeddings coincide."""
    return ops.sqrt(ops.maximum(squares, _TINY))
