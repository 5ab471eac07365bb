"""The parameters of `features`."""

from core.params import Seed, section


@section
class TuneParams:
    """The second phase: training the trunk itself from the layer `start` on, at a low rate. 0 epochs leave it out."""

    start: str
    epochs: int
    learning_rate: float

    def __post_init__(self) -> None:
        if self.epochs < 0:
            raise ValueError(f"epochs must be at least 0. Received: {self.epochs}")
        if self.learning_rate <= 0:
            raise ValueError(f"learning_rate must be above 0. Received: {self.learning_rate}")


@section
class ClassifierParams:
    """`features.structure` and `features.pattern`: a classifier on a trunk, and the descriptor inside it.

    `tap` is the trunk layer whose pooled output the head reads; `width` the descriptor's; `scale` multiplies the
    cosines before the softmax.
    """

    trunk: str
    weights: str | None
    tap: str
    size: int
    width: int
    dropout: float
    scale: float
    epochs: int
    patience: int
    batch: int
    learning_rate: float
    tune: TuneParams
    seed: Seed

    def __post_init__(self) -> None:
        for name in ("width", "epochs", "batch", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1. Received: {getattr(self, name)}")
        for name in ("scale", "learning_rate"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0. Received: {getattr(self, name)}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1. Received: {self.dropout}")


@section
class RenderedParams:
    """`features.rendered`: how many swatches of each pattern stand in for labels that a catalog lacks."""

    per_pattern: int
    seed: Seed

    def __post_init__(self) -> None:
        if self.per_pattern < 10:
            raise ValueError(f"per_pattern must be at least 10. Received: {self.per_pattern}")


@section
class ColorParams:
    """`features.color`: histogram bins per LAB channel."""

    bins: int

    def __post_init__(self) -> None:
        if self.bins < 2:
            raise ValueError(f"bins must be at least 2. Received: {self.bins}")
