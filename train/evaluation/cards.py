"""The numbers of the report's page as they are written: cards, tables and differences."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from train.evaluation.bootstrap import Estimate, Scores
from train.evaluation.judgement import Judgement
from train.evaluation.verdict import BESIDE, differences
from train.evaluation.words import COLORS, named, readable, telling


class Row(NamedTuple):
    """A system's score of a measure: what is written, and where it stands on a scale of 100."""

    system: str
    color: str
    micro: str
    interval: str
    macro: str
    at: float
    low: float
    high: float


class Card(NamedTuple):
    """A measure: its systems, the queries, and where chance and ceiling stand on the scale, None where unknown."""

    name: str
    rows: list[Row]
    queries: str
    chance: float | None
    ceiling: float | None


class Table(NamedTuple):
    """All measures of a task, and per system the micro average, its interval and the macro average of each."""

    heads: list[str]
    rows: list[tuple[str, list[tuple[str, str, str]]]]


def cards(judgement: Judgement, task: str) -> Iterator[Card]:
    """A card per measure of a task that tells the most."""
    measures = {name: of for one in judgement.evaluations for name, of in one.scores[task].items()}
    for measure in telling(task, measures):
        known = [
            (one.system, one.scores[task][measure]) for one in judgement.evaluations if measure in one.scores[task]
        ]
        queries = sorted({scores.queries for _, scores in known})
        told = f"{queries[0]:,}" if len(queries) == 1 else f"{queries[0]:,} to {queries[-1]:,}"
        noun = "triplets" if task == "triplet_accuracy" else "queries"
        yield Card(
            named(task, measure),
            [_row(system, scores) for system, scores in known],
            f"{told} {noun}",
            0.5 * 100 if task == "triplet_accuracy" else _percent(judgement.chance.get(task, {}).get(measure)),
            _percent(judgement.ceiling.get(task, {}).get(measure)),
        )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _row(system: str, scores: Scores) -> Row:
    low, high = scores.micro.interval or (scores.micro.value, scores.micro.value)
    return Row(
        system,
        COLORS[system],
        f"{scores.micro.value:.3f}",
        _interval(scores.micro),
        f"{scores.macro.value:.3f}",
        100 * scores.micro.value,
        100 * low,
        100 * high,
    )


def _interval(estimate: Estimate) -> str:
    return " – ".join(f"{end:.3f}" for end in estimate.interval) if estimate.interval else "–"


def table(judgement: Judgement, task: str) -> Table:
    """All measures of a task."""
    rows = [
        (one.system, [(f"{of.micro.value:.3f}", _interval(of.micro), f"{of.macro.value:.3f}") for of in scores])
        for one in judgement.evaluations
        if (scores := list(one.scores[task].values()))
    ]
    return Table([readable(name) for name in judgement.evaluations[0].scores[task]], rows)


def differing(judgement: Judgement) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """By measure, the trained network less each other system: the difference, its interval and how to look at it."""
    columns = [
        {(task, measure): of for task, measure, of in differences(judgement, other)}
        for other in BESIDE
        if any(one.system == other for one in judgement.evaluations)
    ]
    tasks: dict[str, list[str]] = {}
    for task, measure in columns[0] if columns else ():
        tasks.setdefault(task, []).append(measure)
    for task, measures in tasks.items():
        for measure in telling(task, measures):
            found = [column.get((task, measure)) for column in columns]
            yield named(task, measure), [("–", "–", "") if one is None else _signed(one) for one in found]


def _signed(difference: Estimate) -> tuple[str, str, str]:
    low, high = difference.interval or (math.nan, math.nan)
    tone = "well" if low > 0 else "bad" if high < 0 else ""
    told = " to ".join(_minus(end) for end in difference.interval) if difference.interval else "–"
    return _minus(difference.value), told, tone


def _minus(difference: float) -> str:
    return f"{difference:+.3f}".replace("-", "−")
