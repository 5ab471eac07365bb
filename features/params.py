"""The parameters of `features`."""

from math import inf
from typing import Literal

from core.params import Seed, section
from core.swatches import PATTERNS


@section
class TrunkParams:
    """`features.structure.trunk` and `features.pattern.trunk`: what a photo goes through before a head reads it.

    `name` is one of `core.trunks.TRUNKS`; `weights` imagenet, a path, or None for random ones; `preprocessing` the
    trunk's own, or `rescale` to 0..1; `tap` the layer whose output is pooled; `size` in pixels; `view` the whole
    photo, or the square about the garment where it stands apart from its ground.
    """

    name: str
    weights: str | None
    preprocessing: Literal["trunk", "rescale"]
    tap: str
    size: int
    view: Literal["whole", "garment"]

    def __post_init__(self) -> None:
        _at_least(self, 1, "size")


@section
class HeadParams:
    """The first phase: the head alone, on pooled trunk features that are computed once.

    `width` is the descriptor's; `scale` multiplies the cosines before the softmax.
    """

    width: int
    dropout: float
    scale: float
    epochs: int
    patience: int
    batch: int
    learning_rate: float

    def __post_init__(self) -> None:
        _at_least(self, 1, "width", "epochs", "patience", "batch")
        _above_zero(self, "scale", "learning_rate")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1. Received: {self.dropout}")


@section
class TuneParams:
    """The second phase: trunk and head together, from the trunk's layer `start` on. 0 epochs leave it out."""

    start: str
    epochs: int
    patience: int
    batch: int
    learning_rate: float

    def __post_init__(self) -> None:
        _at_least(self, 0, "epochs")
        _at_least(self, 1, "patience", "batch")
        _above_zero(self, "learning_rate")


@section
class ClassParams:
    """How the classes are made fit to learn from.

    Classes of fewer than `least` training photos are learnt as one, `rest`. `balance` is the power of a class's
    rarity that its photos weigh: 0 counts every photo the same, 1 every class.
    """

    least: int
    balance: float

    def __post_init__(self) -> None:
        _at_least(self, 1, "least")
        if not 0 <= self.balance <= 1:
            raise ValueError(f"balance must be from 0 to 1. Received: {self.balance}")


@section
class ClassifierParams:
    """`features.structure` and `features.pattern`: a classifier on a trunk, and the descriptor inside it."""

    trunk: TrunkParams
    classes: ClassParams
    head: HeadParams
    tune: TuneParams
    seed: Seed


@section
class PatternSourceParams:
    """`features.pattern_sources`: what patterns are learnt from, besides the catalog's pattern column.

    `attributes` names the attributes in whose text a word of `keywords` (pattern: words) makes a weak label;
    `rendered` counts the photos rendered per pattern, 0 for none; `swatches` is the share of these that is bare
    fabric, while the others are pasted into garments of the catalog.
    """

    attributes: tuple[str, ...]
    keywords: dict[str, tuple[str, ...]]
    rendered: int
    swatches: float
    seed: Seed

    def __post_init__(self) -> None:
        if self.rendered != 0 and self.rendered < 10:
            raise ValueError(f"rendered must be 0 or at least 10. Received: {self.rendered}")
        if not 0 <= self.swatches <= 1:
            raise ValueError(f"swatches must be from 0 to 1. Received: {self.swatches}")
        unknown = sorted(set(self.keywords) - set(PATTERNS))
        if unknown:
            raise ValueError(f"keywords must name patterns among {', '.join(PATTERNS)}. Received: {unknown[0]}")


@section
class MaskParams:
    """Which pixels count for the colour: see `features.color_mask`.

    Below the `confidence` (0 to 1) of the mask the whole photo counts. Skin is left out where it is at most the share
    `skin` of the garment; more of it is a garment of that colour.
    """

    confidence: float
    skin: float

    def __post_init__(self) -> None:
        for name in ("confidence", "skin"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1. Received: {getattr(self, name)}")


@section
class ColorParams:
    """`features.color`: a LAB histogram of the garment.

    `histogram`: `marginal`, one of `bins` bins per channel, or `joint`, `cells` x `cells` over a and b together and
    `bins` over L. `smoothing` is the standard deviation of a count's spread, in Delta E; `dominance` the
    power that counts are raised to: above 1, a garment's main colour says more than its trims.
    """

    histogram: Literal["marginal", "joint"]
    bins: int
    cells: int
    smoothing: float
    dominance: float
    mask: MaskParams

    def __post_init__(self) -> None:
        _at_least(self, 2, "bins", "cells")
        _above_zero(self, "dominance")
        if self.smoothing != 0 and not 0.01 <= self.smoothing < inf:
            raise ValueError(f"smoothing must be 0 or a finite number from 0.01 on. Received: {self.smoothing}")


def _at_least(params: object, least: int, *names: str) -> None:
    for name in names:
        if getattr(params, name) < least:
            raise ValueError(f"{name} must be at least {least}. Received: {getattr(params, name)}")


def _above_zero(params: object, *names: str) -> None:
    for name in names:
        if not 0 < getattr(params, name) < inf:
            raise ValueError(f"{name} must be a finite number above 0. Received: {getattr(params, name)}")
