"""A judgement as nested numbers for `dvc metrics`, and as rows for CSV files."""

from typing import Any

from core.rows import Rows
from train.evaluation.bootstrap import Estimate
from train.evaluation.headline import STREET
from train.evaluation.judgement import Evaluation, Judgement
from train.evaluation.verdict import BESIDE, TRAINED, differences
from train.evaluation.words import SINGLE


def as_metrics(judgement: Judgement) -> dict[str, Any]:
    """Systems, micro and macro, paired differences, bounds, what was counted. What does not exist is absent."""
    return {
        "systems": {one.system: _nested(one, "micro") for one in judgement.evaluations},
        "macro": {one.system: _nested(one, "macro") for one in judgement.evaluations},
        "differences": {f"{TRAINED}_minus_{other}": means for other in BESIDE if (means := _means(judgement, other))},
        **{
            name: {task: _unpacked(task, of) for task, of in bounds.items() if of}
            for name, bounds in (("chance", judgement.chance), ("ceiling", judgement.ceiling))
        },
        "counts": judgement.counts,
    }


def _nested(evaluation: Evaluation, average: str) -> dict[str, Any]:
    """The scores by task; the three protocols of Street2Shop stand together."""
    told: dict[str, Any] = {}
    for task, measures in evaluation.scores.items():
        values = {name: getattr(scores, average).value for name, scores in measures.items()}
        if values:
            (told.setdefault("street_to_shop", {}) if task in STREET else told)[task] = _unpacked(task, values)
    if "wild" in told.get("triplet_accuracy", {}):
        told.setdefault("street_to_shop", {})["triplets"] = {"accuracy": told["triplet_accuracy"]["wild"]}
    return {**told, "ties": evaluation.ties} if average == "micro" else told


def _unpacked(task: str, values: dict[str, float]) -> Any:
    """A task of one measure is a number."""
    return values[task] if task in SINGLE else values


def _means(judgement: Judgement, other: str) -> dict[str, dict[str, float]]:
    return {
        task: _interval(difference)
        for task, _, difference in differences(judgement, other)
        if task in ("mean_attributes", "mean_labels")
    }


def _interval(estimate: Estimate) -> dict[str, float]:
    low_high = dict(zip(("low", "high"), estimate.interval or (), strict=False))
    return {"difference": estimate.value, **low_high}


def score_rows(judgement: Judgement) -> Rows:
    """A row per system, task and measure: its queries, and micro and macro averages with their intervals."""
    header = ["system", "task", "measure", "queries"]
    header += [f"{average}{end}" for average in ("micro", "macro") for end in ("", "_low", "_high")]
    return [
        header,
        *(
            [one.system, task, measure, scores.queries, *_told(scores.micro), *_told(scores.macro)]
            for one in judgement.evaluations
            for task, measures in one.scores.items()
            for measure, scores in measures.items()
        ),
    ]


def difference_rows(judgement: Judgement) -> Rows:
    """A row per system beside the trained network, task and measure: the paired difference and its interval."""
    return [
        ["system", "less", "task", "measure", "difference", "low", "high"],
        *(
            [TRAINED, other, task, measure, *_told(difference)]
            for other in BESIDE
            for task, measure, difference in differences(judgement, other)
        ),
    ]


def _told(estimate: Estimate) -> list[float | None]:
    return [estimate.value, *(estimate.interval or (None, None))]
