"""The figures of an evaluation. Each function draws one and writes it as PNG with repeatable bytes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from core.images import Pixels
from train.drawing import drawing
from train.evaluation.bootstrap import Estimate
from train.evaluation.curves import PANELS, at_cutoffs, of_history
from train.evaluation.judgement import Judgement
from train.evaluation.sheets import COLUMNS, SHOWN, Sheets
from train.evaluation.words import COLORS, KINDS

_Named = tuple[str, str]  # a task and a measure

HITS = {"all": "#1b7340", "some": "#d98c2b"}
_HUES = {"all": "green frame", "some": "orange frame"}
_HEAD, _LINE = 0.85, 1.15  # heights of a sheet's head and of a query with its score, in photos


def triplet_accuracy(path: Path, judgement: Judgement) -> None:
    """Bars per kind and system, with intervals and the line of guessing."""
    counts = judgement.counts["triplets"]
    labels = {("triplet_accuracy", kind): f"{KINDS[kind]}\n{count:,} triplets" for kind, count in counts.items()}
    with drawing(path, 8, 4.2) as figure:
        axes = figure.add_subplot(ylabel="triplet accuracy", ylim=(0, 1.12), title="Is the positive nearer? (test)")
        _bars(axes, labels, _estimates(judgement, ("triplet_accuracy",)))
        axes.axhline(0.5, color="#444444", linewidth=1, linestyle="--", label="guessing")
        _legend(figure, len(judgement.evaluations) + 1)


def attribute_agreement(path: Path, judgement: Judgement) -> None:
    """Bars per attribute and system, with intervals and marks at what random and the best neighbours share."""
    tasks = ("attributes", "mean_attributes", "category", "mean_labels")
    values = _estimates(judgement, tasks)
    names = list(dict.fromkeys(name for estimates in values.values() for name in estimates))
    means = {"mean_attributes": "mean over\nthe attributes", "mean_labels": "mean with\nthe category"}
    labels = {(task, measure): means.get(task, measure) for task, measure in names}
    with drawing(path, max(6, 2 + 1.9 * len(names)), 4.2) as figure:
        axes = figure.add_subplot(
            ylabel="share of neighbours", ylim=(0, 1.12), title="Same value as the query? (test queries)"
        )
        _bars(axes, labels, values)
        for bound, of_tasks, style in (("chance", judgement.chance, "--"), ("ceiling", judgement.ceiling, ":")):
            label = bound
            for place, (task, measure) in enumerate(names):
                share = of_tasks.get(task, {}).get(measure)
                if share is not None:
                    ends = place - 0.45, place + 0.45
                    axes.hlines(share, *ends, color="#444444", linestyle=style, linewidth=1, label=label)
                    label = ""
        _legend(figure, 4)


def _estimates(judgement: Judgement, tasks: Sequence[str]) -> dict[str, dict[_Named, Estimate]]:
    """By system, and by task and measure."""
    return {
        one.system: {(task, name): scores.micro for task in tasks for name, scores in one.scores[task].items()}
        for one in judgement.evaluations
    }


def _bars(axes: Axes, labels: Mapping[_Named, str], values: Mapping[str, Mapping[_Named, Estimate]]) -> None:
    """A group per label and in it a bar per system, less where a system has no such estimate."""
    width = 0.84 / len(values)
    for number, (system, estimates) in enumerate(values.items()):
        shift = (number - (len(values) - 1) / 2) * width
        known = {place: estimates[name] for place, name in enumerate(labels) if name in estimates}
        heights = [one.value for one in known.values()]
        tops = [(one.interval or (one.value, one.value))[1] for one in known.values()]
        axes.bar([place + shift for place in known], heights, width * 0.92, color=COLORS[system], label=system)
        for place, one, top in zip(known, known.values(), tops, strict=True):
            if one.interval:
                axes.vlines(place + shift, *one.interval, color="#444444", linewidth=0.9)
            text = f"{one.value:.2f}".lstrip("0")
            axes.annotate(text, (place + shift, top), (0, 2), textcoords="offset points", ha="center", fontsize=7)
    axes.set_xticks(np.arange(len(labels)), list(labels.values()), parse_math=False)
    axes.tick_params(axis="x", length=0)


def _legend(figure: Figure, columns: int) -> None:
    figure.legend(loc="outside lower center", ncols=columns, fontsize=9, handlelength=1.3, columnspacing=1.2)


def recall(path: Path, judgement: Judgement) -> None:
    """Recall at k of the same product, and the hit rate from street to shop where there are street photos."""
    charts = at_cutoffs(judgement)
    with drawing(path, 4.6 * max(len(charts), 1) + 0.4, 4.4) as figure:
        for place, (title, systems) in enumerate(charts.items()):
            axes = figure.add_subplot(1, len(charts), place + 1, title=title, xlabel="k", ylim=(0, 1.03))
            for system, curve in systems.items():
                strong = system in SHOWN
                axes.plot(
                    list(curve),
                    [one.value for one in curve.values()],
                    color=COLORS[system],
                    linewidth=2.2 if strong else 1.4,
                    marker="o",
                    markersize=5 if strong else 3.5,
                    label=system if place == 0 else None,
                )
                if strong and all(one.interval for one in curve.values()):
                    low, high = zip(*(one.interval or (0, 0) for one in curve.values()), strict=True)
                    axes.fill_between(list(curve), low, high, color=COLORS[system], alpha=0.15, linewidth=0)
                axes.set_xticks(list(curve))
        if not charts:
            figure.text(0.5, 0.5, "nothing to find: no query has a relevant photo", ha="center", color="#555555")
        elif any(charts.values()):
            _legend(figure, 6)


def training(path: Path, history: Sequence[dict[str, str]]) -> None:
    """Loss, val accuracy by kind, and distances over the epochs, of the rows of `history.csv`."""
    with drawing(path, 11, 3.6) as figure:
        for place, (title, lines) in enumerate(PANELS.items()):
            axes = figure.add_subplot(1, len(PANELS), place + 1, title=title, xlabel="epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            for column, (label, color) in lines.items():
                points = of_history(history, column)
                if points:
                    axes.plot(*zip(*points, strict=True), color=color, marker="o", markersize=4, label=label)
            if axes.lines:
                axes.legend(fontsize=9)


def sheet(path: Path, sheets: Sheets, name: str, photos: Callable[[str], Pixels]) -> None:
    """A row per query: its photo, then the nearest by each system; a frame tells what a photo shares with it."""
    lefts = {system: 1.2 + turn * (COLUMNS + 0.2) for turn, system in enumerate(SHOWN)}
    queries = sheets.queries[name]
    said = "; ".join(f"{hue}: {sheets.frames[hit]}" for hit, hue in _HUES.items() if hit in sheets.frames)
    across, down = lefts[SHOWN[-1]] + COLUMNS, _HEAD + _LINE * len(queries)
    with drawing(path, 0.95 * across, 0.95 * down, layout=None) as figure:
        # One pair of axes in units of photos: a pair for every photo takes seconds to draw.
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, across), ylim=(down, 0))
        axes.set_axis_off()
        axes.text(0.05, 0.2, f"{name}: {sheets.measure}", fontsize=10, va="center")
        axes.text(0.05, 0.45, said, fontsize=9, va="center")
        for head, left in {"query": 0.0, **lefts}.items():
            axes.text(left + 0.05, _HEAD - 0.12, head, fontsize=9, va="center")
        for turn, query in enumerate(queries):
            top = _HEAD + _LINE * turn
            _photo(axes, (0, top), photos(query.image_id), "#dddddd")
            axes.text(0.5, top + 1.03, f"{query.score:.2f}", fontsize=8, ha="center", va="center", color="#555555")
            for system, found in query.found.items():
                for place, one in enumerate(found):
                    _photo(axes, (lefts[system] + place, top), photos(one.image_id), HITS.get(one.hit, "#dddddd"))


def _photo(axes: Axes, corner: tuple[float, float], pixels: Pixels, frame: str) -> None:
    """Draw a photo into the middle of a framed square of side 1, less a margin."""
    margin, side = 0.05, 0.9
    height, width = (side * length / max(pixels.shape[:2]) for length in pixels.shape[:2])
    left, top = corner[0] + (1 - width) / 2, corner[1] + (1 - height) / 2
    axes.imshow(pixels, extent=(left, left + width, top + height, top), aspect="auto", interpolation="antialiased")
    square = corner[0] + margin, corner[1] + margin
    thick = 0.8 if frame == "#dddddd" else 2.5
    axes.add_patch(Rectangle(square, side, side, fill=False, linewidth=thick, edgecolor=frame))
