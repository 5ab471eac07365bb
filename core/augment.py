"""One random affine map per training photo: flips, zoom, shear and rotation in a single interpolation."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.images import Pixels

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """How far maps reach, either way: `zoom` of the scale, `shear` a tangent, `rotation` degrees, `shift` of the side.

    Every second map mirrors; where `upside_down`, every second one turns the photo upside down too.
    """

    zoom: float
    shear: float
    rotation: float
    shift: float
    upside_down: bool


def draw(count: int, size: int, spread: Spread, rng: np.random.Generator) -> Floats:
    """Draw `count` maps (count, 2, 3) about the centre of photos of size x size."""
    angle = np.deg2rad(rng.uniform(-spread.rotation, spread.rotation, count))
    shear = rng.uniform(-spread.shear, spread.shear, count)
    scale = rng.uniform(1 - spread.zoom, 1 + spread.zoom, count)
    flip_x, flip_y = rng.choice([-1.0, 1.0], (2, count))
    if not spread.upside_down:
        flip_y = np.ones(count)
    cos, sin = np.cos(angle), np.sin(angle)
    # rotation @ shear @ (scale and flips), written out: (count, 2, 2)
    linear = np.stack(
        [
            np.stack([cos * flip_x, (cos * shear - sin) * flip_y], axis=-1),
            np.stack([sin * flip_x, (sin * shear + cos) * flip_y], axis=-1),
        ],
        axis=1,
    )
    linear *= scale[:, None, None]
    centre = np.full(2, (size - 1) / 2)
    offset = centre - linear @ centre
    if spread.shift:
        offset += rng.uniform(-spread.shift * size, spread.shift * size, (count, 2))
    return np.concatenate([linear, offset[:, :, None]], axis=2)


def warp(photos: Pixels, maps: Floats) -> Pixels:
    """Apply the map (2, 3) of each photo to it; outside, the nearest pixel goes on. RGB uint8 (n, size, size, 3)."""
    size = photos.shape[2], photos.shape[1]
    return np.stack(
        [
            cv2.warpAffine(photo, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for photo, matrix in zip(photos, maps, strict=True)
        ]
    ).astype(np.uint8, copy=False)
