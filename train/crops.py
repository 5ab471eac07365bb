"""Street photos cut to the box of their product, from the pixels that are stored."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import NamedTuple

import pyarrow as pa

from core.errors import TableError
from core.images import Pixels, PixelStore
from core.paths import STORES, STREET, STREET_PAIRS
from core.tables import Catalog, StreetPairs


class Part(NamedTuple):
    """A part of a photo: its edges as shares of the width and of the height, from the left and from the top."""

    left: float
    top: float
    right: float
    bottom: float

    def of(self, pixels: Pixels) -> Pixels:
        """The part of RGB uint8 (h, w, 3), and every pixel that it touches."""
        height, width = pixels.shape[:2]
        left, top = int(self.left * width), int(self.top * height)
        return pixels[top : max(top + 1, ceil(self.bottom * height)), left : max(left + 1, ceil(self.right * width))]


class CroppedStore(PixelStore):
    """A pixel store that gives of some photos a part; `encoded` gives all of them whole."""

    def __init__(self, tables: Sequence[pa.Table]) -> None:
        super().__init__(tables)
        self.parts: Mapping[str, Part] = {}

    def __getitem__(self, image_id: str) -> Pixels:
        pixels = super().__getitem__(image_id)
        part = self.parts.get(image_id)
        return pixels if part is None else part.of(pixels)


def parts(pairs: StreetPairs, street: Catalog) -> dict[str, Part]:
    """The part of each street photo that its box holds, by image id.

    A photo is left out that has no box, or whose box is all of it: `curate street` stores photos that are cut already
    where `curate.street.crop` is true. A photo of several products is in the collection once for each, with its box.

    Raises:
        TableError: a pair's photo is not in the collection.
    """
    sizes = dict(zip(street.image_id, zip(street.width, street.height, strict=True), strict=True))
    found = {}
    for image_id, left, top, width, height in zip(
        pairs.image_id, pairs.left, pairs.top, pairs.width, pairs.height, strict=True
    ):
        if image_id not in sizes:
            raise TableError(f"the street photo {image_id} is not in the street collection. Run dvc repro.")
        whole = sizes[image_id]
        if width is not None and (width, height) != whole:
            across, down = whole
            found[image_id] = Part(left / across, top / down, (left + width) / across, (top + height) / down)
    return found


def store(cropped: bool, street: Catalog) -> PixelStore:
    """The pixels of both collections, those of street photos cut to their box where `cropped`.

    Raises:
        TableError: a store is missing, or the table of pairs where there is a street photo to be cut.
    """
    if not (cropped and (street.domain == "street").any()):
        return PixelStore.open(*STORES)
    opened = CroppedStore.open(*STORES)
    opened.parts = parts(StreetPairs.read(STREET / STREET_PAIRS), street)
    return opened
