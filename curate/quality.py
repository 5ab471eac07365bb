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
# The darkest and the brightest of all but a few, so that a flat photo with a speck of dust stays flat; and the bright.
_SMALL = 64  # pixels
_SHARES = np.array([0.001, 0.99, 0.999], np.float32)


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
    # Every fourth pixel tells as much of the light as all of them.
    large = min(gray.shape) > _SMALL
    some = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST) if large else pixels
    lowest, bright, highest = _quantiles([_histogram(some, channel) for channel in range(3)])
    return Quality(
        brightness=max(bright) / 255,
        # Root mean square: the mean of a Laplacian is next to nothing.
        sharpness=cv2.norm(cv2.Laplacian(gray, cv2.CV_16S), cv2.NORM_L2) / gray.size**0.5,
        entropy=_entropy(_histogram(gray, 0)),
        aspect=min(width, height) / max(width, height),
        range=float(max(high - low for low, high in zip(lowest, highest, strict=True))),
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


def _histogram(values: npt.NDArray[Any], channel: int) -> npt.NDArray[np.float32]:
    return cv2.calcHist([values], [channel], None, [256], [0, 256]).ravel().astype(np.float32, copy=False)


def _quantiles(histograms: list[npt.NDArray[np.float32]]) -> list[list[int]]:
    """For each share (of 3) and channel the lowest level that at least this share of the values does not exceed."""
    below = np.cumsum(histograms, axis=1)  # whole numbers below 2**24, which float32 has
    wanted = _SHARES * below[0, -1]
    return np.transpose([levels.searchsorted(wanted) for levels in below]).tolist()


def _entropy(histogram: npt.NDArray[np.float32]) -> float:
    shares = histogram[histogram > 0].astype(np.float64) / float(histogram.sum(dtype=np.float64))
    return float(shares @ np.log2(1 / shares))
