"""What garments are drawn from: parts with an outline, dark lines and dots, in the frame of a standing body.

The frame: x from the body's middle to the right of the picture, y from the top of the head (0) to the soles (1).
An outline is a list of steps: `(x, y)` is a straight line to that point, `(cx, cy, x, y)` a quadratic curve to
(x, y) through the control point.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
Step = tuple[float, ...]


@dataclass(frozen=True)
class Part:
    """One filled shape. `role` tells its colour (`fabric`, `trim`, `inside`, ...), `grain` how its cloth is turned."""

    outline: Points  # (n, 2)
    role: str = "fabric"
    grain: float = 0.0  # degrees


@dataclass(frozen=True)
class Garment:
    """Parts from back to front, then lines (points, width) and dots (x, y, radius), all in the body's frame."""

    parts: tuple[Part, ...]
    lines: tuple[tuple[Points, float], ...] = ()
    dots: tuple[tuple[float, float, float], ...] = ()

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        points = np.concatenate([part.outline for part in self.parts])
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    def placed(self, scale: float, x: float, y: float) -> "Garment":
        """The same garment scaled about the origin, then moved by (x, y)."""
        move = np.array([x, y])
        return Garment(
            tuple(Part(part.outline * scale + move, part.role, part.grain) for part in self.parts),
            tuple((points * scale + move, width * scale) for points, width in self.lines),
            tuple((dot[0] * scale + x, dot[1] * scale + y, dot[2] * scale) for dot in self.dots),
        )


def trace(*steps: Step) -> Points:
    """The points of an outline, (n, 2); curves become 10 chords."""
    points = [np.array(steps[0][-2:], float)]
    for step in steps[1:]:
        end = np.array(step[-2:], float)
        if len(step) == 4:
            control, start = np.array(step[:2], float), points[-1]
            t = np.linspace(0, 1, 11)[1:, None]
            points.extend((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)
        else:
            points.append(end)
    return np.array(points)


def mirror(points: Points) -> Points:
    """The points on the other side of the body."""
    return points * np.array([-1.0, 1.0])


def symmetric(*steps: Step) -> Points:
    """A closed outline from its right half, traced from the middle at the top to the middle at the bottom."""
    half = trace(*steps)
    return np.concatenate([half, mirror(half)[::-1]])


def both(points: Points, role: str = "fabric", grain: float = 0.0) -> tuple[Part, Part]:
    """A part and its mirror image."""
    return Part(points, role, grain), Part(mirror(points), role, -grain)


def limb(start: Sequence[float], end: Sequence[float], width: float, end_width: float) -> Points:
    """A sleeve or a limb: a tapering strip from `start` to `end`."""
    a, b = np.array(start, float), np.array(end, float)
    across = np.array([-(b - a)[1], (b - a)[0]]) / np.linalg.norm(b - a) / 2
    return np.array([a + across * width, a - across * width, b - across * end_width, b + across * end_width])


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> Points:
    """32 points of an ellipse."""
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    return np.stack([x + radius_x * np.cos(angles), y + radius_y * np.sin(angles)], axis=1)
