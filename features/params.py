"""The parameters of `features`."""

from typing import Literal

from core.params import Seed, above_zero, at_least, section
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
        at_least(self, 1, "size")


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
        at_least(self, 1, "width", "epochs", "patience", "batch")
        above_zero(self, "scale", "learning_rate")
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
        at_least(self, 0, "epochs")
        at_least(self, 1, "patience", "batch")
        above_zero(self, "learning_rate")


@section
class ClassParams:
    """How the classes are made fit to learn from.

    Classes of fewer than `least` training photos are learnt as one, `rest`. `balance` is the power of a class's
    rarity that its photos weigh: 0 counts every photo the same, 1 every class.
    """

    least: int
    balance: float

    def __post_init__(self) -> None:
        at_least(self, 1, "least")
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
