"""The parameters of `train`."""

from math import inf
from typing import Literal

from core.params import Seed, above_zero, at_least, section, shares

_LARGEST = 4096  # triplets of a batch; what compares all pairs of its photos takes half a gigabyte then


@section
class AugmentParams:
    """`train.fit.augment`: one random map per photo and batch; `zoom` and `shear` are shares, `rotation` degrees.

    Every second photo is mirrored; where `upside_down`, every second one is turned head down too.
    """

    zoom: float
    shear: float
    rotation: float
    upside_down: bool

    def __post_init__(self) -> None:
        shares(self, "zoom", "shear")
        if not 0 <= self.rotation <= 180:
            raise ValueError(f"rotation must be from 0 to 180 degrees. Received: {self.rotation}")


@section
class FitParams:
    """`train.fit`: the network, its loss and its training; what the section does not name is the recipe's.

    `weights` of the trunk are `imagenet`, a path, or null; `size` is in pixels, `batch` in triplets;
    `steps` caps the batches of an epoch, null takes every triplet. Where they are null, `units`, `hidden`, `dropout`,
    `taps` and `frozen` are the architecture's own; `margin`, `degrees` and `weight` the loss's own. `checkpoint` is in
    batches, null writes one after each epoch.
    """

    recipe: str
    architecture: str
    weights: str | None
    preprocessing: Literal["trunk", "rescale"]
    size: int
    units: int | None
    hidden: int | None
    dropout: float | None
    taps: tuple[str, ...] | None
    frozen: int | None
    loss: str
    margin: float | None
    degrees: float | None
    weight: float | None
    mining: Literal["hard", "distance_weighted"] | None
    optimizer: Literal["sgd", "rmsprop", "adamw"]
    learning_rate: float
    momentum: float
    weight_decay: float
    schedule: Literal["constant", "cosine", "step"]
    warmup: float
    epochs: int
    batch: int
    steps: int | None
    share: bool
    cropped: bool
    augment: AugmentParams
    precision: Literal["auto", "float32", "mixed_float16", "mixed_bfloat16"]
    checkpoint: int | None
    seed: Seed

    def __post_init__(self) -> None:
        at_least(self, 1, "size", "epochs", "batch")
        if self.batch > _LARGEST:
            raise ValueError(f"batch must be at most {_LARGEST} triplets. Received: {self.batch}")
        if self.taps is not None and len(set(self.taps)) < len(self.taps):
            raise ValueError(f"taps must name each layer once. Received: {list(self.taps)}")
        for name, least in (("units", 1), ("hidden", 1), ("frozen", 0), ("steps", 1), ("checkpoint", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} must be at least {least}, or null. Received: {value}")
        above_zero(self, "learning_rate", *(name for name in ("margin", "degrees") if getattr(self, name) is not None))
        if self.weight is not None and not 0 <= self.weight < inf:
            raise ValueError(f"weight must be a finite number from 0. Received: {self.weight}")
        shares(self, "momentum", "weight_decay", "warmup")
        if self.dropout is not None:
            shares(self, "dropout")
        if self.momentum and self.optimizer == "adamw":
            raise ValueError(f"momentum is not for adamw, set it to 0. Received: {self.momentum}")
        if self.warmup and self.schedule != "cosine":
            raise ValueError(f"warmup is for the cosine schedule, set it to 0. Received: {self.warmup}")


@section
class EmbedParams:
    """`train.embed`: `batch` is in photos; it changes the speed and the memory used."""

    batch: int

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise ValueError(f"batch must be at least 1. Received: {self.batch}")


@section
class EvaluateParams:
    """`train.evaluate`: `ks` are the cut-offs of retrieval, `neighbors` those of every agreement.

    `examples` is how many queries each sheet shows, `map` how many photos the map, 0 for none; `resamples` of the
    products give the intervals, 0 for none.
    """

    ks: tuple[int, ...]
    neighbors: int
    examples: int
    map: int
    resamples: int
    seed: Seed

    def __post_init__(self) -> None:
        if not self.ks or min(self.ks) < 1 or list(self.ks) != sorted(set(self.ks)):
            raise ValueError(f"ks must be a rising list of counts from 1. Received: {list(self.ks)}")
        at_least(self, 1, "neighbors")
        at_least(self, 0, "examples", "map", "resamples")
