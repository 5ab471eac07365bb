"""A photo file that is in no catalog, read as the pixel store would hold it."""

from pathlib import Path
from stat import S_ISDIR, S_ISREG

from core.decoding import decode
from core.errors import InputError, PhotoError
from core.images import Pixels, encode, restored, shrink
from core.photo_params import PhotoParams

_NEXT = {
    "zero_size": "Copy the file again.",
    "not_an_image": "Name a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF.",
    "unsupported_mode": "Save it with 8 bits per channel, as RGB or grey.",
    "too_large": "Save it smaller, or raise curate.photos.max_pixels.",
    "truncated": "Copy or save it again.",
}


def read(path: Path, params: PhotoParams) -> Pixels:
    """The photo as RGB uint8 (h, w, 3), its larger side at most `params.largest_side`; of an animation the first frame.

    Raises:
        InputError: there is no such file, or it holds no photo that can be used.
    """
    data = _bytes(path, params)
    try:
        return stored(data, params)
    except PhotoError as error:
        raise InputError(f"{path} is no photo to use: {error.detail}. {_NEXT[error.reason]}") from None


def stored(data: bytes, params: PhotoParams) -> Pixels:
    """What a pixel store would give of the photo in `data`: RGB uint8 (h, w, 3).

    Also the loss of its JPEG is the store's, so that a photo of the catalog gives the descriptors that it has there.
    What a photo must be to come into a catalog, `min_side` and `min_range`, is not asked.

    Raises:
        PhotoError: as `core.decoding.decode` does.
    """
    pixels = decode(data, max_pixels=params.max_pixels, enough=params.largest_side).pixels
    return restored(encode(shrink(pixels, params.largest_side), params.quality))


def _bytes(path: Path, params: PhotoParams) -> bytes:
    try:
        found = path.stat()
        if S_ISDIR(found.st_mode):
            raise InputError(f"{path} is a folder. Name a photo file in it.")
        if not S_ISREG(found.st_mode):
            # A named pipe would keep its reader waiting forever.
            raise InputError(f"{path} is no regular file. Name a photo file.")
        if found.st_size > params.max_bytes:
            raise InputError(
                f"{path} has {found.st_size:,} bytes, at most {params.max_bytes:,} are read."
                " Save it smaller, or raise curate.photos.max_bytes."
            )
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path} does not exist. Name a photo file.") from None
    except (OSError, ValueError) as error:  # ValueError: a null character
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read: {reason}. Name a photo file that can.") from None
