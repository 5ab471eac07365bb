"""The table of a comparison: a row per entry, means over its seeds, with intervals."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from core.rows import Rows


class Mean(NamedTuple):
    """A mean over seeds, and half of its 95 % interval by Student's t; None of one seed."""

    value: float
    half: float | None

    def __str__(self) -> str:
        return f"{self.value:.3f}" if self.half is None else f"{self.value:.3f} ± {self.half:.3f}"


# What the table says of each system: its heading, and where the number stands in the scores.
MEASURES: Mapping[str, tuple[str, ...]] = {
    "in-class": ("triplet_accuracy", "in_class"),
    "out-of-class": ("triplet_accuracy", "out_of_class"),
    "wild": ("triplet_accuracy", "wild"),
    "product hit@1": ("same_product", "hit_rate@1"),
    "product recall@20": ("same_product", "recall@20"),
    "street hit@20": ("street_to_shop", "within_category", "hit_rate@20"),
    "overlap": ("overlap",),
    "category": ("category",),
    "attributes": ("mean_attributes",),
    "with category": ("mean_labels",),
}
# What a run takes: its heading, the number's name, its unit, and the places after the point, None for a count.
_COSTS: Mapping[str, tuple[str, float, int | None]] = {
    "photos": ("photos", 1, None),
    "epochs": ("epochs", 1, None),
    "parameters": ("parameters", 1, None),
    "MB": ("bytes", 1e6, 1),
    "train photos/s": ("photos_per_second", 1, 1),
    "ms": ("inference_ms", 1, 2),
    "p95 ms": ("inference_p95_ms", 1, 2),
    "dimensions": ("dimensions", 1, None),
}


def mean(values: Sequence[float]) -> Mean:
    """The mean of `values`, at least one, one per seed."""
    middle = float(np.mean(values))
    if len(values) < 2:
        return Mean(middle, None)
    error = float(stats.sem(values))
    return Mean(middle, float(stats.t.ppf(0.975, len(values) - 1)) * error)


def rows(runs: Mapping[str, Sequence[dict[str, Any]]], teachers: Mapping[str, dict[str, Any]]) -> Rows:
    """A header, a row per entry, one per network before its training, and one per teacher.

    Args:
        runs: by entry what `contest.run` gave for each seed.
        teachers: scores by name.
    """
    measures = [
        name for name, path in MEASURES.items() if any(stands(of, path) is not None for of in teachers.values())
    ]
    table: Rows = [["recipe", "seeds", *_COSTS, *measures]]
    for name, seeds in runs.items():
        scores = [over(seeds, ("trained", *MEASURES[measure])) for measure in measures]
        table.append([name, len(seeds), *_costs(seeds), *scores])
    for name, seeds in runs.items():
        scores = [over(seeds, ("untrained", *MEASURES[measure])) for measure in measures]
        table.append([f"{name}, untrained trunk", len(seeds), *([None] * len(_COSTS)), *scores])
    for name, of_teacher in teachers.items():
        taught = [stands(of_teacher, MEASURES[measure]) for measure in measures]
        table.append([name, None, *([None] * len(_COSTS)), *taught])
    return table


def _costs(seeds: Sequence[dict[str, Any]]) -> list[float | None]:
    """Medians over the seeds that have the number."""
    found: list[float | None] = []
    for name, unit, places in _COSTS.values():
        known = [each[name] for each in seeds if name in each]
        found.append(round(float(np.median(known)) / unit, places) if known else None)
    return found


def over(seeds: Sequence[dict[str, Any]], path: tuple[str, ...]) -> Mean | None:
    """The mean of the number at `path` over the seeds that have it."""
    values = [stands(each, path) for each in seeds]
    known = [value for value in values if value is not None]
    return mean(known) if known else None


def stands(nested: Any, path: tuple[str, ...]) -> float | None:
    """The number at `path` of nested scores, None where there is none."""
    for name in path:
        nested = nested.get(name) if isinstance(nested, dict) else None
    return nested
