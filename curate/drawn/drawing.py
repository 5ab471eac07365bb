"""Garments as pixels: outlines filled with cloth, shaded, on a layer with its own alpha."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from core.images import Pixels
from core.swatches import RGB
from curate.drawn.outlines import Garment, Part, Points, ellipse

Colours = dict[str, RGB]
Layer = npt.NDArray[np.float32]  # (h, w, 4): RGB in 0..255 times alpha, alpha in 0..1
_SHIFT = 4


@dataclass(frozen=True)
class Look:
    """A garment with what it is made of: the colour of each role; `cloth` covers the roles that have none."""

    garment: Garment
    colours: Colours
    cloth: Pixels | None = None

    @cached_property
    def middle(self) -> tuple[float, float]:
        """The middle of the garment's box."""
        left, top, right, bottom = self.garment.box
        return (left + right) / 2, (top + bottom) / 2

    @cached_property
    def extent(self) -> float:
        """The side of a square as large as the garment's box: the cloth is scaled to it."""
        left, top, right, bottom = self.garment.box
        return float(np.sqrt((right - left) * (bottom - top)))


@dataclass(frozen=True)
class View:
    """From the garment's frame to pixels: a turn and a scale about `centre`, which falls on `at`."""

    centre: tuple[float, float]
    at: tuple[float, float]
    scale: float  # pixels per unit
    turn: float = 0.0  # degrees
    flip: bool = False

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """(2, 3)."""
        angle = np.deg2rad(self.turn)
        linear = self.scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        if self.flip:
            linear[:, 0] *= -1
        return np.column_stack([linear, np.array(self.at) - linear @ np.array(self.centre)])

    def __call__(self, points: Points) -> Points:
        return points @ self.matrix[:, :2].T + self.matrix[:, 2]


def draw(look: Look, view: View, size: tuple[int, int], rng: np.random.Generator, *, worn: bool = False) -> Layer:
    """One garment on an empty layer of `size` (h, w). Worn ones show no inside: the body is there."""
    layer = np.zeros((*size, 4), np.float32)
    for part in look.garment.parts:
        if worn and part.role == "inside":
            continue
        points = view(part.outline)
        rows, columns = _window(points, size)
        window = layer[rows, columns]
        if window.size:
            offset = np.array([columns.start, rows.start])
            mask = _filled(points - offset, window.shape[:2])
            surface = (
                _surface(part, look, view, offset, mask.shape) * _volume(mask, view.scale * look.extent)[..., None]
            )
            window *= 1 - mask[..., None]
            window[..., :3] += surface * mask[..., None]
            window[..., 3] += mask
    rows, columns = _window(view(np.concatenate([part.outline for part in look.garment.parts])), size)
    if layer[rows, columns].size:
        layer[rows, columns, :3] *= _creases(layer[rows, columns].shape[:2], rng)[..., None]
    _details(layer[..., :3], look, view)
    return layer


def over(top: Layer, below: Layer) -> Layer:
    """`top` composited on `below`, which is overwritten."""
    below *= 1 - top[..., 3:]
    below += top
    return below


def _window(points: Points, size: tuple[int, ...], margin: int = 2) -> tuple[slice, slice]:
    """The rows and columns of the layer that the points need."""
    low = np.floor(points.min(axis=0)).astype(int) - margin
    high = np.ceil(points.max(axis=0)).astype(int) + margin + 1
    (left, top), (right, bottom) = np.clip(low, 0, size[1::-1]), np.clip(high, 0, size[1::-1])
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _filled(points: Points, size: tuple[int, ...]) -> npt.NDArray[np.float32]:
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.rint(points * 2**_SHIFT).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
    return mask.astype(np.float32) / np.float32(255)


def _surface(
    part: Part, look: Look, view: View, offset: npt.NDArray[np.int_], size: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    """The cloth or the plain colour of `part`, (h, w, 3) or (3,)."""
    if part.role in look.colours or look.cloth is None:
        return np.array(look.colours[part.role], np.float32)
    side = look.cloth.shape[0]
    # A collar shows the cloth at another angle, or it would vanish in it.
    grain = part.grain + (90 if part.role == "collar" else 0)
    centre = np.array(look.middle if grain == 0 else part.outline.mean(axis=0))
    to_frame = View((side / 2, side / 2), (float(centre[0]), float(centre[1])), 1.2 * look.extent / side, grain)
    to_pixels = np.vstack([view.matrix, [0, 0, 1]]) @ np.vstack([to_frame.matrix, [0, 0, 1]])
    to_pixels[:2, 2] -= offset
    cloth = cv2.warpAffine(
        look.cloth, to_pixels[:2], (size[1], size[0]), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    ).astype(np.float32)
    return cloth * np.float32(0.9) if part.role in ("trim", "collar") else cloth


def _volume(mask: npt.NDArray[np.float32], extent: float) -> npt.NDArray[np.float32]:
    """Darker towards the edge, as a round body is."""
    depth = cv2.GaussianBlur(mask, (0, 0), max(1.0, extent / 45))
    return 0.74 + 0.26 * np.clip(2.3 * depth - 1.15, 0, 1)


def _creases(size: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Soft folds that hang down: factors around 1, (h, w)."""
    fine = rng.normal(0, 0.05, (5, 13)).astype(np.float32)
    coarse = rng.normal(0, 0.035, (4, 4)).astype(np.float32)
    folds = [cv2.resize(noise, (size[1], size[0]), interpolation=cv2.INTER_CUBIC) for noise in (fine, coarse)]
    return 1 + folds[0] + folds[1]


def _details(rgb: npt.NDArray[np.float32], look: Look, view: View) -> None:
    """Seams and buttons: darker than what lies below, or lighter on dark cloth."""
    for points, width in look.garment.lines:
        thickness = max(1, round(width * view.scale))
        rows, columns = _window(view(points), rgb.shape[:2], margin=thickness + 2)
        stroke = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        if stroke.size:
            corners = (view(points) - [columns.start, rows.start]) * 2**_SHIFT
            cv2.polylines(stroke, [np.rint(corners).astype(np.int32)], False, 255, thickness, cv2.LINE_AA, _SHIFT)
            _tint(rgb[rows, columns], stroke, 0.6)
    for x, y, radius in look.garment.dots:
        disc = view(ellipse(x, y, radius, radius))
        rows, columns = _window(disc, rgb.shape[:2])
        window = rgb[rows, columns]
        if window.size:
            _tint(window, 255 * _filled(disc - [columns.start, rows.start], window.shape[:2]), 0.7)


def _tint(window: npt.NDArray[np.float32], stroke: npt.NDArray[Any], strength: float) -> None:
    share = stroke[..., None].astype(np.float32) / 255 * strength
    dark = window.mean() < 60
    window += share * ((window * 1.5 + 70 if dark else window * 0.35) - window)
