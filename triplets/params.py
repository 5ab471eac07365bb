"""The parameters of `triplets`."""

from dataclasses import asdict
from math import inf
from typing import Annotated

from annotated_types import Interval

from core.params import Seed, at_least, section

# Larger ones are slips of the pen, and no array could hold what they ask for.
Count = Annotated[int, Interval(lt=2**31)]

_HARDEST = 100  # from here on the nearest is drawn every time


@section
class Weights:
    """How much each descriptor counts; only their proportion matters, 0 leaves one out."""

    structure: float
    pattern: float
    color: float

    def __post_init__(self) -> None:
        values = self.structure, self.pattern, self.color
        if not all(value >= 0 for value in values) or not 0 < sum(values) < inf:
            raise ValueError(
                "structure, pattern and color must be at least 0, one above it, and their sum finite."
                f" Received: {', '.join(str(value) for value in values)}"
            )


@section
class RecommendParams:
    """`triplets.recommend`: the fused distance and how many neighbours of a query to keep.

    `category_weights` are those of categories that have their own; `scale_pairs` random pairs of training photos
    tell each descriptor's median distance.
    """

    weights: Weights
    category_weights: dict[str, Weights]
    neighbors: Count
    scale_pairs: Annotated[int, Interval(le=10**7)]
    seed: Seed

    def __post_init__(self) -> None:
        at_least(self, 1, "neighbors", "scale_pairs")


@section
class SimilarParams:
    """`triplets.similar`: how many similar products each product gets.

    Products that share a copy of a photo are variants of one another, and so are those whose photos have the same
    value of the attribute `variant`; None looks at copies alone.
    """

    products: Count
    variant: str | None

    def __post_init__(self) -> None:
        at_least(self, 1, "products")


@section
class MineParams:
    """`triplets.mine`: the rules of in-class and out-of-class triplets (see triplets/rules.py).

    `hardness` is the power by which nearer negatives are likelier, 0 for alike; `near_categories` how many of the
    nearest categories an out-of-class negative comes from as long as they have any left, 0 for no preference;
    `negative_cap` how many triplets of a kind one photo is the negative of at most.
    """

    candidates: Count
    positives: Count
    gap: Count
    margin: float
    hardness: float
    near_categories: Count
    per_query: Count
    negative_cap: Count
    seed: Seed

    def __post_init__(self) -> None:
        at_least(self, 1, "positives", "per_query", "negative_cap")
        at_least(self, 0, "gap", "near_categories")
        if self.candidates <= self.gap:
            raise ValueError(f"candidates must be above the gap, {self.gap}. Received: {self.candidates}")
        _share(self.margin, "margin")
        _power(self.hardness, "hardness")


@section
class Totals:
    """The triplets of each split; null asks for as many as keep the exact shares."""

    train: int | None
    val: int | None
    test: int | None

    def __post_init__(self) -> None:
        for split, total in asdict(self).items():
            if total is not None:
                at_least(self, 1, split)

    def of(self, split: str) -> int | None:
        """The total of `split`."""
        total: int | None = asdict(self)[split]
        return total


@section
class MixParams:
    """`triplets.mix`: the shares of the kinds, the totals, and the rules of wild triplets.

    `margin` and `gap` are of the training split alone; a null margin caps no negative. `hardness` and `negative_cap`
    are those of `MineParams`, for wild triplets.
    """

    in_class: float
    wild: float
    totals: Totals
    per_pair: Count
    margin: float | None
    gap: Count
    hardness: float
    negative_cap: Count
    seed: Seed

    def __post_init__(self) -> None:
        _share(self.in_class, "in_class")
        _share(self.wild, "wild")
        at_least(self, 1, "per_pair", "negative_cap")
        if self.margin is not None:
            _share(self.margin, "margin")
        at_least(self, 0, "gap")
        _power(self.hardness, "hardness")


def _share(value: float, name: str) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be between 0 and 1. Received: {value}")


def _power(value: float, name: str) -> None:
    if not 0 <= value <= _HARDEST:
        raise ValueError(f"{name} must be from 0 to {_HARDEST}. Received: {value}")
