"""What a network is shown of a photo: all of it, squeezed into a square, or the square about the garment."""

import cv2
import numpy as np

from core.foreground import Mask, background_flood
from core.images import Pixels, shrink

_SIDE = 96  # pixels; the garment is sought on a copy of this side
_LEAST, _MOST = 0.03, 0.9  # of the photo; a mask beyond these has found no garment
_MARGIN = 0.02  # of the square


def seen(pixels: Pixels, view: str) -> Pixels:
    """What of RGB uint8 (h, w, 3) a network is shown: all of it for `whole`, the square about it for `garment`."""
    return pixels if view == "whole" else cut_out(pixels)


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
