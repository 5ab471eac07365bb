"""The colour descriptor drawn: LAB histograms in the colours that they count."""

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from core.similarity import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GROUND = (65.0, 0.0, 0.0)  # the LAB colour of a panel, but for the channels on its axes
_SPANS = ((0.0, 100.0), (-127.0, 127.0), (-127.0, 127.0))
_SEEN = 110.0  # what sRGB holds of a and b
_TICKS = ((0, 50, 100), (-100, -50, 0, 50, 100), (-100, -50, 0, 50, 100))


def channel(axes: "Axes", counts: Floats, number: int) -> None:
    """Draw the histogram `counts` (bins,) of the channel `number` of L, a, b, above an axis in LAB units."""
    low, high = _SPANS[number]
    colors = np.tile(np.array(_GROUND), (1, 256, 1))
    colors[0, :, number] = np.linspace(low, high, 256)
    edges = np.linspace(low, high, len(counts) + 1)
    top = max(float(counts.max()), 1e-9) * 1.08
    axes.imshow(_rgb(colors), extent=(low, high, 0, top), aspect="auto", interpolation="bilinear")
    # White down to the counts, so that the colours stand below them.
    axes.stairs(np.full(len(counts), top), edges, baseline=counts, fill=True, color="white")
    axes.stairs(counts, edges, color="#555555", linewidth=0.8)
    axes.set(xlim=(0, 100) if number == 0 else (-_SEEN, _SEEN), ylim=(0, top), xticks=_TICKS[number], yticks=[])
    axes.set_ylabel("Lab"[number], rotation=0, ha="right", va="center")
    axes.spines[["top", "right", "left"]].set_visible(False)


def plane(axes: "Axes", counts: Floats) -> None:
    """Draw the histogram `counts` (cells, cells) over a (rows) and b (columns): a cell fades as it holds less."""
    low, high = _SPANS[1]
    cells = len(counts)
    middles = low + (np.arange(cells) + 0.5) * (high - low) / cells
    colors = np.tile(np.array(_GROUND), (cells, cells, 1))
    colors[..., 1], colors[..., 2] = middles[None, :], middles[:, None]  # a to the right, b upwards
    # A power below 1 keeps rare colours visible.
    held = (counts.T / max(float(counts.max()), 1e-9))[..., None] ** 0.4
    axes.imshow(1 - held * (1 - _rgb(colors)), extent=(low, high, low, high), origin="lower", interpolation="nearest")
    axes.axhline(0, color="#bbbbbb", linewidth=0.6)
    axes.axvline(0, color="#bbbbbb", linewidth=0.6)
    axes.set(xlim=(-_SEEN, _SEEN), ylim=(-_SEEN, _SEEN), xticks=_TICKS[1], yticks=_TICKS[2])
    axes.set_xlabel("a", labelpad=1)
    axes.set_ylabel("b", rotation=0, labelpad=-2, va="center")
    axes.spines[:].set_color("#bbbbbb")


def _rgb(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """LAB (h, w, 3) as RGB from 0 to 1; colours that sRGB lacks are clipped."""
    return np.clip(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB), 0, 1).astype(np.float64)
