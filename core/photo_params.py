"""The parameters of a photo: what it must be, and how it is stored."""

from typing import Annotated

from annotated_types import Interval

from core.params import section


@section
class PhotoParams:
    """`curate.photos`: what a photo must be, and how it is stored; `quality` null stores without loss.

    Sides and `max_pixels` are in pixels; `min_range` is in levels of 255, from the darkest to the brightest value of
    the channel that varies most.
    """

    min_side: Annotated[int, Interval(ge=1)]
    max_pixels: Annotated[int, Interval(ge=1)]
    max_bytes: Annotated[int, Interval(ge=1)]
    min_range: Annotated[int, Interval(ge=0, le=255)]
    largest_side: Annotated[int, Interval(ge=1, le=16384)]
    quality: Annotated[int, Interval(ge=1, le=100)] | None
