"""The picture of a comparison: each recipe's scores as points with intervals, its teachers' as lines."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from train.comparison.table import MEASURES, Mean, over, stands
from train.drawing import drawing
from train.evaluation.words import COLORS

_PANELS = 3  # across
_LABEL = 26  # characters in a line
_LINE = 0.17  # inches
_ASIDE = 0.1  # of a row, by which the intervals of both networks stand beside its middle


def draw(path: Path, runs: Mapping[str, Sequence[dict[str, Any]]], teachers: Mapping[str, dict[str, Any]]) -> None:
    """Write the picture as PNG: a panel per measure that there is, a row per recipe.

    Args:
        runs: by entry what `contest.run` gave for each seed.
        teachers: scores by name.
    """
    shown = [name for name, at in MEASURES.items() if any(stands(of, at) is not None for of in teachers.values())]
    labels = [textwrap.fill(name, _LABEL, break_on_hyphens=False) for name in runs]
    tall = _LINE * (1 + max(len(label.splitlines()) for label in labels))
    down = -(-len(shown) // _PANELS)
    with drawing(path, 4.2 * _PANELS, down * (1.1 + tall * len(runs)) + 0.5) as figure:
        axes = figure.subplots(down, _PANELS, squeeze=False, sharey=True).flat
        for place, panel in enumerate(axes):
            if place >= len(shown):
                panel.set_axis_off()
                continue
            measure = shown[place]
            panel.set_title(measure, loc="left")
            panel.grid(axis="x", color="#e6e6e6")
            panel.set_yticks(range(len(runs)), labels, parse_math=False)
            panel.set_ylim(len(runs) - 0.5, -0.5)
            for name, scores in teachers.items():
                value = stands(scores, MEASURES[measure])
                if value is not None:
                    panel.axvline(value, color=COLORS[name], linewidth=1.6, label=name if place == 0 else None)
            for part, aside in (("untrained", _ASIDE), ("trained", -_ASIDE)):
                means = [over(seeds, (part, *MEASURES[measure])) or Mean(float("nan"), None) for seeds in runs.values()]
                panel.errorbar(
                    [mean.value for mean in means],
                    [row + aside for row in range(len(means))],
                    xerr=[mean.half or 0.0 for mean in means],
                    fmt="o",
                    color=COLORS[part],
                    capsize=3,
                    label=part if place == 0 else None,
                )
        figure.legend(loc="outside lower center", ncols=6, fontsize=9)
