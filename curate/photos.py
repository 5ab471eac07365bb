"""Read one photo: hashed, decoded, cut to its box, checked and shrunk, each once."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from core.errors import PhotoError
from core.images import Pixels, decode, shrink
from curate.checks import Reason, locate
from curate.params import PhotoParams


class Box(NamedTuple):
    """A part of a photo, in its pixels."""

    left: int
    top: int
    width: int
    height: int

    def clip(self, width: int, height: int) -> "Box":
        """The part on a photo of `width` x `height`.

        Raises:
            PhotoError: `bad_box`, nothing is.
        """
        left, top = max(self.left, 0), max(self.top, 0)
        right, bottom = min(self.left + self.width, width), min(self.top + self.height, height)
        if right <= left or bottom <= top:
            raise PhotoError(Reason.BAD_BOX, f"{tuple(self)} on a photo of {width} x {height} pixels")
        return Box(left, top, right - left, bottom - top)


class Photo(NamedTuple):
    """An accepted photo: RGB uint8 (h, w, 3) as stored, and the size in pixels that it had before it was shrunk."""

    pixels: Pixels
    width: int
    height: int
    content_hash: str
    box: Box | None


def read(root: Path, path: str, box: Box | None, crop: bool, params: PhotoParams) -> Photo:
    """Read the photo `path` of the resolved image root; `box` is clipped to it, and with `crop` the photo to the box.

    The hash is SHA-256 of the file's bytes. Pixels that a crop leaves out do not count for `min_side`.

    Raises:
        PhotoError: with the reason why it cannot be used.
    """
    file = locate(root, path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise PhotoError(Reason.MISSING_FILE, f"{error.strerror}") from None
    pixels = decode(data, max_pixels=params.max_pixels)
    if box is not None:
        box = box.clip(pixels.shape[1], pixels.shape[0])
        if crop:
            pixels = pixels[box.top : box.top + box.height, box.left : box.left + box.width]
    height, width = pixels.shape[:2]
    if min(width, height) < params.min_side:
        raise PhotoError(Reason.TOO_SMALL, f"{width} x {height} pixels, each side at least {params.min_side}")
    return Photo(shrink(pixels, params.largest_side), width, height, hashlib.sha256(data).hexdigest(), box)
