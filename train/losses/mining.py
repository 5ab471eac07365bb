"""Mining in the batch: each triplet's negative is replaced by a row that teaches more."""

from collections.abc import Callable
from typing import Any

from keras import ops

from train.losses.base import split, squared_between
from train.losses.batch import alike
from train.targets import DRAW

NEAREST, FARTHEST = 0.5, 1.4  # as published: nearer rows count as this far, and farther ones are never drawn
_BELOW_ONE = 1 - 2.0**-24  # the largest float32 below 1


def hard(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """The row nearest to each query that may be its negative; of equally near ones the first.

    Returns:
        The rows' places (triplets,) int, and where there is one (triplets,) bool.
    """
    allowed = ~alike(y_true)  # (triplets, rows)
    squares = squared_between(y_pred[0::3], y_pred)
    return ops.argmin(ops.where(allowed, squares, float("inf")), axis=1), ops.any(allowed, axis=1)


def distance_weighted(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """A row for each query, drawn so that all distances are about as likely (Wu et al., ICCV 2017, arXiv 1706.07567).

    The chance of a row that may be a negative is inverse to the density of its distance among unit vectors. The row
    is where the running sum of the chances first passes the query's own draw.

    Returns:
        The rows' places (triplets,) int, and where there is one (triplets,) bool.
    """
    squares = squared_between(y_pred[0::3], y_pred)  # (triplets, rows)
    allowed = ~alike(y_true) & (squares < FARTHEST**2)
    found = ops.any(allowed, axis=1)
    weights = ops.where(allowed, -log_density(ops.maximum(squares, NEAREST**2), y_pred.shape[-1]), -float("inf"))
    largest = ops.where(found, ops.max(weights, axis=1), 0.0)  # (triplets,)
    reached = ops.cumsum(ops.exp(weights - largest[:, None]), axis=1)
    draws = ops.minimum(y_true[0::3, DRAW], _BELOW_ONE)  # rounding to float32 can have made one of them 1
    return ops.argmax(reached > (draws * reached[:, -1])[:, None], axis=1), found


def log_density(squares: Any, width: int) -> Any:
    """Of the distances between random unit vectors (width,), up to a constant, by D^2: (width - 2) ln D + ..."""
    return (width - 2) / 2 * ops.log(squares) + (width - 3) / 2 * ops.log1p(-squares / 4)


MININGS: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {"hard": hard, "distance_weighted": distance_weighted}


def mined(y_true: Any, y_pred: Any, mining: str) -> tuple[Any, Any, Any]:
    """q, p and n, (triplets, d) each, with mined negatives; a query that no row is a negative of keeps its own.

    Gradients go through the chosen embeddings and not through the choice.
    """
    places, found = MININGS[mining](y_true, ops.stop_gradient(y_pred))
    query, positive, negative = split(y_pred)
    return query, positive, ops.where(found[:, None], ops.take(y_pred, places, axis=0), negative)
