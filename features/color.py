"""The colour descriptor: LAB histograms, one per channel."""

import cv2
import numpy as np

from core.images import Pixels
from core.similarity import Floats

# OpenCV's float LAB: L 0..100, a and b -127..127; calcHist leaves the upper end out, so it lies just beyond.
_RANGES = ((0.0, 100.001), (-127.0, 127.001), (-127.0, 127.001))


def lab_histogram(pixels: Pixels, bins: int) -> Floats:
    """Histograms of L, a and b, one after the other: (3 * bins,) float32 that sum to 1.

    Args:
        pixels: RGB uint8 (height, width, 3).
        bins: per channel, of equal width over the channel's whole range.
    """
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    counts = [
        cv2.calcHist([lab], [channel], None, [bins], list(limits)).ravel() for channel, limits in enumerate(_RANGES)
    ]
    return np.concatenate(counts).astype(np.float32) / np.float32(3 * lab.shape[0] * lab.shape[1])
