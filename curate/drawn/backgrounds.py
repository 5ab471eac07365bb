"""What stands behind a garment: a studio, a room, a street, a park, a floor. All RGB float32 (h, w, 3) in 0..255."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Scene = npt.NDArray[np.float32]
Size = tuple[int, int]


def white(size: Size, rng: np.random.Generator) -> Scene:
    """The white of a product page."""
    return _plain(size, np.full(3, rng.uniform(250, 255)))


def grey(size: Size, rng: np.random.Generator) -> Scene:
    """A light grey sweep."""
    return _plain(size, rng.uniform(214, 238) + rng.uniform(-2, 2, 3))


def gradient(size: Size, rng: np.random.Generator) -> Scene:
    """A studio lamp: light in the middle, or from one side."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32) / max(size)
    if rng.random() < 0.5:
        share = np.hypot(x - rng.uniform(0.35, 0.65), y - rng.uniform(0.3, 0.5)) * 1.2
    else:
        turn = rng.uniform(0, 2 * np.pi)
        share = 0.5 + 0.6 * ((x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn))
    light, dark = rng.uniform(240, 253) + rng.uniform(-3, 3, 3), rng.uniform(178, 212) + rng.uniform(-7, 7, 3)
    share = np.clip(share, 0, 1)[..., None]
    return (light * (1 - share) + dark * share).astype(np.float32)


