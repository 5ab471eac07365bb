"""A photo file opened: its format recognised, its header read and judged, before any pixel is decoded."""

import logging
import re
import warnings
from io import BytesIO
from typing import Any

from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from core.errors import PhotoError

# Pillow knows forty formats more; nobody takes photos in them, and some start other programs.
_READERS: dict[re.Pattern[bytes], type[Any]] = {
    re.compile(start, re.DOTALL): reader
    for start, reader in {
        rb"\xff\xd8\xff": JpegImageFile,
        rb"\x89PNG\r\n\x1a\n": PngImageFile,
        rb"RIFF....WEBP": WebPImageFile,
        rb"....ftyp(avi[fs]|m[is]f1)": AvifImageFile,
        rb"GIF8[79]a": GifImageFile,
        rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0": BmpImageFile,
        rb"II[*+]\0|MM\0[*+]": TiffImageFile,
    }.items()
}
GRAY_MODES = ("1", "L", "LA", "I;16", "I;16L", "I;16B")
_MODES = (*GRAY_MODES, "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB")
_NO_READING = ("unknown pixel mode", "Invalid value for samples per pixel", "cannot handle")  # as Pillow says it
# Each scan of a progressive JPEG goes over all pixels again; encoders write about ten.
_SCAN = re.compile(rb"\xff\xda\0[\x08\x0a\x0c\x0e][\x01-\x04]")
_MAX_SCANS = 100
# What Pillow warns about is metadata that we do not use, or sizes that we check ourselves.
_SILENT = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
logging.getLogger("PIL").addHandler(logging.NullHandler())


def opened(data: bytes, max_pixels: int) -> ImageFile:
    """The photo in `data`, its pixels not decoded yet; Pillow's warnings are off from now on.

    Raises:
        PhotoError: `zero_size`, `not_an_image`, `unsupported_mode` or `too_large`.
        Exception: what else Pillow raises on damaged headers.
    """
    if _SILENT not in warnings.filters:
        # For good: to restore the filters after each photo is not safe among threads.
        warnings.filterwarnings("ignore", module=r"PIL\.")
    if not data:
        raise PhotoError("zero_size", "an empty file")
    reader = next((reader for start, reader in _READERS.items() if start.match(data)), None)
    if reader is None:
        raise PhotoError("not_an_image", f"{len(data)} bytes of no known image format")
    photo = _header(reader, data)
    if photo.width * photo.height > max_pixels:
        raise PhotoError("too_large", f"{photo.width} x {photo.height} pixels, at most {max_pixels}")
    if photo.mode not in _MODES:
        raise PhotoError("unsupported_mode", f"pixels of the mode {photo.mode} have no one reading as RGB")
    if isinstance(photo, TiffImageFile):
        _check_tiles(photo, max_pixels)
    if photo.info.get("progressive") and (scans := len(_SCAN.findall(data))) > _MAX_SCANS:
        raise PhotoError("too_large", f"{scans} scans, at most {_MAX_SCANS}")
    return photo


def _header(reader: type[Any], data: bytes) -> ImageFile:
    photo: ImageFile = object.__new__(reader)
    try:
        photo.__init__(BytesIO(data))  # type: ignore[misc]  # apart from __new__: what it read before it failed counts
    except SyntaxError as error:
        text = str(error)
        if photo.mode and 0 in photo.size:
            raise PhotoError("zero_size", f"{photo.width} x {photo.height} pixels") from error
        if text.startswith(_NO_READING):
            raise PhotoError("unsupported_mode", f"{reader.format}: {text}") from error
        raise PhotoError("not_an_image", f"its {reader.format} header cannot be read: {text}") from error
    return photo


def _check_tiles(photo: TiffImageFile, max_pixels: int) -> None:
    # A tile is decoded whole, whatever part of it the photo needs.
    width, height = photo.tag_v2.get(TILEWIDTH), photo.tag_v2.get(TILELENGTH)
    if isinstance(width, int) and isinstance(height, int) and width * height > max_pixels:
        raise PhotoError("too_large", f"tiles of {width} x {height} pixels, at most {max_pixels}")
