"""The parameters of the colour descriptor, and what the table of its vectors says of them."""

import json
from dataclasses import asdict
from math import inf
from typing import Literal

from core.params import above_zero, at_least, section


@section
class MaskParams:
    """Which pixels count for the colour: see `core.color_mask`.

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
        at_least(self, 2, "bins", "cells")
        above_zero(self, "dominance")
        if self.smoothing != 0 and not 0.01 <= self.smoothing < inf:
            raise ValueError(f"smoothing must be 0 or a finite number from 0.01 on. Received: {self.smoothing}")


def as_text(params: ColorParams) -> str:
    """What the table of vectors says of its parameters."""
    return json.dumps(asdict(params), sort_keys=True)


def from_text(text: str) -> ColorParams:
    """The parameters of which `as_text` gave `text`.

    Raises:
        ValueError: it is of another version.
    """
    from pydantic import TypeAdapter

    return TypeAdapter(ColorParams).validate_json(text)
