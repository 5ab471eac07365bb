"""What rendered patterns are drawn from: coverage layers, shares of each pixel that a colour covers."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Layer = npt.NDArray[np.float32]  # (side, side), 0..1
Layers = tuple[Layer, Layer]  # of the ink and of a second colour
Drawing = Callable[[int, np.random.Generator, float], Layers]  # the side in pixels, a generator, the scale


def blank(side: int) -> Layer:
    """No coverage, (side, side)."""
    return np.zeros((side, side), np.float32)


def coverage(drawn: npt.NDArray[np.uint8]) -> Layer:
    """What was drawn, uint8 (side, side), as shares."""
    return drawn.astype(np.float32) / np.float32(255)


def ramp(side: int, degrees: float) -> Layer:
    """The coordinate in pixels across stripes; 0 degrees gives level stripes."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    angle = np.deg2rad(degrees)
    return (y * np.cos(angle) + x * np.sin(angle)).astype(np.float32)


def bands(along: Layer, period: float, duty: float) -> Layer:
    """Bands of width duty x period, their edges one pixel soft."""
    off_centre = np.abs((along / period) % 1 - 0.5)
    return np.clip((duty / 2 - off_centre) * period + 0.5, 0, 1).astype(np.float32)


def lattice(side: int, step: float, *, staggered: bool, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Places (x, y) in pixels, `step` apart, that cover the fabric and some of its surroundings."""
    left, top = rng.uniform(-1, 0, 2) * step
    rows = int(np.ceil(side / step)) + 2
    return [
        (left + (column + (0.5 if staggered and row % 2 else 0)) * step, top + row * step)
        for row in range(rows)
        for column in range(rows)
    ]
