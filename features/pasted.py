"""Fabric of known pattern laid onto a garment on a photo, under the light of the photo."""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from core.images import Pixels
from core.swatches import fabric
from features.garments import local_mean

Floats = npt.NDArray[np.float32]


class _Sizes(NamedTuple):
    """Multiples of what `core.motifs` draws on fabric as large as the garment, from `least` to `most`.

    At scale 1 the pattern of a fabric of fewer than `visible` pixels is too fine to be seen.
    """

    least: float
    most: float
    visible: float


_SIZES = {
    "solid": _Sizes(1.0, 1.0, 1.0),
    "striped": _Sizes(0.45, 1.7, 56.0),
    "checked": _Sizes(0.5, 1.6, 56.0),
    "printed": _Sizes(0.6, 1.3, 50.0),
    "polka_dot": _Sizes(0.5, 1.5, 58.0),
    "floral": _Sizes(0.45, 1.5, 60.0),
    "melange": _Sizes(0.8, 1.8, 115.0),
}
_REACH = 1.15  # of the garment's larger side: the fabric is turned beneath it
_TURN = 6.0  # degrees, the standard deviation
_LIGHT = 0.008  # of the photo's side: what is finer is the old fabric, not its folds
_GLOSS = 12.0  # of 8-bit grey: so much of dark fabric is the camera's, not the fabric's


def paste(photo: Pixels, cloth: Floats, pattern: str, aspect: float, rng: np.random.Generator) -> Pixels:
    """The photo with other fabric, in colours of its own choice: RGB uint8 (s, s, 3), unchanged away from `cloth`.

    Args:
        photo: RGB uint8 (s, s, 3).
        cloth: the share of each pixel that is fabric, float32 (s, s) in 0..1, some of it above 0.5.
        pattern: one of `core.swatches.PATTERNS`.
        aspect: width over height of what the photo shows; the fabric is squeezed with it.
    """
    size = len(photo)
    light = _light(photo, cloth)
    new = _laid(cloth, pattern, aspect, light, rng) * (light * _exposure(photo))[..., None]
    new = np.asarray(cv2.GaussianBlur(new, (0, 0), rng.uniform(0.25, 0.6) * max(size / 128, 0.75)), np.float32)
    new += rng.uniform(0.5, 3.5) * rng.standard_normal((size, size, 1), np.float32)
    soft = cv2.GaussianBlur(cloth, (0, 0), max(0.006 * size, 0.5))[..., None]
    return np.clip(np.rint(photo + soft * (new - photo)), 0, 255).astype(np.uint8)


def _light(photo: Pixels, cloth: Floats) -> Floats:
    """How bright the fabric is at each pixel, relative to all of it: folds, shade and seams, (s, s) around 1."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    # The outermost pixels are half background.
    inner = cv2.erode(cloth, np.ones((3, 3), np.uint8))
    mean = float((grey * inner).sum() / max(float(inner.sum()), 1e-3))
    local = local_mean(grey, np.asarray(inner, np.float32), _LIGHT * len(photo))
    return np.clip((local + _GLOSS) / (mean + _GLOSS), 0.45, 1.45).astype(np.float32)


def _exposure(photo: Pixels) -> float:
    """How bright white fabric would be on this photo, of 1."""
    brightest = float(np.percentile(photo[::4, ::4].max(axis=2), 95))
    return float(np.clip(brightest / 235, 0.65, 1.0))


def _laid(cloth: Floats, pattern: str, aspect: float, light: Floats, rng: np.random.Generator) -> Floats:
    """Flat fabric turned, bent with the folds and laid beneath the garment: RGB float32 (s, s, 3)."""
    size = len(cloth)
    stretch = np.array([min(aspect, 1.0), min(1 / aspect, 1.0)])  # from the squeezed photo to its own aspect
    rows, columns = np.flatnonzero(cloth.max(axis=1) > 0.5), np.flatnonzero(cloth.max(axis=0) > 0.5)
    extent = stretch * [np.ptp(columns) + 1, np.ptp(rows) + 1]
    middle = np.array([columns[0] + columns[-1], rows[0] + rows[-1]]) / 2
    side = max(8, round(_REACH * float(extent.max())))
    flat = fabric(pattern, side, rng, _scale(_SIZES[pattern], side, rng))
    turn = np.deg2rad(rng.normal(0, _TURN))
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.diag(stretch)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    at = np.stack([x - middle[0], y - middle[1]], axis=2) @ linear.T + side / 2
    drape = cv2.resize(rng.normal(0, 0.012, (4, 4, 2)), (size, size), interpolation=cv2.INTER_CUBIC)
    folds = 0.05 * (cv2.GaussianBlur(light, (0, 0), 0.02 * size) - 1)
    at = (at + side * (drape + folds[..., None])).astype(np.float32)
    laid = cv2.remap(flat, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(laid, np.float32)


def _scale(sizes: _Sizes, side: int, rng: np.random.Generator) -> float:
    least = max(sizes.least, sizes.visible / side)
    return float(np.exp(rng.uniform(np.log(least), np.log(max(least, sizes.most)))))
