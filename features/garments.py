"""Garments on catalog photos that other fabric can be laid onto: of one colour, and apart from their ground."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from core.foreground import SIDE, Mask, background_flood, large_parts
from core.images import Pixels, PixelStore, shrink
from core.views import square_about

Floats = npt.NDArray[np.float32]

_TRIED = 8  # photos per garment that is asked for, at most
_AREA = (0.06, 0.75)  # of the photo
_ALONG_BORDER = 0.25  # of the border; more is a mask that has leaked, or half a garment
_HUE = 13.0  # of 8-bit LAB: skin, hair, soles and linings are further from the fabric's a and b
_LIGHT = 65.0  # of 8-bit L: folds are nearer than this to the fabric's
_LEAST_CLOTH = 0.35  # of what stands apart
_GAP = 0.45  # of the side of a square as large as the fabric: as wide may a stripe or a letter be
_PRINT = 0.04  # of the fabric; more of other colours inside it is a pattern
_SMOOTH = 0.13  # of the side of a square as large as the fabric: the reach of a median filter
_RAGGED = 0.08  # of the fabric; more that the filter changes is a bad mask
_UNEVEN = 4.0  # of 8-bit grey; more mean departure from the light around is a pattern


class Garment(NamedTuple):
    """A garment on the photo `image_id`.

    `window` (top, bottom, left, right) is what the view shows, as shares of the photo; `cloth` is True on its fabric,
    bool (h, w), of a small copy of the window.
    """

    image_id: str
    window: tuple[float, float, float, float]
    cloth: Mask


def find(store: PixelStore, image_ids: Sequence[str], most: int, view: str) -> list[Garment]:
    """At most `most` garments on the photos `image_ids`, in that order, seen through `view`: `whole` or `garment`."""
    garments: list[Garment] = []
    for image_id in tqdm(image_ids[: most * _TRIED], "garments that can wear patterns", unit=" photos", delay=2):
        garment = on_photo(image_id, store[image_id], view)
        if garment is not None:
            garments.append(garment)
        if len(garments) == most:
            break
    return garments


def on_photo(image_id: str, pixels: Pixels, view: str) -> Garment | None:
    """The garment on RGB uint8 (h, w, 3), or None where none stands apart, or where it has a pattern already."""
    small = shrink(pixels, SIDE)
    apart = large_parts(~background_flood(small))
    border = np.concatenate([apart[0], apart[-1], apart[:, 0], apart[:, -1]])
    if not _AREA[0] <= apart.mean() <= _AREA[1] or border.mean() > _ALONG_BORDER:
        return None
    cloth = _of_main_colour(small, apart)
    if cloth.sum() < _LEAST_CLOTH * apart.sum() or _patterned(small, apart, cloth) or _ragged(cloth):
        return None
    cloth = apart & _grown(cloth, 3)
    height, width = cloth.shape
    top, bottom, left, right = square_about(apart) if view == "garment" else (0, height, 0, width)
    window = (top / height, bottom / height, left / width, right / width)
    return Garment(image_id, window, cloth[top:bottom, left:right].copy())


def local_mean(values: Floats, weights: Floats, reach: float) -> Floats:
    """The Gaussian mean of `values` (h, w) around each pixel, over the pixels that have `weights` (h, w) in 0..1."""
    some = weights + np.float32(1e-3)
    total = cv2.GaussianBlur(values * some, (0, 0), reach)
    return np.asarray(total / cv2.GaussianBlur(some, (0, 0), reach), np.float32)


def _of_main_colour(pixels: Pixels, apart: Mask) -> Mask:
    """Where in `apart` the colour is the one that most of it has, in light or shade."""
    lab = cv2.cvtColor(cv2.GaussianBlur(pixels, (0, 0), 1.2), cv2.COLOR_RGB2LAB).astype(np.float32)
    inner = _shrunk(apart, 5)
    main = np.median(lab[inner if inner.any() else apart], axis=0)
    # Colours of a fabric pale as its folds darken.
    paled = np.clip(lab[..., 0] / max(main[0], 1.0), 0.3, 1.0)[..., None]
    hue = lab[..., 1:] - 128 - (main[1:] - 128) * paled
    return large_parts(apart & ((hue * hue).sum(axis=2) < _HUE**2) & (abs(lab[..., 0] - main[0]) < _LIGHT))


def _patterned(pixels: Pixels, apart: Mask, cloth: Mask) -> bool:
    """Whether other colours lie inside or between the parts of `cloth`, or a fine print makes its light uneven."""
    outlines, _ = cv2.findContours(cloth.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros(cloth.shape, np.uint8), outlines, -1, 1, cv2.FILLED) > 0
    gap = round(_GAP * float(np.sqrt(cloth.sum()))) | 1
    closed = cv2.morphologyEx(cloth.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8)) > 0
    within = (_shrunk(filled, 5) | closed) & ~cloth & _shrunk(apart, 5)
    sure = _shrunk(cloth, 7)
    if within.sum() > _PRINT * cloth.sum() or not sure.any():
        return True
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return bool(abs(grey - local_mean(grey, cloth.astype(np.float32), 3.0))[sure].mean() > _UNEVEN)


def _ragged(cloth: Mask) -> bool:
    smooth = cv2.medianBlur(cloth.astype(np.uint8), round(_SMOOTH * float(np.sqrt(cloth.sum()))) | 1) > 0
    return bool((smooth ^ cloth).sum() > _RAGGED * cloth.sum())


def _grown(mask: Mask, width: int) -> Mask:
    return cv2.dilate(mask.astype(np.uint8), np.ones((width, width), np.uint8)) > 0


def _shrunk(mask: Mask, width: int) -> Mask:
    return cv2.erode(mask.astype(np.uint8), np.ones((width, width), np.uint8)) > 0
