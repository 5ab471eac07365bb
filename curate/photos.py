"""What comes of the bytes of one photo: decoded, cut to its box, checked, shrunk, measured and encoded, each once."""

import hashlib
from typing import NamedTuple

from core.decoding import decode
from core.errors import PhotoError
from core.images import encode, shrink
from core.photo_params import PhotoParams
from curate.checks import Reason
from curate.fingerprints import Fingerprint, fingerprint
from curate.quality import Quality, measure


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


class Cut(NamedTuple):
    """Which part of a photo counts: its `box` where it has one, and with `crop` nothing beside it."""

    box: Box | None
    crop: bool


class Photo(NamedTuple):
    """An accepted photo as it is stored, and what it measured; width and height in pixels, before it was shrunk."""

    encoded: bytes
    width: int
    height: int
    box: Box | None
    frames: int
    quality: Quality
    fingerprint: Fingerprint


class Refused(NamedTuple):
    """A photo whose bytes cannot be used, and why."""

    reason: Reason
    detail: str


Outcome = Photo | Refused


def content_of(data: bytes, cut: Cut) -> str:
    """The hash of what counts of a photo: SHA-256 of the file's bytes and, where it is cropped, of the box."""
    digest = hashlib.sha256(data)
    if cut.crop and cut.box is not None:
        digest.update(repr(tuple(cut.box)).encode())
    return digest.hexdigest()


def look(data: bytes, cut: Cut, params: PhotoParams) -> Outcome:
    """The photo in `data`; pixels that a crop leaves out count for no check."""
    try:
        return _photo(data, cut, params)
    except PhotoError as error:
        return Refused(Reason(error.reason), error.detail)


def _photo(data: bytes, cut: Cut, params: PhotoParams) -> Photo:
    cropped = cut.crop and cut.box is not None
    enough = None if cropped else params.largest_side
    pixels, width, height, frames = decode(data, max_pixels=params.max_pixels, enough=enough)
    box = cut.box and cut.box.clip(width, height)
    if box is not None and cut.crop:
        pixels = pixels[box.top : box.top + box.height, box.left : box.left + box.width]
        width, height = box.width, box.height
    if min(width, height) < params.min_side:
        raise PhotoError(Reason.TOO_SMALL, f"{width} x {height} pixels, each side at least {params.min_side}")
    pixels = shrink(pixels, params.largest_side)
    quality = measure(pixels, width, height)
    if quality.range < params.min_range:
        raise PhotoError(Reason.FLAT, f"its values differ by {quality.range:g} levels, at least {params.min_range}")
    return Photo(encode(pixels, params.quality), width, height, box, frames, quality, fingerprint(pixels))
