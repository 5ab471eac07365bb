"""The figure of a confusion matrix."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from features import png
from features.captions import shortened
from features.judged import Counts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COUNTED = 25  # classes up to which the cells have room for counts
_LONGEST = 24  # characters of a class's name


def figure(path: Path, counts: Counts, names: tuple[str, ...], heading: str) -> None:
    """Write what `draw` draws as PNG; the same counts give the same bytes."""
    png.write(path, lambda: draw(counts, names, heading))


def draw(counts: Counts, names: tuple[str, ...], heading: str) -> "Figure":
    """The figure of `counts` (classes, classes), true by guessed class, coloured by the share of the true class.

    `heading` begins the title and says what was judged, such as "structure, test".
    """
    from matplotlib.figure import Figure

    classes, total = len(names), int(counts.sum())
    # Inches: names can be read in cells of 0.15, and a figure of thousands of classes must still fit into memory.
    cell = max(min(0.5, 8 / classes), min(0.15, 24 / classes))
    side = max(cell * classes, 2.4)
    drawn = Figure((side + 3.0, side + 2.0), dpi=110, facecolor="white", layout="constrained")
    axes = drawn.add_subplot(xlabel="guessed", ylabel="true (photos)")
    accuracy = f", accuracy {np.trace(counts) / total:.3f}" if total else ""
    # A label may hold dollar signs, which would begin a formula.
    drawn.suptitle(f"{heading}: {total:,} photos{accuracy}", parse_math=False, fontsize=11)
    photos = counts.sum(axis=1)
    shares = counts / np.maximum(photos, 1)[:, None]
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    bar = drawn.colorbar(image, ax=axes, shrink=0.6, aspect=24, pad=0.02)
    bar.set_label("share of the true class", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
    _label(axes, [shortened(name, _LONGEST) for name in names], photos, size=min(9.0, 60 * cell))
    if classes <= _COUNTED:
        _count(axes, counts, shares, size=min(9.0, 20 * cell))
    return drawn


def _label(axes: "Axes", names: list[str], photos: Counts, size: float) -> None:
    places = range(len(names))
    axes.set_xticks(places, names, parse_math=False, fontsize=size, rotation=90)
    counted = [f"{name} ({count:,})" for name, count in zip(names, photos, strict=True)]
    axes.set_yticks(places, counted, parse_math=False, fontsize=size)
    axes.tick_params(length=0)
    # Thin white lines between the cells, and no frame around them.
    edges = np.arange(len(names) + 1) - 0.5
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color="#e6e6e6", linewidth=0.6)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_color("#e6e6e6")


def _count(axes: "Axes", counts: Counts, shares: npt.NDArray[np.float64], size: float) -> None:
    """Write the counts above 0 into their cells."""
    for row, column in zip(*np.nonzero(counts), strict=True):
        color = "white" if shares[row, column] > 0.55 else "#222222"
        axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", fontsize=size, color=color)
