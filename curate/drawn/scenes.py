"""Photos of a look: on a product page, and out on the street."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from core.images import Pixels
from curate.drawn import backgrounds
from curate.drawn.drawing import Layer, Look, View, draw, over
from curate.drawn.outlines import Garment
from curate.drawn.people import WORN, wearer, worn

Box = tuple[int, int, int, int]  # left, top, width, height in pixels
_OVERSAMPLING = 1.5


def catalog_photo(look: Look, category: str, gender: str, number: int, side: int, rng: np.random.Generator) -> Pixels:
    """One product photo, RGB uint8 (side, side, 3); the first is on white, further ones vary more."""
    size = (round(side * _OVERSAMPLING), round(side * _OVERSAMPLING))
    kinds = backgrounds.STUDIO
    scene = kinds[0 if number == 0 else rng.integers(1, len(kinds))](size, rng)
    on_model = number > 0 and category in WORN and category not in ("hats", "bags") and rng.random() < 0.3
    view = _framed(look, size, rng.uniform(0.74, 0.9), rng, turn=2.5 if on_model else 7.0, shift=0.03)
    layer = draw(look, view, size, rng, worn=on_model)
    if on_model:
        for below in reversed(wearer((category,), gender, rng)):
            layer = over(layer, draw(below, view, size, rng, worn=True))
    layer = _warped(layer, rng, tilt=0.02, wave=0.006)
    return _developed(_put(layer, scene, rng), side, side, rng, cast=0.02, noise=1.0)


def street_photo(
    looks: list[tuple[Look, str]], gender: str, side: int, rng: np.random.Generator
) -> tuple[Pixels, list[Box]]:
    """Garments (look, category) worn by one person, or one thing put down somewhere, among other things.

    Returns RGB uint8 (1.5 side, 1.2 side, 3) and the box of each garment.
    """
    height, width = round(1.5 * side), round(1.2 * side)
    size = (round(height * _OVERSAMPLING), round(width * _OVERSAMPLING))
    categories = tuple(category for _, category in looks)
    on_person = all(category in WORN for category in categories) and not (
        categories == ("bags",) and rng.random() < 0.4
    )
    if on_person:
        scene = backgrounds.OUTSIDE[rng.integers(len(backgrounds.OUTSIDE))](size, rng)
        products = [Look(worn(look.garment, category), look.colours, look.cloth) for look, category in looks]
        looks_below = wearer(categories, gender, rng)
    else:
        scene = backgrounds.floor(size, rng)
        products, looks_below = [look for look, _ in looks], []
    view = _framed(_joined(products), size, rng.uniform(0.42, 0.66), rng, turn=5.0 if on_person else 25.0, shift=0.1)
    warp = _warp(size, rng, tilt=0.05, wave=0.008)
    below = [draw(look, view, size, rng, worn=True) for look in looks_below]
    tops = [_remapped(draw(look, view, size, rng, worn=on_person), warp) for look in products]
    layer = np.zeros((*size, 4), np.float32)
    for each in below:
        layer = over(each, layer)
    layer = _remapped(layer, warp) if below else layer
    for each in tops:
        layer = over(each, layer)
    boxes = [_box(each[..., 3]) for each in tops]
    scene = _put(layer, scene, rng)
    if rng.random() < 0.6:
        _occlude(scene, boxes[0], rng)
    scene *= _shade(size, rng)
    return _developed(scene, width, height, rng, cast=0.07, noise=3.0), [_scaled(box, height, width) for box in boxes]


def _joined(looks: list[Look]) -> Look:
    """All parts as one garment, to frame them together."""
    return Look(Garment(tuple(part for look in looks for part in look.garment.parts)), {})


def _framed(
    look: Look, size: tuple[int, int], fill: float, rng: np.random.Generator, *, turn: float, shift: float
) -> View:
    """A view in which the garment fills the share `fill` of the frame, turned and shifted at random."""
    left, top, right, bottom = look.garment.box
    scale = fill * min(size[0] / (bottom - top), size[1] / (right - left))
    at = size[1] * (0.5 + rng.uniform(-shift, shift)), size[0] * (0.5 + rng.uniform(-shift, shift))
    flip = bool(rng.random() < 0.3)
    return View(((left + right) / 2, (top + bottom) / 2), at, scale, rng.uniform(-turn, turn), flip)


def _warp(size: tuple[int, int], rng: np.random.Generator, *, tilt: float, wave: float) -> npt.NDArray[np.float32]:
    """Where each pixel comes from, (h, w, 2): a camera held askew, and cloth that is not flat."""
    height, width = size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + (rng.uniform(-tilt, tilt, (4, 2)) * [width, height]).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, moved)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    grid = cv2.perspectiveTransform(np.dstack([x, y]).reshape(-1, 1, 2), matrix).reshape(height, width, 2)
    bends = rng.normal(0, wave * max(size), (4, 4, 2)).astype(np.float32)
    return np.asarray(grid + cv2.resize(bends, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _remapped(layer: Layer, warp: npt.NDArray[np.float32]) -> Layer:
    x, y = (np.ascontiguousarray(warp[..., axis]) for axis in (0, 1))
    return np.asarray(cv2.remap(layer, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.float32)


def _warped(layer: Layer, rng: np.random.Generator, *, tilt: float, wave: float) -> Layer:
    return _remapped(layer, _warp((layer.shape[0], layer.shape[1]), rng, tilt=tilt, wave=wave))


def _put(layer: Layer, scene: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """The layer on the scene with a soft shadow."""
    height, width = layer.shape[:2]
    small = cv2.resize(layer[..., 3], (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    shift = np.array([[1, 0, rng.uniform(-0.02, 0.02) * width / 4], [0, 1, rng.uniform(0.0, 0.025) * height / 4]])
    small = cv2.warpAffine(small, shift, (width // 4, height // 4))
    shadow = cv2.resize(cv2.GaussianBlur(small, (0, 0), max(1.0, width / 160)), (width, height))
    scene = scene * (1 - rng.uniform(0.15, 0.35) * shadow[..., None])
    return layer[..., :3] + scene * (1 - layer[..., 3:])


def _shade(size: tuple[int, int], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Light and shade that fall over the whole scene: factors, (h, w, 1)."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32) / max(size)
    turn = rng.uniform(0, 2 * np.pi)
    edge = (x - rng.uniform(0.3, 0.6)) * np.cos(turn) + (y - rng.uniform(0.3, 0.7)) * np.sin(turn)
    return np.asarray(1 - rng.uniform(0.05, 0.35) / (1 + np.exp(-edge * rng.uniform(5, 40))), np.float32)[..., None]


def _occlude(scene: npt.NDArray[np.float32], box: Box, rng: np.random.Generator) -> None:
    """Something in front of an edge of the garment: a pole, leaves, or a sign."""
    left, top, width, height = box
    colour = rng.uniform(40, 190) + rng.uniform(-35, 35, 3)
    rows = scene.shape[0]
    match rng.integers(3):
        case 0:
            x = round(left + width * rng.choice([rng.uniform(0.02, 0.15), rng.uniform(0.85, 0.98)]))
            cv2.line(scene, (x, 0), (x, rows), colour.tolist(), round(rows * rng.uniform(0.015, 0.03)))
        case 1:
            corner = left + width * float(rng.choice([0.05, 0.95])), top + height * float(rng.choice([0.05, 0.95]))
            for _ in range(14):
                centre = round(corner[0] + rng.normal(0, 0.12) * width), round(corner[1] + rng.normal(0, 0.08) * height)
                axes = round(rows * rng.uniform(0.01, 0.02)), round(rows * rng.uniform(0.025, 0.05))
                green = np.array([70, 116, 58]) + rng.uniform(-24, 24)
                cv2.ellipse(scene, centre, axes, rng.uniform(0, 180), 0, 360, green.tolist(), -1, cv2.LINE_AA)
        case _:
            x, y = round(left + width * rng.uniform(-0.3, 0.6)), round(top + height * rng.uniform(0.84, 0.92))
            cv2.rectangle(scene, (x, y), (x + round(width * 0.7), rows), colour.tolist(), -1)
            cv2.rectangle(scene, (x, y), (x + round(width * 0.7), rows), (colour * 0.7).tolist(), rows // 120)


def _box(alpha: npt.NDArray[np.float32]) -> Box:
    return tuple(int(value) for value in cv2.boundingRect((alpha > 0.5).astype(np.uint8)))  # type: ignore[return-value]


def _scaled(box: Box, height: int, width: int) -> Box:
    left, top = math.floor(box[0] / _OVERSAMPLING), math.floor(box[1] / _OVERSAMPLING)
    right = min(width, math.ceil((box[0] + box[2]) / _OVERSAMPLING))
    bottom = min(height, math.ceil((box[1] + box[3]) / _OVERSAMPLING))
    return left, top, right - left, bottom - top


def _developed(
    scene: npt.NDArray[np.float32], width: int, height: int, rng: np.random.Generator, *, cast: float, noise: float
) -> Pixels:
    """The scene as a photo: exposure and white balance off by up to `cast`, sensor noise, RGB uint8 (h, w, 3)."""
    photo = cv2.resize(scene, (width, height), interpolation=cv2.INTER_AREA)
    photo = photo * (1 + rng.uniform(-cast, cast / 2) + rng.uniform(-cast, cast, 3).astype(np.float32) / 2)
    photo = photo + noise * rng.standard_normal(photo.shape, np.float32)
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8)