def wall(size: Size, rng: np.random.Generator) -> Scene:
    """A painted wall over a wooden floor, quiet enough for a product page."""
    paint = _pick([(214, 202, 186), (198, 210, 206), (222, 206, 204), (206, 208, 220), (226, 218, 196)], rng, 8)
    scene = _plain(size, paint)
    floor = round(size[0] * rng.uniform(0.8, 0.93))
    _boards(scene[floor:], _pick([(170, 134, 98), (196, 170, 138), (140, 108, 84)], rng, 8), rng)
    scene[max(0, floor - size[0] // 60) : floor] = paint * 0.92 + 18
    return scene * _light(size, rng, 0.07)


def room(size: Size, rng: np.random.Generator) -> Scene:
    """A lived-in room: pictures, shelves, furniture."""
    scene = wall(size, rng)
    height, width = size
    for _ in range(rng.integers(3, 6)):
        _framed(scene, rng, top=(0.0, 0.5), tall=(0.1, 0.28), wide=(0.1, 0.3))
    for _ in range(rng.integers(2, 5)):
        left, tall = rng.uniform(-0.1, 0.9) * width, rng.uniform(0.2, 0.5) * height
        _box(scene, left, height * 0.92 - tall, rng.uniform(0.15, 0.4) * width, tall, _muted(rng))
    return _blurred(scene, height * rng.uniform(0.002, 0.007))


def street(size: Size, rng: np.random.Generator) -> Scene:
    """House fronts with windows and shop signs over a pavement, with passers-by."""
    height, width = size
    scene = _plain(size, _pick([(196, 214, 230), (222, 226, 230), (178, 204, 232)], rng, 8))
    left = -rng.uniform(0, 0.2) * width
    while left < width:
        wide, top = rng.uniform(0.25, 0.5) * width, rng.uniform(-0.2, 0.25) * height
        _front(scene, left, top, wide, rng)
        left += wide
    ground = round(height * rng.uniform(0.68, 0.85))
    _boards(scene[ground:], _pick([(150, 148, 144), (120, 120, 124), (172, 160, 148)], rng, 8), rng)
    for _ in range(rng.integers(1, 5)):
        _passer_by(scene, rng.uniform(0, 1) * width, ground + rng.uniform(0.0, 0.1) * height, height, rng)
    scene *= _light(size, rng, 0.1)
    return _blurred(scene, height * rng.uniform(0.003, 0.01))


def park(size: Size, rng: np.random.Generator) -> Scene:
    """Trees and a lawn, out of focus."""
    height, width = size
    scene = _plain(size, _pick([(200, 220, 236), (224, 230, 228)], rng, 8))
    for _ in range(rng.integers(40, 70)):
        green = _pick([(70, 108, 58), (96, 130, 66), (124, 146, 84), (60, 88, 56)], rng, 16)
        centre = round(rng.uniform(0, width)), round(rng.normal(0.3, 0.17) * height)
        cv2.circle(scene, centre, round(rng.uniform(0.04, 0.13) * height), green.tolist(), -1, cv2.LINE_AA)
    for _ in range(rng.integers(1, 4)):
        left = rng.uniform(0, 1) * width
        _box(scene, left, 0, rng.uniform(0.03, 0.07) * width, 0.7 * height, _pick([(96, 76, 60), (74, 62, 54)], rng, 8))
    ground = round(height * rng.uniform(0.58, 0.75))
    scene[ground:] = _pick([(112, 142, 70), (134, 150, 86), (180, 164, 130)], rng, 8)
    scene *= _light(size, rng, 0.14)
    return _blurred(scene, height * rng.uniform(0.006, 0.014))


def floor(size: Size, rng: np.random.Generator) -> Scene:
    """A table or a floor from above, with things on it."""
    height, width = size
    scene = _plain(size, np.zeros(3))
    _boards(scene, _pick([(176, 140, 104), (206, 186, 160), (128, 102, 84), (160, 162, 164)], rng, 10), rng)
    for _ in range(rng.integers(6, 11)):
        centre = round(rng.uniform(0, width)), round(rng.uniform(0, height))
        radius = rng.uniform(0.04, 0.12) * height
        match rng.integers(3):
            case 0:
                cv2.circle(scene, centre, round(radius), _muted(rng).tolist(), -1, cv2.LINE_AA)
                cv2.circle(scene, centre, round(radius * 0.75), _muted(rng).tolist(), -1, cv2.LINE_AA)
            case 1:
                box = cv2.boxPoints((centre, (radius * 2.2, radius * 1.5), rng.uniform(0, 180)))
                cv2.fillPoly(scene, [np.rint(box).astype(np.int32)], _muted(rng).tolist(), cv2.LINE_AA)
            case _:
                end = round(centre[0] + rng.normal(0, 2) * radius), round(centre[1] + rng.normal(0, 2) * radius)
                cv2.line(scene, centre, end, _muted(rng).tolist(), max(2, round(radius / 5)), cv2.LINE_AA)
    return _blurred(scene * _light(size, rng, 0.1), height * 0.003)


STUDIO: tuple[Callable[[Size, np.random.Generator], Scene], ...] = (white, grey, gradient, wall)
OUTSIDE: tuple[Callable[[Size, np.random.Generator], Scene], ...] = (street, park, room)


def _plain(size: Size, colour: npt.NDArray[np.float64]) -> Scene:
    return np.tile(colour.astype(np.float32), (*size, 1))


def _blurred(scene: Scene, sigma: float) -> Scene:
    return np.asarray(cv2.GaussianBlur(scene, (0, 0), sigma), np.float32)


def _pick(colours: list[tuple[int, int, int]], rng: np.random.Generator, spread: float) -> npt.NDArray[np.float64]:
    return np.array(colours[rng.integers(len(colours))]) + rng.uniform(-spread, spread, 3)


def _muted(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return rng.uniform(60, 215) + rng.uniform(-45, 45, 3)


def _light(size: Size, rng: np.random.Generator, spread: float) -> Scene:
    """Uneven light: factors around 1, (h, w, 1)."""
    coarse = rng.normal(1, spread, (3, 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC), np.float32)[..., None]


def _box(scene: Scene, left: float, top: float, wide: float, tall: float, colour: npt.NDArray[np.float64]) -> None:
    corners = (round(left), round(top)), (round(left + wide), round(top + tall))
    cv2.rectangle(scene, *corners, colour.tolist(), -1)
    cv2.rectangle(scene, *corners, (colour * 0.75).tolist(), max(1, scene.shape[0] // 150))


def _framed(
    scene: Scene,
    rng: np.random.Generator,
    *,
    top: tuple[float, float],
    tall: tuple[float, float],
    wide: tuple[float, float],
) -> None:
    height, width = scene.shape[:2]
    x, y = rng.uniform(-0.1, 0.95) * width, rng.uniform(*top) * height
    w, h = rng.uniform(*wide) * width, rng.uniform(*tall) * height
    _box(scene, x, y, w, h, _muted(rng))
    _box(scene, x + w * 0.12, y + h * 0.12, w * 0.76, h * 0.76, _muted(rng))


def _boards(scene: Scene, colour: npt.NDArray[np.float64], rng: np.random.Generator) -> None:
    """Planks or paving stones, in place."""
    width = scene.shape[1]
    step = max(6, round(width * rng.uniform(0.08, 0.16)))
    scene[:] = colour
    for left in range(-int(rng.integers(step)), width, step):
        scene[:, max(0, left) : max(0, left + step)] = colour + rng.uniform(-10, 10)
        scene[:, max(0, left) : max(0, left + max(1, width // 200))] = colour * 0.8


def _front(scene: Scene, left: float, top: float, wide: float, rng: np.random.Generator) -> None:
    height = scene.shape[0]
    brick = _pick([(168, 120, 98), (198, 182, 160), (146, 142, 140), (184, 160, 130), (130, 110, 104)], rng, 14)
    _box(scene, left, top, wide, height, brick)
    glass, columns = _pick([(92, 106, 120), (66, 74, 84), (188, 196, 190)], rng, 10), int(rng.integers(2, 4))
    for row in range(4):
        for column in range(columns):
            x = left + wide * (column + 0.25) / columns
            _box(scene, x, top + height * (0.05 + 0.17 * row), wide * 0.5 / columns, height * 0.1, glass)
    if rng.random() < 0.7:
        _box(scene, left + wide * 0.05, height * rng.uniform(0.4, 0.55), wide * 0.9, height * 0.07, _muted(rng))


def _passer_by(scene: Scene, x: float, feet: float, height: int, rng: np.random.Generator) -> None:
    tall = rng.uniform(0.3, 0.5) * height
    coat, legs = _muted(rng), _muted(rng) * 0.6
    _box(scene, x - tall * 0.09, feet - tall * 0.45, tall * 0.18, tall * 0.45, legs)
    _box(scene, x - tall * 0.13, feet - tall * 0.84, tall * 0.26, tall * 0.42, coat)
    cv2.circle(scene, (round(x), round(feet - tall * 0.92)), round(tall * 0.07), (196, 156, 130), -1, cv2.LINE_AA)
