"""The parameters of `curate`."""

from typing import Annotated, Literal

from annotated_types import Interval

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
    """Which column of the source feeds which of ours; `path` may combine columns: `photos/{sku}.jpg`.

    `separator` stands between several paths in one cell. Rows that share a value of one of `groups` share a split.
    """

    image_id: str | None
    product_id: str | None
    path: str
    separator: str | None
    gender: str
    category: str
    pattern: str | None
    attributes: tuple[str, ...]
    groups: tuple[str, ...]

    def __post_init__(self) -> None:
        if "{" not in self.path:
            raise ValueError(f"path must name a column in braces, such as {{image}}. Received: {self.path!r}")
        if self.separator == "":
            raise ValueError("separator must have at least one character, or be null. Received: ''")


@section
class Constant:
    """A derived column that holds one value."""

    constant: str


@section
class Lower:
    """A derived column: another one, in lower case."""

    lower: str


@section
class Join:
    """A derived column: others, with `by` between them; empty cells are left out."""

    join: tuple[str, ...]
    by: str

    def __post_init__(self) -> None:
        if not self.join:
            raise ValueError("join must name at least one column. Received: []")


@section
class IngestParams:
    """`curate.ingest`: a catalog table and its image root.

    `delimiter` parts the cells of a text table, null finds it. `images` is a folder, a zip or a tar file,
    beside which paths may be http(s) addresses. `derive` adds columns, in order; `rename` maps values, per column;
    `exclude` lists values to leave out.
    """

    table: str
    delimiter: str | None
    images: str
    columns: Columns
    derive: dict[str, Constant | Lower | Join]
    rename: dict[str, dict[str, str]]
    exclude: dict[str, tuple[str, ...]]
    max_rejected: Annotated[float, Interval(ge=0, le=1)]

    def __post_init__(self) -> None:
        if "://" in self.table:  # which may hold a password, so that no message shows it
            raise ValueError("table must be a file, no address. Run curate snapshot to make one of a database's rows.")
        if not self.images:
            raise ValueError("images must name a folder, a .zip or a .tar file. Received: ''")
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n\0'):
            raise ValueError(
                f"delimiter must be one character, no quote and no line break. Received: {self.delimiter!r}"
            )


@section
class StreetParams:
    """`curate.street`: a folder in the layout of Street2Shop; with no categories it is not looked at."""

    root: str
    images: str
    categories: Literal["all"] | tuple[str, ...]
    gender: str
    crop: bool
    max_rejected: Annotated[float, Interval(ge=0, le=1)]

    def __post_init__(self) -> None:
        if not self.gender.strip():
            raise ValueError(f"gender must not be empty. Received: {self.gender!r}")


@section
class FetchParams:
    """`curate.fetch`: how photos at http(s) addresses are fetched; `timeout` in seconds."""

    connections: Annotated[int, Interval(ge=1)]
    retries: Annotated[int, Interval(ge=0)]
    timeout: Annotated[float, Interval(gt=0, le=3600)]


@section
class QualityParams:
    """`curate.quality`: a photo below one of these is flagged, and kept. Units as in `curate.quality.Quality`."""

    dark: Annotated[float, Interval(ge=0, le=1)]
    blurry: Annotated[float, Interval(ge=0, le=1000)]
    low_information: Annotated[float, Interval(ge=0, le=8)]
    odd_aspect: Annotated[float, Interval(ge=0, le=1)]


@section
class DuplicateParams:
    """`curate.duplicates`: two photos are near copies when both distances are at most these.

    `hash_distance` is in bits of a 64-bit perceptual hash; `color_distance` is Delta E (CIE 1976).
    """

    hash_distance: Annotated[int, Interval(ge=0, le=16)]
    color_distance: Annotated[float, Interval(ge=0, le=500)]


@section
class PseudoWildParams:
    """`curate.pseudo_wild`: street photos made from catalog photos, `per_product` of a `share` of the products."""

    share: Annotated[float, Interval(ge=0, le=1)]
    per_product: Annotated[int, Interval(ge=1)]
    seed: Seed


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
