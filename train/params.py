"""The parameters of `train`."""

from typing import Literal

from core.params import Seed, section


@section
class FitParams:
    """`train.fit`: the network, its loss and its training.

    `weights` of the trunk are `imagenet`, a path, or null; `size` is in pixels, `batch` in triplets;
    `steps` caps the batches of an epoch, null takes every triplet.
    """

    architecture: str
    weights: str | None
    preprocessing: Literal["trunk", "rescale"]
    size: int
    units: int
    dropout: float
    loss: Literal["hinge", "contrastive"]
    margin: float
    learning_rate: float
    momentum: float
    epochs: int
    batch: int
    steps: int | None
    seed: Seed

    def __post_init__(self) -> None:
        for name in ("size", "units", "epochs", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1. Received: {getattr(self, name)}")
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps must be at least 1, or null. Received: {self.steps}")
        for name in ("margin", "learning_rate"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0. Received: {getattr(self, name)}")
        for name in ("dropout", "momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be from 0 to below 1. Received: {getattr(self, name)}")


@section
class EmbedParams:
    """`train.embed`: `batch` is in photos; it changes the speed and the memory used."""

    batch: int

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise ValueError(f"batch must be at least 1. Received: {self.batch}")


@section
class EvaluateParams:
    """`train.evaluate`: `ks` are the cut-offs of retrieval, `neighbors` those of the attribute agreement.

    `examples` is how many queries the figure of neighbours shows.
    """

    ks: tuple[int, ...]
    neighbors: int
    examples: int

    def __post_init__(self) -> None:
        if not self.ks or min(self.ks) < 1 or list(self.ks) != sorted(set(self.ks)):
            raise ValueError(f"ks must be a rising list of counts from 1. Received: {list(self.ks)}")
        if self.neighbors < 1:
            raise ValueError(f"neighbors must be at least 1. Received: {self.neighbors}")
        if self.examples < 0:
            raise ValueError(f"examples must be at least 0. Received: {self.examples}")
