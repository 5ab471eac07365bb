"""What a stored photo looks like: measured once, and flagged where a measure is below its threshold.

The kinds of issues are those of cleanvision (https://github.com/cleanlab/cleanvision).
"""

from itertools import compress
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from core.images import Pixels
from curate.params import QualityParams

FLAGS = ("dark", "blurry", "low_information", "odd_aspect", "animated")
_BRIGHT = 0.99
# A flat photo with a few dead pixels or a speck of dust stays flat.
_SPECKS = 0.001


class Quality(NamedTuple):
    """Measures of one photo; of all, less is worse.

    Attributes:
        brightness: of 1, the value of the brightest channel that 99 percent of the pixels do not exceed: a dark photo
            has no bright pixels, a bright photo of a black dress has. Luma would call photos of pure red or blue dark.
        sharpness: standard deviation of the Laplacian of gray, in levels of 255 (Pech-Pacheco et al., Diatom
            autofocusing in brightfield microscopy, 2000). It depends on the size that the photo is stored at.
        entropy: of the histogram of gray, in bits, from 0 to 8.
        aspect: the short side over the long one, before the photo was shrunk.
        range: levels between the darkest and the brightest value of the channel that varies most, leaving out one
            pixel in a thousand at either end.
    """

    brightness: float
    sharpness: float
    entropy: float
    aspect: float
    range: float


def measure(pixels: Pixels, width: int, height: int) -> Quality:
    """Measure a photo as it is stored, RGB uint8 (h, w, 3); width and height in pixels, before it was shrunk."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    channels = [_quantiles(_histogram(pixels, channel), [_SPECKS, _BRIGHT, 1 - _SPECKS]) for channel in range(3)]
    _, deviation = cv2.meanStdDev(cv2.Laplacian(gray, cv2.CV_16S))
    return Quality(
        brightness=max(bright for _, bright, _ in channels) / 255,
        sharpness=float(deviation[0, 0]),
        entropy=_entropy(_histogram(gray, 0)),
        aspect=min(width, height) / max(width, height),
        range=float(max(highest - lowest for lowest, _, highest in channels)),
    )


def flags(quality: Quality, frames: int, params: QualityParams) -> tuple[str, ...]:
    """Those of `FLAGS` that hold for a photo whose file has `frames` frames; none of them rejects it."""
    found = (
        quality.brightness < params.dark,
        quality.sharpness < params.blurry,
        quality.entropy < params.low_information,
        quality.aspect < params.odd_aspect,
        frames > 1,
    )
    return tuple(compress(FLAGS, found))


def _histogram(values: npt.NDArray[Any], channel: int) -> npt.NDArray[np.float64]:
    return cv2.calcHist([values], [channel], None, [256], [0, 256]).ravel().astype(np.float64)


def _quantiles(levels: npt.NDArray[np.float64], shares: list[float]) -> list[int]:
    """For each of `shares` the lowest level that at least this share of the values does not exceed."""
    below = np.cumsum(levels)
    return np.searchsorted(below, np.multiply(shares, below[-1])).tolist()


def _entropy(levels: npt.NDArray[np.float64]) -> float:
    shares = levels[levels > 0] / levels.sum()
    return float(shares @ np.log2(1 / shares))
