"""What a network is shown of a photo: all of it, squeezed into a square, or the square about the garment."""

import hashlib
import inspect
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import cv2
import numpy as np
import numpy.typing as npt

from core import foreground, images
from core.foreground import Mask, background_flood
from core.images import Pixels, shrink, squared
from core.predict import StoredPhotos
from features.cache import photo_key

_SIDE = 96  # pixels; the garment is sought on a copy of this side
_LEAST, _MOST = 0.03, 0.9  # of the photo; a mask beyond these has found no garment
_MARGIN = 0.02  # of the square


@dataclass(frozen=True)
class CatalogPhotos(StoredPhotos):
    """The photos of a pixel store under `image_id` (n,), in that order, seen through `view`: `whole` or `garment`."""

    view: str

    def load(self, rows: npt.NDArray, size: int) -> Pixels:
        if self.view == "whole":
            return super().load(rows, size)
        return np.stack([squared(cut_out(self.store[image_id]), size) for image_id in self.image_id[rows]])

    def keys(self) -> Sequence[bytes | None]:
        """What the feature cache knows each photo by."""
        return [photo_key(self.store.encoded(image_id)) for image_id in self.image_id]


@cache
def fingerprint(view: str) -> str:
    """What decides what a network is shown of one stored photo: the view, its code and the library's version."""
    modules = [images] if view == "whole" else [images, foreground, sys.modules[__name__]]
    made_by = [view, version("opencv-python-headless"), *map(inspect.getsource, modules)]
    return hashlib.sha256(json.dumps(made_by).encode()).hexdigest()


def cut_out(pixels: Pixels) -> Pixels:
    """The square about the garment, or the whole of RGB uint8 (h, w, 3) where it does not stand apart."""
    small = shrink(pixels, _SIDE)
    found = cv2.morphologyEx((~background_flood(small)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if not _LEAST <= found.mean() <= _MOST:
        return pixels
    top, bottom, left, right = square_about(found > 0)
    height, width = pixels.shape[0] / small.shape[0], pixels.shape[1] / small.shape[1]
    return pixels[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]


def square_about(mask: Mask) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of the square about what is True in `mask` (h, w), as far as the photo reaches."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    side = max(int(np.ptp(rows)), int(np.ptp(columns))) + 1
    reach = side / 2 + _MARGIN * side
    middles = (rows[0] + rows[-1] + 1) / 2, (columns[0] + columns[-1] + 1) / 2
    (top, bottom), (left, right) = (
        (max(0, int(middle - reach)), min(length, int(np.ceil(middle + reach))))
        for middle, length in zip(middles, mask.shape, strict=True)
    )
    return top, bottom, left, right
