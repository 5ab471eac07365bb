"""What is drawn as curves: the retrieval at rising cut-offs, and the training over its epochs."""

from collections.abc import Sequence
from dataclasses import dataclass

from train.evaluation.bootstrap import Estimate
from train.evaluation.judgement import Judgement
from train.evaluation.words import COLORS, KINDS

_KIND_COLORS = ("#0072b2", "#9ad0f0", "#e69f00")
# By panel, the columns of history.csv, how they are called, and their colours.
PANELS = {
    "loss": {"loss": ("train", "#e69f00"), "val_loss": ("val", "#0072b2")},
    "val triplet accuracy": {
        f"val_{kind}": (name, color) for (kind, name), color in zip(KINDS.items(), _KIND_COLORS, strict=True)
    },
    "mean distance (train)": {"d_positive": ("D(q,p)", "#009e73"), "d_negative": ("D(q,n)", "#d55e00")},
}
_RATES = {
    ("same_product", "recall"): "recall@k, other photos of the product",
    ("within_category", "hit_rate"): "hit rate@k, street, within_category",
    ("all_categories", "accuracy"): "accuracy@k, street, all_categories",
}


@dataclass(frozen=True)
class Curve:
    """A line of a chart: its points as SVG writes them, in percent of the width and, from above, of the height."""

    label: str
    color: str
    points: str
    dots: list[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    """Curves on one scale, its ticks from left to right, what stands at its ends, and the chart in words."""

    title: str
    across: list[str]
    up: tuple[str, str]
    curves: list[Curve]
    said: str


def at_cutoffs(judgement: Judgement) -> dict[str, dict[str, dict[int, Estimate]]]:
    """By title, system and cut-off, what has been measured."""
    charts: dict[str, dict[str, dict[int, Estimate]]] = {}
    for (task, rate), title in _RATES.items():
        for one in judgement.evaluations:
            curve = {
                int(name.removeprefix(f"{rate}@")): scores.micro
                for name, scores in one.scores[task].items()
                if name.startswith(f"{rate}@")
            }
            if curve:
                charts.setdefault(title, {})[one.system] = curve
    return charts


def of_history(history: Sequence[dict[str, str]], column: str) -> list[tuple[int, float]]:
    """The epochs at which a column of history.csv has a number, and the number."""
    return [(int(row["epoch"]), float(row[column])) for row in history if row.get(column)]


def retrieval_charts(judgement: Judgement) -> list[Chart]:
    """A chart per task; all from 0 to 1."""
    told = []
    for title, systems in at_cutoffs(judgement).items():
        ks = list(next(iter(systems.values())))
        lines = {
            system: (COLORS[system], [(place, one.value) for place, one in enumerate(curve.values())])
            for system, curve in systems.items()
        }
        ticks = [f"k = {ks[0]}", *map(str, ks[1:])]
        told.append(_chart(title, ticks, lines, (0.0, 1.0), f"at {', '.join(ticks)}"))
    return told


def training_charts(history: Sequence[dict[str, str]]) -> list[Chart]:
    """The panels that have any number, each on the scale of its numbers."""
    told = []
    for title, columns in PANELS.items():
        lines = {label: (color, of_history(history, column)) for column, (label, color) in columns.items()}
        known = {label: (color, points) for label, (color, points) in lines.items() if points}
        if known:
            values = [value for _, points in known.values() for _, value in points]
            ends = min(values), max(values)
            across = [f"epoch {history[0]['epoch']}", history[-1]["epoch"]]
            told.append(_chart(title, across, known, ends, "over the epochs"))
    return told


def _chart(
    title: str,
    across: list[str],
    lines: dict[str, tuple[str, list[tuple[int, float]]]],
    ends: tuple[float, float],
    over: str,
) -> Chart:
    xs = [x for _, points in lines.values() for x, _ in points]
    left, width = min(xs), max(max(xs) - min(xs), 1)
    low, height = ends[0], max(ends[1] - ends[0], 1e-9)
    curves = []
    for label, (color, points) in lines.items():
        dots = [(100 * (x - left) / width, 100 - 100 * (value - low) / height) for x, value in points]
        curves.append(Curve(label, color, " ".join(f"{x:.2f},{y:.2f}" for x, y in dots), dots))
    values = "; ".join(
        f"{label}: {', '.join(f'{value:.3f}' for _, value in points)}" for label, (_, points) in lines.items()
    )
    return Chart(title, across, (f"{ends[0]:.3g}", f"{ends[1]:.3g}"), curves, f"{title} {over}. {values}")
