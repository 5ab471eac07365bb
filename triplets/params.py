"""The parameters of `triplets`."""

from dataclasses import asdict
from math import isfinite

from core.params import Seed, section


@section
class Weights:
    """How much each descriptor counts; only their proportion matters, 0 leaves one out."""

    structure: float
    pattern: float
    color: float

    def __post_init__(self) -> None:
        values = self.structure, self.pattern, self.color
        if not all(isfinite(value) and value >= 0 for value in values) or sum(values) == 0:
            raise ValueError(
                "structure, pattern and color must be at least 0, and one above it."
                f" Received: {', '.join(str(value) for value in values)}"
            )


@section
class RecommendParams:
    """`triplets.recommend`: the fused distance and how many neighbours of a query to keep.

    `scale_pairs` random pairs of training photos tell each descriptor's median distance.
    """

    weights: Weights
    neighbors: int
    scale_pairs: int
    seed: Seed

    def __post_init__(self) -> None:
        _at_least(self.neighbors, 1, "neighbors")
        _at_least(self.scale_pairs, 1, "scale_pairs")


@section
class MineParams:
    """`triplets.mine`: the rules of in-class and out-of-class triplets (see triplets/rules.py)."""

    candidates: int
    positives: int
    gap: int
    margin: float
    per_query: int
    seed: Seed

    def __post_init__(self) -> None:
        _at_least(self.positives, 1, "positives")
        _at_least(self.gap, 0, "gap")
        if self.candidates <= self.gap:
            raise ValueError(f"candidates must be above the gap, {self.gap}. Received: {self.candidates}")
        _share(self.margin, "margin")
        _at_least(self.per_query, 1, "per_query")


@section
class Totals:
    """The triplets of each split; null asks for as many as keep the exact shares."""

    train: int | None
    val: int | None
    test: int | None

    def __post_init__(self) -> None:
        for split, total in asdict(self).items():
            if total is not None:
                _at_least(total, 1, split)

    def of(self, split: str) -> int | None:
        """The total of `split`."""
        total: int | None = asdict(self)[split]
        return total


@section
class MixParams:
    """`triplets.mix`: the shares of the kinds, the totals, and the rules of wild triplets.

    `margin` and `gap` are of the training split alone; a null margin caps no negative.
    """

    in_class: float
    wild: float
    totals: Totals
    per_pair: int
    margin: float | None
    gap: int
    seed: Seed

    def __post_init__(self) -> None:
        _share(self.in_class, "in_class")
        _share(self.wild, "wild")
        _at_least(self.per_pair, 1, "per_pair")
        if self.margin is not None:
            _share(self.margin, "margin")
        _at_least(self.gap, 0, "gap")


def _at_least(value: int, least: int, name: str) -> None:
    if value < least:
        raise ValueError(f"{name} must be at least {least}. Received: {value}")


def _share(value: float, name: str) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be between 0 and 1. Received: {value}")
