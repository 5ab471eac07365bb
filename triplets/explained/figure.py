"""A triplet explained in a figure: the three photos, the distances of both pairs as bars, and what guarded it."""

import warnings
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from core.atomic import replacing
from core.tables import DESCRIPTORS
from triplets.explained.explain import SIDES, Explained, Photo
from triplets.explained.text import guard, heading, made
from triplets.sheets import draw_photo

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# All but the inch in sides of a photo.
_INCH = 2.5
_WIDTH, _EDGE = 5.0, 0.08
_HEAD, _CAPTION, _LINE = 0.28, 0.09, 0.085
_BARS, _BAR = 3.72, 0.85  # where the bars begin, and how long the longest is
_COLORS = {"positive": "#3b6ea8", "negative": "#d98c2b"}
_GREY = "#555555"


def write(path: Path, of: Explained) -> None:
    """Write `of` as PNG; the same gives the same bytes."""
    from matplotlib.figure import Figure

    lines = [line for words in (guard(of), made(of)) for line in wrap(words, 120, break_on_hyphens=False)]
    captions = [_caption(part, photo) for part, photo in of.photos.items()]
    below = _HEAD + 1 + _CAPTION + _LINE * max(map(len, captions)) + 0.1
    height = below + _LINE * len(lines) + _EDGE
    figure = Figure((_INCH * _WIDTH, _INCH * height), dpi=110, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(height, 0))
    axes.axis("off")
    _text(axes, _EDGE, _HEAD / 2, heading(of), fontsize=13, weight="bold")
    for place, (photo, caption) in enumerate(zip(of.photos.values(), captions, strict=True)):
        left = _EDGE + place * 1.06
        draw_photo(axes, left, _HEAD, photo.pixels)
        for number, line in enumerate(caption):
            top = _HEAD + 1 + _CAPTION + _LINE * number
            _text(axes, left + 0.03, top, line, weight="bold" if number == 0 else "normal")
    _distances(axes, of)
    for number, line in enumerate(lines):
        _text(axes, _EDGE + 0.03, below + _LINE * number, line, color=_GREY)
    with warnings.catch_warnings(), replacing(path) as beside:
        # An id may hold letters that the font lacks; they become boxes.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        # No software name: the same bytes from every version of the library that draws the same.
        figure.savefig(beside, format="png", metadata={"Software": None})


def _caption(part: str, photo: Photo) -> list[str]:
    told = f"{part}, rank {photo.rank:,}" if photo.rank else part
    named = [photo.image_id, f"product {photo.product_id}", photo.partition]
    return [told, *(line for name in named for line in _lines(name))]


def _lines(name: str) -> list[str]:
    """At most three lines; of a longer name the middle goes, as ids differ at the end."""
    lines = wrap(name, 30, break_on_hyphens=False)
    return lines if len(lines) <= 3 else [lines[0], "…", lines[-1]]


def _distances(axes: "Axes", of: Explained) -> None:
    """The bars, a pair for the fused distance and for each descriptor, and the descriptor's part in the fused one."""
    from matplotlib.patches import Rectangle

    longest = max(1e-9, *(apart for side in SIDES for apart in of.distances[side].values()))
    for number, name in enumerate(("distance", *DESCRIPTORS)):
        top = _HEAD + 0.04 + 0.255 * number
        label = "fused" if name == "distance" else f"{name}\nweight {of.weights[name]:.2f}"
        _text(axes, _BARS - 0.05, top + 0.09, label, ha="right")
        for row, side in enumerate(SIDES):
            apart = of.distances[side][name]
            length, y = _BAR * apart / longest, top + 0.09 * row
            axes.add_patch(Rectangle((_BARS, y), length, 0.075, color=_COLORS[side], linewidth=0))
            value = f"{apart:.2f}" if name == "distance" else f"{apart:.2f}, {of.parts[side][name]:.0%}"
            _text(axes, _BARS + length + 0.03, y + 0.04, value)
    top = _HEAD + 1 + _CAPTION
    for row, side in enumerate(SIDES):
        _text(axes, _BARS, top + _LINE * row, f"query to {side}", color=_COLORS[side], weight="bold")
    _text(axes, _BARS, top + _LINE * 2, "percent: part of the fused, squared", color=_GREY)


def _text(axes: "Axes", x: float, y: float, words: str, **style: Any) -> None:
    # An id may hold dollar signs, which would begin a formula.
    axes.text(x, y, words, va="center", parse_math=False, **{"fontsize": 9} | style)
