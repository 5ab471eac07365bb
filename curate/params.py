"""The parameters of `curate`."""

from typing import Literal

from core.params import Seed, section


@section
class SampleParams:
    """`curate.sample`: the rendered catalog. 0 products render an empty one."""

    products: int
    street_products: int
    photos: int
    side: int
    seed: Seed

    def __post_init__(self) -> None:
        if self.products < 0 or self.street_products < 0:
            raise ValueError(
                f"products and street_products must be at least 0. Received: {self.products} and {self.street_products}"
            )
        if self.photos < 2:
            raise ValueError(f"photos must be at least 2. Received: {self.photos}")
        if self.side < 64:
            raise ValueError(f"side must be at least 64 pixels. Received: {self.side}")


@section
class Columns:
    """Which column of the source feeds which of ours; `path` may combine columns: `photos/{sku}.jpg`."""

    image_id: str | None
    product_id: str | None
    path: str
    gender: str
    category: str
    pattern: str | None
    attributes: tuple[str, ...]

    def __post_init__(self) -> None:
        if "{" not in self.path:
            raise ValueError(f"path must name a column in braces, such as {{image}}. Received: {self.path!r}")


@section
class IngestParams:
    """`curate.ingest`: a catalog table and its image root.

    `rename` maps source values, per source column; `exclude` lists source values to leave out, likewise.
    """

    table: str
    images: str
    columns: Columns
    rename: dict[str, dict[str, str]]
    exclude: dict[str, tuple[str, ...]]
    max_rejected: float

    def __post_init__(self) -> None:
        if not 0 <= self.max_rejected <= 1:
            raise ValueError(f"max_rejected must be a share from 0 to 1. Received: {self.max_rejected}")


@section
class StreetParams:
    """`curate.street`: a folder in the layout of Street2Shop."""

    root: str
    images: str
    categories: Literal["all"] | tuple[str, ...]
    gender: str
    crop: bool

    def __post_init__(self) -> None:
        if not self.categories:
            raise ValueError("categories must be all, or a list of at least one. Received: []")
        if not self.gender.strip():
            raise ValueError(f"gender must not be empty. Received: {self.gender!r}")


@section
class PhotoParams:
    """`curate.photos`: what a photo must be, and the size at which it is stored. All in pixels."""

    min_side: int
    max_pixels: int
    largest_side: int

    def __post_init__(self) -> None:
        if self.min_side < 1 or self.largest_side < 1 or self.max_pixels < 1:
            raise ValueError(
                "min_side, max_pixels and largest_side must be at least 1."
                f" Received: {self.min_side}, {self.max_pixels} and {self.largest_side}"
            )


@section
class SplitParams:
    """`curate.split`: the shares of val and test; train is the rest."""

    val: float
    test: float
    seed: Seed

    def __post_init__(self) -> None:
        if not (self.val >= 0 and self.test >= 0 and self.val + self.test < 1):
            raise ValueError(
                f"val and test must be shares that leave some for train. Received: {self.val} and {self.test}"
            )
