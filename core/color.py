"""The colour descriptor: histograms of the garment in LAB."""

from functools import lru_cache

import cv2
import numpy as np

from core.color_mask import garment
from core.color_params import ColorParams
from core.foreground import SIDE, Mask
from core.images import Pixels, shrink
from core.similarity import Floats

_LIGHT = 255 / 100  # units of 8-bit L in one of CIE L; those of a and b are the same in both


def dimensions(params: ColorParams) -> int:
    """The length of the descriptor."""
    return 3 * params.bins if params.histogram == "marginal" else params.cells**2 + params.bins


def descriptor(pixels: Pixels, params: ColorParams) -> Floats:
    """The colours of the garment on RGB uint8 (h, w, 3): the `histogram` of what `core.color_mask` leaves of it."""
    small = shrink(pixels, SIDE)
    return histogram(small, garment(small, params.mask).mask, params)


def histogram(pixels: Pixels, mask: Mask, params: ColorParams) -> Floats:
    """The colours of RGB uint8 (h, w, 3) where bool (h, w) `mask` is True, on one pixel at least.

    Returns float32 (dimensions(params),), nothing below 0, that sums to 1. `marginal`: (bins,) of L, of a and of b, a
    third each, every channel in bins of equal width. `joint`: (cells, cells) over a (rows) and b (columns), two thirds,
    then (bins,) of L. A count is spread over the bins about it, so that a shade is near its neighbours, and then raised
    to the power `dominance`.
    """
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.uint8, copy=False)
    of_light, of_hue = _spread(params.bins, params.smoothing * _LIGHT), _spread(params.bins, params.smoothing)
    light = _settled(_counts(lab, mask, 0) @ of_light, params.dominance)
    if params.histogram == "marginal":
        a, b = (_settled(_counts(lab, mask, channel) @ of_hue, params.dominance) for channel in (1, 2))
        return np.asarray(np.concatenate([light, a, b]) / 3, np.float32)
    of_cells = _spread(params.cells, params.smoothing)
    plane = _settled(np.linalg.multi_dot([of_cells.T, _counts(lab, mask, 1, 2), of_cells]), params.dominance)
    return np.asarray(np.concatenate([2 * plane.ravel(), light]) / 3, np.float32)


def _counts(lab: Pixels, mask: Mask, *channels: int) -> Floats:
    """How often each value of one channel, (256,), or of two, (256, 256), stands where `mask` is True."""
    counts = cv2.calcHist([lab], channels, mask.view(np.uint8), [256] * len(channels), [0, 256] * len(channels))
    return np.asarray(counts, np.float32).reshape([256] * len(channels))


@lru_cache
def _spread(bins: int, sigma: float) -> Floats:
    """How a count of each 8-bit value falls on `bins` bins of equal width: (256, bins), rows that sum to 1.

    By a Gaussian of `sigma` units about the value; for 0, on the two bins whose middles it lies between.
    """
    width = 256 / bins
    apart = np.abs(np.arange(256)[:, None] + 0.5 - width * (np.arange(bins) + 0.5))
    if sigma > 0:
        # The nearest bin weighs 1, or all would be 0 where sigma is small beside a bin.
        weights = np.exp((apart.min(axis=1, keepdims=True) ** 2 - apart**2) / (2 * sigma**2))
    else:
        weights = np.maximum(1 - apart / width, 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _settled(counts: Floats, dominance: float) -> Floats:
    """`counts` raised to the power `dominance`, as shares."""
    powers = (counts / counts.max()) ** np.float32(dominance)
    return np.asarray(powers / powers.sum(), np.float32)
