"""The figure of `features show`: what the descriptors make of one photo, and what they hold to be near it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.color_params import ColorParams
from core.foreground import Foreground
from core.images import Pixels
from core.similarity import Floats
from features import lab_panels, png
from features.inches import GREY, TITLE, in_inches, photo, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# All in inches.
_WIDTH, _EDGE = 12.0, 0.3
_SQUARE = 2.7  # the photo's side, and the mask's
_TOP, _BELOW = 1.1, 4.2  # where the photo begins, and the neighbours
_COLORS, _TELLING = 7.35, 8.75  # the middle of the histograms, and where the classes begin
_GAP, _LINE = 0.08, 0.15  # between two neighbours, and a caption's line
_NAME, _BAR, _ROW = 1.25, 1.15, 0.21  # of a class: its name, its bar, and its height
_CLASSES, _FEWEST = 5, 6  # counts: classes by a descriptor at most, columns of neighbours at least


@dataclass(frozen=True)
class Shown:
    """What is known of a photo, RGB uint8 (h, w, 3), and what was computed from it.

    `foreground` is what the colour was counted on, and `histogram` the colour's descriptor as `color` asks for it:
    (3 * bins,) or (cells * cells + bins,). `top` holds classes and probabilities by descriptor, most probable first, of
    which five have room; `neighbors` photos and captions by descriptor, nearest first. Such a caption may have several
    lines.
    """

    image_id: str
    caption: str
    pixels: Pixels
    foreground: Foreground
    histogram: Floats
    color: ColorParams
    top: dict[str, list[tuple[str, float]]]
    neighbors: dict[str, list[tuple[Pixels, str]]]


def figure(path: Path, shown: Shown) -> None:
    """Write `shown` as PNG; the same gives the same bytes."""
    png.write(path, lambda: draw(shown))


def draw(shown: Shown) -> "Figure":
    """The figure: the photo, its mask, its colours and its classes; below, a strip of neighbours per descriptor."""
    from matplotlib.figure import Figure

    columns = max([_FEWEST, *(len(found) for found in shown.neighbors.values())])
    side = (_WIDTH - 2 * _EDGE + _GAP) / columns - _GAP
    heights = [_strip_height(found, side) for found in shown.neighbors.values()]
    drawn = Figure((_WIDTH, _BELOW + sum(heights)), dpi=110, facecolor="white")
    axes = in_inches(drawn)
    text(axes, _EDGE, 0.3, shown.image_id, 12, _WIDTH - 2 * _EDGE, weight="bold")
    text(axes, _EDGE, 0.55, shown.caption, 9, _WIDTH - 2 * _EDGE, color=GREY)
    photo(axes, _EDGE, _TOP, _SQUARE, shown.pixels, f"photo, {shown.pixels.shape[1]} x {shown.pixels.shape[0]}")
    _masked(axes, _EDGE + _SQUARE + 0.15, shown)
    text(axes, _COLORS, _TOP - TITLE, f"{shown.color.histogram} LAB histogram", 9, 2, ha="center")
    _histograms(drawn, shown)
    for number, (name, classes) in enumerate(shown.top.items()):
        _classes(axes, _TELLING, _TOP + 1.43 * number, name, classes)
    top = _BELOW
    for (name, found), height in zip(shown.neighbors.items(), heights, strict=True):
        _strip(axes, top, side, name, found)
        top += height
    return drawn


def _masked(axes: "Axes", left: float, shown: Shown) -> None:
    """The photo with what the colour leaves out faded, and a line around what it counts."""
    mask, confidence = shown.foreground
    kept = "the whole photo counts" if mask.all() else f"mask, {mask.mean():.0%} of the photo"
    faded = np.where(mask[..., None], shown.pixels, 255 - (255 - shown.pixels) // 4).astype(np.uint8)
    x0, x1, y0, y1 = photo(axes, left, _TOP, _SQUARE, faded, f"{kept}, confidence {confidence:.2f}")
    if mask.any() and not mask.all():
        height, width = mask.shape
        # A border of nothing, so that the line closes where the mask meets the photo's edge.
        x = x0 + (np.arange(-1, width + 1) + 0.5).clip(0, width) * (x1 - x0) / width
        y = y0 + (np.arange(-1, height + 1) + 0.5).clip(0, height) * (y1 - y0) / height
        axes.contour(x, y, np.pad(mask, 1).astype(float), levels=[0.5], colors="#d55e00", linewidths=1.2)


def _histograms(drawn: "Figure", shown: Shown) -> None:
    def panel(top: float, width: float, height: float) -> "Axes":
        full = drawn.get_figheight()
        left = _COLORS - width / 2
        axes = drawn.add_axes((left / _WIDTH, 1 - (_TOP + top + height) / full, width / _WIDTH, height / full))
        axes.tick_params(labelsize=7, length=2, pad=2, color=GREY)
        return axes

    values, cells = shown.histogram, shown.color.cells
    if shown.color.histogram == "joint":
        lab_panels.plane(panel(0, 1.75, 1.75), values[: cells * cells].reshape(cells, cells))
        lab_panels.channel(panel(2.17, 1.75, 0.4), values[cells * cells :], 0)
    else:
        for number, counts in enumerate(values.reshape(3, -1)):
            lab_panels.channel(panel(0.94 * number, 2.1, 0.69), counts, number)


def _classes(axes: "Axes", left: float, top: float, name: str, classes: Sequence[tuple[str, float]]) -> None:
    from matplotlib.patches import Rectangle

    text(axes, left + _NAME, top - TITLE, f"{name} class", 9, _BAR + 0.5)
    for number, (label, share) in enumerate(classes[:_CLASSES]):
        middle = top + _ROW * (number + 0.5)
        text(axes, left + _NAME - 0.06, middle, label, 8, _NAME - 0.06, ha="right")
        color = "#0072b2" if number == 0 else "#b9c3cc"
        axes.add_patch(Rectangle((left + _NAME, middle - 0.07), _BAR * share, 0.14, color=color, linewidth=0))
        text(axes, left + _NAME + _BAR * share + 0.05, middle, f"{share:.2f}", 8, 0.4, color=GREY)


def _strip_height(found: Sequence[tuple[Pixels, str]], side: float) -> float:
    lines = max((caption.count("\n") + 1 for _, caption in found), default=0)
    return 0.3 + (side + _LINE * lines + 0.2 if found else 0.4)


def _strip(axes: "Axes", top: float, side: float, name: str, found: Sequence[tuple[Pixels, str]]) -> None:
    text(axes, _EDGE, top + 0.1, f"nearest by {name}", 9, 5, weight="bold")
    if not found:
        text(axes, _EDGE, top + 0.35, "no photo of another product in the partition", 8, 5, color=GREY)
    for place, (pixels, caption) in enumerate(found):
        left = _EDGE + place * (side + _GAP)
        photo(axes, left, top + 0.25, side, pixels)
        for number, line in enumerate(caption.split("\n")):
            middle = top + 0.3 + side + _LINE * (number + 0.5)
            text(axes, left + side / 2, middle, line, 7.5, side, ha="center", color=GREY)
