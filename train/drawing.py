"""How figures are drawn and written: one look, and repeatable bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.figure import Figure

mpl.use("Agg")

Layout = Literal["constrained"] | None

_STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
}


@contextmanager
def drawing(path: Path, width: float, height: float, *, layout: Layout = "constrained") -> Iterator[Figure]:
    """Give a figure of so many inches, and write it to `path` as PNG at the end."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout=layout)
        yield figure
        figure.savefig(path, dpi=120, metadata={"Software": None})
