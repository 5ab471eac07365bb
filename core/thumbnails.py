"""Photos for a page: small, and inside the page itself."""

from base64 import b64encode
from typing import NamedTuple

from core.errors import TableError
from core.images import Pixels, PixelStore, encode, shrink

SIDE = 96  # pixels
_QUALITY = 70


class Thumbnail(NamedTuple):
    """A photo as a data URI, or, where `uri` is None, the words that stand in its place."""

    uri: str | None
    width: int
    height: int
    alt: str
    instead: str


def thumbnail(pixels: Pixels | None, alt: str, instead: str) -> Thumbnail:
    """The thumbnail of RGB uint8 (h, w, 3), its larger side at most `SIDE` pixels; `instead` is said for None."""
    if pixels is None:
        return Thumbnail(None, SIDE, SIDE, alt, instead)
    small = shrink(pixels, SIDE)
    uri = "data:image/jpeg;base64," + b64encode(encode(small, _QUALITY)).decode("ascii")
    return Thumbnail(uri, small.shape[1], small.shape[0], alt, "")


def stored(store: PixelStore, image_id: str) -> Thumbnail:
    """The thumbnail of a photo of the `store`."""
    try:
        pixels = store[image_id]
    except TableError:  # a page must open where photos are lost: that is when it is needed
        pixels = None
    return thumbnail(pixels, f"Photo {image_id}", "not in the store")
