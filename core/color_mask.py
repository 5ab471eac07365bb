"""Which pixels count for the colour: the inside of the garment, without the skin of whoever wears it."""

import cv2
import numpy as np

from core.color_params import MaskParams
from core.foreground import LEAST_SIDE, SIDE, Foreground, Mask, background_flood, large_parts, ramp
from core.images import Pixels, shrink

_TOLERANCES = (1.0, 0.7, 0.5, 0.35)  # of the flood: a lower one where it has run into the garment
_SURE = 0.8  # confidence from which none of the lower ones is tried
_RIM = 0.03  # of the photo's side: shading, seams and the ground's colours gather along a garment's outline
_INSIDE = 0.4  # of the garment that stays at least
_SKIN = (40, 133, 77), (255, 173, 127)  # YCrCb; a darker colour has no hue to speak of
_LEAST_SKIN = 0.01  # of the garment; smaller patches are print
_OUTER = 0.4  # of a patch's outline that lies on the garment's; fabric of that colour lies within
_NEAR = 5  # pixels, odd: a window of this side reaches across the blurred edge of the mask


def garment(pixels: Pixels, params: MaskParams) -> Foreground:
    """What counts of RGB uint8 (h, w, 3): bool (h, w), never empty, and how far it can be trusted.

    All that the flood of the background leaves, less its rim and skin; the whole photo where that is trusted less
    than `params.confidence`.
    """
    small = shrink(pixels, SIDE)
    mask, confidence = _apart(small)
    if confidence < params.confidence or not mask.any():
        return Foreground(np.ones(pixels.shape[:2], bool), confidence)
    inner = _inner(mask & ~_skin(small, mask, params.skin))
    if inner.shape != pixels.shape[:2]:
        inner = cv2.resize(inner.astype(np.uint8), pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    return Foreground(inner, confidence)


def _apart(pixels: Pixels) -> Foreground:
    """What the flood leaves, by the first tolerance that gives a mask to be sure of, or by the best of them."""
    best = Foreground(np.zeros(pixels.shape[:2], bool), 0.0)
    for tolerance in _TOLERANCES:
        mask = large_parts(~background_flood(pixels, tolerance))
        confidence = _confidence(mask)
        if confidence > best.confidence:
            best = Foreground(mask, confidence)
        if best.confidence >= _SURE:
            break
    return best


def _confidence(mask: Mask) -> float:
    """From 0 to 1: falls where `mask` is next to nothing or next to all, runs along the border, or is in shreds.

    Shreds are what a flood leaves of a garment that it has run into: little beside their hull, and all edge.
    """
    if min(mask.shape) < LEAST_SIDE or not mask.any():
        return 0.0
    area = float(mask.mean())
    border = float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())
    outlines, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(outlines)))
    width = 2 * _rim(mask) + 1
    inside = cv2.erode(mask.view(np.uint8), np.ones((width, width), np.uint8)).mean()
    confidence = ramp(area, 0.02, 0.05) * ramp(1 - area, 0.05, 0.15) * ramp(1 - border, 0.5, 0.85)
    return confidence * ramp(inside / area, 0.2, 0.5) * ramp(mask.sum() / max(hull, 1.0), 0.2, 0.5)


def _skin(pixels: Pixels, mask: Mask, most: float) -> Mask:
    """Patches of skin along the outline of `mask`, bool (h, w), by the colours of Chai and Ngan (1999).

    None where pixels of these colours are more than the share `most` of `mask`.
    """
    coloured = cv2.inRange(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb), *_SKIN)
    coloured = cv2.morphologyEx(cv2.min(coloured, mask.view(np.uint8)), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    share, least = cv2.countNonZero(coloured) / mask.sum(), _LEAST_SKIN * mask.sum()
    if share < _LEAST_SKIN or share > most or share == 1:
        return np.zeros_like(mask)
    count, labels = cv2.connectedComponents(coloured, connectivity=4)
    outline = np.flatnonzero(coloured > cv2.erode(coloured, np.ones((3, 3), np.uint8)))
    outer = outline[cv2.erode(mask.view(np.uint8), np.ones((_NEAR, _NEAR), np.uint8)).flat[outline] == 0]
    all_round, open_to = (np.bincount(labels.flat[places], minlength=count) for places in (outline, outer))
    chosen = (open_to >= _OUTER * all_round) & (np.bincount(labels.ravel()) >= least)
    chosen[0] = False
    return chosen[labels]


def _inner(mask: Mask) -> Mask:
    """The pixels of `mask` that lie inside its rim, or the `_INSIDE` of them that lie deepest."""
    depth = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, 3)
    inner = depth > _rim(mask)
    return inner if inner.sum() >= _INSIDE * mask.sum() else depth >= np.quantile(depth[mask], 1 - _INSIDE)


def _rim(mask: Mask) -> int:
    return round(_RIM * max(mask.shape))
