"""The one decoder: the bytes of a photo file to RGB pixels, or the reason why there are none."""

from math import ceil
from typing import NamedTuple

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from core.errors import InputError, PhotoError
from core.icc import to_srgb
from core.images import Pixels
from core.opening import GRAY_MODES, opened

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_QUARTERS = [_TURNS[orientation] for orientation in (5, 6, 7, 8)]  # those that swap width and height


class Decoded(NamedTuple):
    """A photo: RGB uint8 (h, w, 3), the size of the whole photo, and its frames, above 1 for an animation."""

    pixels: Pixels
    width: int
    height: int
    frames: int


def decode(data: bytes, *, max_pixels: int, enough: int | None = None) -> Decoded:
    """Decode a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF.

    The pixels are the first frame's, in sRGB by the embedded colour profile, turned as EXIF says, alpha on white.
    Where a larger side of `enough` pixels is, a JPEG is decoded at a half, a quarter or an eighth of its size, no
    smaller than that: its cosine transforms give these sizes at once, as means of pixels and much faster.

    Raises:
        PhotoError: `zero_size`, `not_an_image`, `unsupported_mode`, `too_large` (more than `max_pixels`; told by the
            header, before any pixel is decoded) or `truncated`.
    """
    try:
        photo = opened(data, max_pixels)
        size = photo.size
        if enough is not None and photo.format == "JPEG" and photo.mode in ("RGB", "L"):
            scale = enough / max(size)
            photo.draft(photo.mode, (ceil(size[0] * scale), ceil(size[1] * scale)))
        rgb, turn = _rgb(photo), _turn(photo)
        pixels = np.asarray(rgb if turn is None else rgb.transpose(turn))
        width, height = size if turn not in _QUARTERS else size[::-1]
        return Decoded(pixels, width, height, min(_frames(photo), len(data)))
    except PhotoError:
        raise
    except MemoryError:  # nothing that the photo is to blame for
        raise InputError(
            f"no memory to decode a photo of {len(data):,} bytes. Lower --workers, or curate.photos.max_pixels."
        ) from None
    except Image.DecompressionBombError as error:  # Pillow's own limit, for sizes that the header does not tell
        raise PhotoError("too_large", str(error)) from error
    except Exception as error:  # Pillow's readers raise anything from struct.error to SyntaxError on damaged files.
        raise PhotoError("truncated", " ".join(str(error).split()) or type(error).__name__) from error


def _rgb(photo: ImageFile) -> Image.Image:
    """The first frame in sRGB, alpha on white."""
    photo.load()
    profile = photo.info.get("icc_profile")
    if photo.mode.startswith("I;16"):
        # Pillow clips 16 bits to 8 instead of scaling them.
        return to_srgb(Image.fromarray((np.asarray(photo) >> 8).astype(np.uint8)), profile)
    if not photo.has_transparency_data:
        mode = "L" if photo.mode in GRAY_MODES else "CMYK" if photo.mode == "CMYK" else "RGB"
        return to_srgb(photo if photo.mode == mode else photo.convert(mode), profile)
    layers = photo.convert("RGBA")
    ground = Image.new("RGB", photo.size, "white")
    ground.paste(to_srgb(layers.convert("RGB"), profile), mask=layers.getchannel("A"))
    return ground


def _turn(photo: ImageFile) -> Image.Transpose | None:
    try:
        return _TURNS.get(photo.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged EXIF turns nothing
        return None


def _frames(photo: ImageFile) -> int:
    """Frames of an animation; the pages of a TIFF are none. Comes last: to count may lose the pixels."""
    if isinstance(photo, TiffImageFile):
        return 1
    try:
        return getattr(photo, "n_frames", 1)
    except Exception:  # a later frame is damaged
        return photo.tell() + 1
