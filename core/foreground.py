"""The garment on a product photo: what is not joined to the photo's border by the colours of that border."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from core.images import Pixels, shrink

Mask = npt.NDArray[np.bool_]
Colours = npt.NDArray[np.float32]

SIDE = 160  # pixels; a larger photo is masked on a copy of this side
LEAST_SIDE = 8  # pixels; a thinner photo is all border
_WEIGHTS = np.array([0.7 * 100 / 255, 1, 1], np.float32)  # of 8-bit LAB: light falls unevenly, a surface's hue stays
_SHADOW = 9.0  # of weighted lightness: so much darker than its colour may the background be
_GLARE = 2.0  # likewise: so much lighter, under a lamp
_STEP = 10.0  # of 8-bit LAB over three pixels: a step that stops the flood, unless the border has larger ones
_SAMPLES = 400  # pixels that stand for the border, and as many for the middle
_COLOURS = 4  # of the border
_LEAST_SHARE = 0.05  # of the border; a rarer colour is a speck on it
_LEAVING = 0.25  # of the border; a colour rarer than this but common in the middle is a garment that leaves the photo
_SMALL_PART = 0.12  # of the largest part; smaller ones are no garments
_ROUNDS = 2


class Foreground(NamedTuple):
    """`mask` is True on the garment, bool (h, w); `confidence` from 0 to 1 says how far it can be trusted."""

    mask: Mask
    confidence: float


def background_flood(pixels: Pixels, tolerance: float = 1.0) -> Mask:
    """What is joined to the border of RGB uint8 (h, w, 3) by the border's own colours: bool (h, w), True on background.

    Fast, and enough alone for photos on a plain ground; soft shadows around the garment stay with it in part. A
    `tolerance` below 1 takes fewer colours for the border's, where the garment is nearly of the same.
    """
    lab = cv2.cvtColor(cv2.blur(pixels, (3, 3)), cv2.COLOR_RGB2LAB)
    channels, near = cv2.split(lab), np.zeros(lab.shape[:2], bool)
    for colour, reach in _border_colours(_border(lab) * _WEIGHTS, _middle(lab) * _WEIGHTS):
        near |= _squared_distance(channels, colour) < (tolerance * reach) ** 2
    step = cv2.morphologyEx(lab, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    step = cv2.max(cv2.max(step[..., 0], step[..., 1]), step[..., 2])
    edge = step > max(_STEP, 1.3 * float(np.percentile(_border(step), 90)))
    joined = _touching_border(near & ~edge)
    # Back over the steps that stopped it, as far as the colour goes.
    return near & (cv2.dilate(joined.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def foreground(pixels: Pixels) -> Foreground:
    """The garment on RGB uint8 (h, w, 3), one that stands apart from the photo's border; its wearer may stay with it.

    `background_flood`, then GrabCut from its mask (Rother et al., 2004), by which shadows and gaps are told from
    cloth. The confidence falls where the two disagree, where the mask is next to nothing or next to everything, and
    where it runs along the border.
    """
    small = shrink(pixels, SIDE)
    flooded = large_parts(~background_flood(small))
    if flooded.all() or not flooded.any() or min(flooded.shape) < LEAST_SIDE:
        return Foreground(np.zeros(pixels.shape[:2], bool), 0.0)
    cut = large_parts(_grab_cut(small, flooded))
    agreement = (cut & flooded).sum() / (cut | flooded).sum()
    area, off_border = float(cut.mean()), 1 - float(_border(cut).mean())
    confidence = ramp(agreement, 0.5, 0.85) * ramp(off_border, 0.5, 0.85)
    confidence *= ramp(area, 0.02, 0.05) * ramp(1 - area, 0.05, 0.15)
    full = cv2.resize(cut.astype(np.float32), pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    return Foreground(full, confidence)


def _border(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values along the border of `image` (h, w, ...), (about `_SAMPLES`, ...)."""
    ring = max(2, round(0.025 * max(image.shape[:2])))
    sides = image[:ring], image[-ring:], image[ring:-ring, :ring], image[ring:-ring, -ring:]
    return _thinned(np.concatenate([side.reshape(-1, *image.shape[2:]) for side in sides]))


