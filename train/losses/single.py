"""Losses that look at one triplet at a time, with the table's negatives or with mined ones."""

from typing import Any, ClassVar

from core.errors import ModelError
from train.losses.base import TripletLoss, between, split
from train.losses.mining import MININGS, mined


class SingleLoss(TripletLoss):
    """Base: `values` of q, p and n, (triplets, d) each. Without mining y_true is not read.

    Args:
        mining: None, or what replaces the negatives by other rows of the batch: hard or distance_weighted.

    Raises:
        ModelError: an unknown mining.
    """

    options: ClassVar[tuple[str, ...]] = ("mining",)

    def __init__(self, *, mining: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if mining is not None and mining not in MININGS:
            raise ModelError(f"unknown mining {mining}. Choose one of {', '.join(MININGS)}, or null.")
        self.mining = mining

    def triplets(self, y_true: Any, y_pred: Any) -> tuple[Any, Any, Any]:
        """q, p and n as the loss sees them, (triplets, d) each."""
        return split(y_pred) if self.mining is None else mined(y_true, y_pred, self.mining)

    def values(self, query: Any, positive: Any, negative: Any) -> Any:
        """The value of each triplet, from (triplets, d) each: (triplets,)."""
        raise NotImplementedError

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.values(*self.triplets(y_true, y_pred))


class MarginLoss(SingleLoss):
    """Base: a `SingleLoss` with a margin.

    Args:
        margin: above 0; how far apart a negative must be, by the loss's own measure.

    Raises:
        ModelError: the option is out of range.
    """

    options: ClassVar[tuple[str, ...]] = ("margin", *SingleLoss.options)

    def __init__(self, margin: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.margin = between("margin", margin, 0)
