"""Figures as PNG files: whole or absent, the same bytes each time."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write(path: Path, draw: Callable[[], "Figure"]) -> None:
    """Write what `draw` draws; a letter that the font lacks becomes a box, without a word on the console."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        drawn = draw()
        with replacing(path) as beside:
            # No software name: the same bytes from every version of the library that draws the same.
            drawn.savefig(beside, format="png", metadata={"Software": None})
