"""Axes in inches from the upper left corner, and the texts and photos on them.

One pair of axes for a whole figure: a pair for every photo takes seconds to draw.
"""

from typing import TYPE_CHECKING, Any

from core.images import Pixels
from features.captions import fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GREY = "#555555"
TITLE = 0.13  # inches from a title to what it heads


def in_inches(figure: "Figure") -> "Axes":
    """Axes that cover `figure`, without lines or ticks."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return axes


def text(
    axes: "Axes",
    x: float,
    y: float,
    words: str,
    size: float,
    room: float,
    *,
    ha: str = "left",
    weight: str = "normal",
    color: str = "black",
) -> None:
    """Write `words` in `size` points at (x, y), shortened to `room` inches."""
    # A label may hold dollar signs, which would begin a formula.
    style: Any = {"fontsize": size, "ha": ha, "va": "center_baseline", "weight": weight, "color": color}
    axes.text(x, y, fitted(words, room, size, weight), parse_math=False, **style)


def photo(
    axes: "Axes", left: float, top: float, side: float, pixels: Pixels, title: str = ""
) -> tuple[float, float, float, float]:
    """Draw RGB uint8 (h, w, 3) in the middle of a thin square frame; gives its left, right, top and bottom."""
    from matplotlib.patches import Rectangle

    height, width = (side * length / max(pixels.shape[:2]) for length in pixels.shape[:2])
    x, y = left + (side - width) / 2, top + (side - height) / 2
    axes.imshow(pixels, extent=(x, x + width, y + height, y), aspect="auto", interpolation="antialiased")
    axes.add_patch(Rectangle((left, top), side, side, fill=False, linewidth=0.8, edgecolor="#dddddd"))
    text(axes, left + side / 2, top - TITLE, title, 9, side, ha="center")
    return x, x + width, y, y + height
