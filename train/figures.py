"""The figures of an evaluation. Each function draws one and writes it as PNG with repeatable bytes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from core.images import Pixels
from core.tables import KINDS

mpl.use("Agg")

# One colour per system in every figure; the two that the reader compares stand out (Okabe and Ito's palette).
COLORS = {
    "structure": "#b9c3cc",
    "pattern": "#8fa3b3",
    "color": "#64798a",
    "recommender": "#e69f00",
    "untrained": "#9ad0f0",
    "trained": "#0072b2",
}
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
def _figure(path: Path, width: float, height: float) -> Iterator[Figure]:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        figure.savefig(path, dpi=120, metadata={"Software": None})


def triplet_accuracy(path: Path, numbers: dict[str, Any]) -> None:
    """Bars per kind and system, with the line of guessing."""
    systems = numbers["systems"]
    kinds = [kind for kind in KINDS if kind in numbers["counts"]["triplets"]]
    labels = [f"{kind.replace('_', '-')}\n{numbers['counts']['triplets'][kind]:,} triplets" for kind in kinds]
    with _figure(path, 8, 4.2) as figure:
        axes = figure.add_subplot(ylabel="triplet accuracy", ylim=(0, 1.08), title="Is the positive nearer? (test)")
        values = {name: [scores["triplet_accuracy"][kind] for kind in kinds] for name, scores in systems.items()}
        _bars(axes, labels, values)
        axes.axhline(0.5, color="#444444", linewidth=1, linestyle="--", label="guessing")
        figure.legend(
            loc="outside lower center", ncols=len(systems) + 1, fontsize=9, handlelength=1.2, columnspacing=1.2
        )


def attribute_agreement(path: Path, numbers: dict[str, Any]) -> None:
    """Bars per attribute and system, with marks at what random neighbours and a perfect ranking share."""
    bounds = {
        name: {"category": numbers[name].get("category"), **numbers[name]["attributes"]}
        for name in ("chance", "ceiling")
    }
    chance = bounds["chance"]
    names = [name for name, share in chance.items() if share is not None]
    values = {
        system: [{"category": scores.get("category"), **scores["attributes"]}[name] for name in names]
        for system, scores in numbers["systems"].items()
    }
    with _figure(path, max(6, 2 + 1.9 * len(names)), 4.2) as figure:
        axes = figure.add_subplot(
            ylabel="share of neighbours", ylim=(0, 1.08), title="Same value as the query? (test queries)"
        )
        _bars(axes, names, values)
        for place, name in enumerate(names):
            for bound, style in (("chance", "--"), ("ceiling", ":")):
                label = bound if place == 0 else ""
                share = bounds[bound][name]
                axes.hlines(
                    share, place - 0.45, place + 0.45, color="#444444", linestyle=style, linewidth=1, label=label
                )
        figure.legend(loc="outside lower center", ncols=4, fontsize=9, handlelength=1.2, columnspacing=1.2)


def _bars(axes: Axes, labels: Sequence[str], values: dict[str, list[float]]) -> None:
    width = 0.84 / len(values)
    places = np.arange(len(labels))
    for number, (system, heights) in enumerate(values.items()):
        shift = (number - (len(values) - 1) / 2) * width
        bars = axes.bar(places + shift, heights, width * 0.92, color=COLORS[system], label=system)
        axes.bar_label(bars, fmt=lambda height: f"{height:.2f}".lstrip("0"), fontsize=7, padding=1)
    axes.set_xticks(places, labels, parse_math=False)
    axes.tick_params(axis="x", length=0)


def recall(path: Path, numbers: dict[str, Any]) -> None:
    """Recall at k of the same product, and the hit rate from street to shop where there are street photos."""
    panels = [("same_product", "recall", "recall@k, other photos of the product")]
    if numbers["counts"]["street_to_shop"]["queries"]:
        panels.append(("street_to_shop", "hit_rate", "hit rate@k, street to shop"))
    with _figure(path, 4.6 * len(panels) + 0.4, 4.4) as figure:
        for place, (task, measure, title) in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), place + 1, title=title, xlabel="k", ylim=(0, 1.03))
            for system, scores in numbers["systems"].items():
                curve = {
                    int(name.split("@")[1]): value for name, value in scores.get(task, {}).items() if _is(name, measure)
                }
                strong = system in ("recommender", "trained")
                axes.plot(
                    list(curve),
                    list(curve.values()),
                    color=COLORS[system],
                    linewidth=2.2 if strong else 1.4,
                    marker="o",
                    markersize=5 if strong else 3.5,
                    label=system if place == 0 else None,
                )
                axes.set_xticks(list(curve))
        figure.legend(loc="outside lower center", ncols=6, fontsize=9, handlelength=1.4, columnspacing=1.2)


def _is(name: str, measure: str) -> bool:
    return name.startswith(f"{measure}@")


def training(path: Path, history: Sequence[dict[str, str]]) -> None:
    """Loss, val accuracy by kind, and distances over the epochs, of the rows of `history.csv`."""
    panels = (
        ("loss", {"loss": ("train", "#e69f00"), "val_loss": ("val", "#0072b2")}),
        (
            "val triplet accuracy",
            {f"val_{kind}": (kind.replace("_", "-"), color) for kind, color in zip(KINDS, _KIND_COLORS, strict=True)},
        ),
        ("mean distance (train)", {"d_positive": ("D(q,p)", "#009e73"), "d_negative": ("D(q,n)", "#d55e00")}),
    )
    with _figure(path, 11, 3.6) as figure:
        for place, (title, lines) in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), place + 1, title=title, xlabel="epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            for column, (label, color) in lines.items():
                points = [(int(row["epoch"]), float(row[column])) for row in history if row[column]]
                if points:
                    axes.plot(*zip(*points, strict=True), color=color, marker="o", markersize=4, label=label)
            if axes.lines:
                axes.legend(fontsize=9)
            if title == "val triplet accuracy":
                axes.set_ylim(None, 1.02)


_KIND_COLORS = ("#0072b2", "#9ad0f0", "#e69f00")


def neighbors(path: Path, rows: Sequence[tuple[Pixels, dict[str, list[Pixels]]]], columns: int) -> None:
    """A row per query: its photo, then the nearest by each system, at most `columns` each, side by side."""
    systems = list(rows[0][1])
    across = 1 + len(systems) * columns
    with _figure(path, 0.95 * across + 0.5, 0.98 * len(rows) + 0.4) as figure:
        # A thin empty column stands before each system.
        widths = [1.0, *([0.15, *[1.0] * columns] * len(systems))]
        grid = figure.add_gridspec(len(rows), len(widths), width_ratios=widths)
        for down, (query, found) in enumerate(rows):
            _photo(figure.add_subplot(grid[down, 0]), query, "query" if down == 0 else None)
            for number, system in enumerate(systems):
                for place, photo in enumerate(found[system][:columns]):
                    title = system if (down, place) == (0, 0) else None
                    _photo(figure.add_subplot(grid[down, 2 + number * (columns + 1) + place]), photo, title)


def _photo(axes: Axes, pixels: Pixels, title: str | None) -> None:
    axes.imshow(pixels)
    axes.set_axis_off()
    if title:
        axes.set_title(title, loc="left", fontsize=9)