def _middle(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    top, left = image.shape[0] // 4, image.shape[1] // 4
    return _thinned(image[top : image.shape[0] - top, left : image.shape[1] - left].reshape(-1, 3))


def _thinned(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return values[:: max(1, len(values) // _SAMPLES)]


def _squared_distance(channels: Sequence[npt.NDArray[Any]], colour: Colours) -> Colours:
    """Of 8-bit L, a and b, (h, w) each, from a weighted colour (3,): (h, w). Shadow and glare count for less.

    Looked up, as a channel has but 256 values.
    """
    apart = np.arange(256, dtype=np.float32)[:, None] * _WEIGHTS - colour
    apart[:, 0] = np.maximum(apart[:, 0] - _GLARE, 0) + np.minimum(apart[:, 0] + _SHADOW, 0)
    tables = np.ascontiguousarray((apart * apart).T)
    light, a, b = (cv2.LUT(channel, table) for channel, table in zip(channels, tables, strict=True))
    return np.asarray(light + a + b, np.float32)


def _border_colours(border: Colours, middle: Colours) -> list[tuple[Colours, float]]:
    """The colours of the background, (3,) each, and how far from them it still is background.

    k-means of the border (n, 3) from centres spread over its lightness (Lloyd, 1982), without what the middle (m, 3)
    shows to be the garment.
    """
    by_lightness = border[np.argsort(border @ np.array([1, 0.5, 0.5], np.float32), kind="stable")]
    centres = by_lightness[((np.arange(_COLOURS) + 0.5) / _COLOURS * len(border)).astype(int)]
    nearest = np.empty(0, np.int64)
    for _ in range(6):
        before, nearest = nearest, ((centres**2).sum(axis=1) - 2 * border @ centres.T).argmin(axis=1)
        if np.array_equal(before, nearest):
            break
        mine = nearest == np.arange(_COLOURS)[:, None]
        share = mine.mean(axis=1)
        centres = np.where(share[:, None] > 0, mine @ border / np.maximum(mine.sum(axis=1), 1)[:, None], centres)
        centres = centres.astype(np.float32)
    colours = []
    for centre, of_centre, on_border in zip(centres, mine, share, strict=True):
        if on_border >= _LEAST_SHARE:
            spread = float(np.sqrt(((border[of_centre] - centre) ** 2).sum(axis=1).mean()))
            tolerance = min(3.0 + 2.0 * spread, 13.0)
            in_middle = (((middle - centre) ** 2).sum(axis=1) < tolerance**2).mean()
            if on_border >= _LEAVING or in_middle <= 2 * on_border:
                colours.append((centre, tolerance))
    return colours


def _touching_border(near: Mask) -> Mask:
    """The components of `near` (h, w) that touch the border."""
    framed = cv2.copyMakeBorder(near.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(framed, None, (0, 0), 2)
    return np.asarray(framed[1:-1, 1:-1] == 2)


def _grab_cut(pixels: Pixels, flooded: Mask) -> Mask:
    trimap = np.where(flooded, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    models = np.zeros((2, 1, 65))
    cv2.setRNGSeed(1)  # it starts with k-means
    cv2.grabCut(pixels, trimap, (0, 0, 0, 0), models[0], models[1], _ROUNDS, cv2.GC_INIT_WITH_MASK)
    return (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)


def large_parts(mask: Mask) -> Mask:
    """The large components of `mask` (h, w), threads cut off."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels = cv2.connectedComponents(opened, connectivity=8)
    area = np.bincount(labels.ravel())
    area[0] = 0
    return ((area > 0) & (area >= _SMALL_PART * area.max()))[labels]


def ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, even steps between."""
    return min(max((float(value) - low) / (high - low), 0.0), 1.0)
