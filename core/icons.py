"""The shapes of prints: dots, petals, icons and letters, drawn into a coverage layer (uint8, 255 is ink)."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

_SHIFT = 4  # OpenCV's fixed-point bits: a sixteenth of a pixel


def circle(
    drawn: npt.NDArray[np.uint8], x: float, y: float, radius: float, *, width: float = -1, shade: int = 255
) -> None:
    """A disc, or a ring `width` pixels thick; `shade` 0 takes ink away."""
    thickness = max(1, round(width)) if width > 0 else -1
    cv2.circle(drawn, _fixed(x, y), round(radius * 2**_SHIFT), shade, thickness, cv2.LINE_AA, _SHIFT)


def petal(drawn: npt.NDArray[np.uint8], x: float, y: float, turn: float, length: float, width: float) -> None:
    """An ellipse that starts near (x, y) and points along `turn` (radians)."""
    centre = _fixed(x + 0.55 * length * np.cos(turn), y + 0.55 * length * np.sin(turn))
    axes = round(length * 0.48 * 2**_SHIFT), round(width * 2**_SHIFT)
    cv2.ellipse(drawn, centre, axes, float(np.rad2deg(turn)), 0, 360, 255, -1, cv2.LINE_AA, _SHIFT)


def letters(
    drawn: npt.NDArray[np.uint8], x: float, y: float, height: float, count: int, rng: np.random.Generator
) -> None:
    """A line of `count` capitals, `height` pixels high, with its middle at (x, y)."""
    text = "".join(rng.choice(list("AEIOBCDGLMNRSTVW"), count))
    face = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)[rng.integers(3)]
    scale, thickness = height / 22, max(1, round(height / rng.uniform(5, 9)))
    (width, high), _ = cv2.getTextSize(text, face, scale, thickness)
    cv2.putText(drawn, text, (round(x - width / 2), round(y + high / 2)), face, scale, 255, thickness, cv2.LINE_AA)


def _fixed(x: float, y: float) -> tuple[int, int]:
    return round(x * 2**_SHIFT), round(y * 2**_SHIFT)


Motif = Callable[[npt.NDArray[np.uint8], float, float, float, float, np.random.Generator], None]


def _shape(*corners: tuple[float, float]) -> Motif:
    """A motif from the corners of a polygon in -1..1."""

    def draw(
        drawn: npt.NDArray[np.uint8], x: float, y: float, radius: float, turn: float, rng: np.random.Generator
    ) -> None:
        cos, sin = np.cos(turn), np.sin(turn)
        points = np.array(corners) @ np.array([[cos, sin], [-sin, cos]]) * radius + [x, y]
        cv2.fillPoly(drawn, [np.rint(points * 2**_SHIFT).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)

    return draw


def _letter(
    drawn: npt.NDArray[np.uint8], x: float, y: float, radius: float, turn: float, rng: np.random.Generator
) -> None:
    text = "ABEGHKMNRSXZ258&"[rng.integers(16)]
    scale, thickness = radius / 13, max(1, round(radius / 2.6))
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    corner = round(x - width / 2), round(y + height / 2)
    cv2.putText(drawn, text, corner, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA)


def _ring(
    drawn: npt.NDArray[np.uint8], x: float, y: float, radius: float, turn: float, rng: np.random.Generator
) -> None:
    circle(drawn, x, y, radius * 0.8, width=radius * 0.35)
    circle(drawn, x, y, radius * 0.3)


def _polar(radii: npt.NDArray[np.float64]) -> Motif:
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False) - np.pi / 2
    return _shape(*zip(radii * np.cos(angles), radii * np.sin(angles), strict=True))


def _heart() -> Motif:
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x = np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    return _shape(*zip(x, y, strict=True))


ICONS: tuple[Motif, ...] = (
    _polar(np.tile([1.05, 0.45], 5)),  # a star
    _polar(np.tile([1.05, 0.75], 12)),  # a badge
    _heart(),
    _shape((0.2, -1), (-0.6, 0.15), (-0.05, 0.15), (-0.25, 1), (0.6, -0.25), (0.05, -0.25)),  # a bolt
    _shape((0, -0.9), (0.95, 0.8), (-0.95, 0.8)),
    _shape((0, -1), (0.9, -0.1), (0.35, -0.1), (0.35, 0.9), (-0.35, 0.9), (-0.35, -0.1), (-0.9, -0.1)),  # an arrow
    _letter,
    _letter,
    _ring,
)
