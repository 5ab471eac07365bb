"""What an evaluation finds: a score per system, task and measure, and what it was counted on."""

from dataclasses import dataclass

from core.search import Rows
from train.evaluation.bootstrap import Scores

Measured = dict[str, dict[str, Scores]]
Bounds = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Evaluation:
    """What one system reaches: `scores` by task and measure, where there is anything to measure.

    `ties` are the shares of tied triplets by kind, `found` the nearest of each test photo inside its partition, (q, k)
    rows of the catalog, -1 for none; `dimensions` the width of a vector.
    """

    system: str
    dimensions: int
    scores: Measured
    ties: dict[str, float]
    found: Rows


@dataclass(frozen=True)
class Judgement:
    """All systems, what bounds the agreement, and what was counted by task: queries, left out, gallery, products."""

    evaluations: list[Evaluation]
    chance: Bounds
    ceiling: Bounds
    counts: dict[str, dict[str, int]]
