"""The verdict in words, for every outcome."""

import numpy as np
import pytest

from train.evaluation.bootstrap import Estimate, Scores
from train.evaluation.judgement import Evaluation, Judgement
from train.evaluation.verdict import verdict


def judgement(trained: float, others: dict[str, float], spread: float, *, category: bool = False) -> Judgement:
    """Means over the attributes, with the same noise of the trained network in every resample."""
    noise = np.linspace(-spread, spread, 41)

    def of(system: str, value: float) -> Evaluation:
        resampled = value + (noise if system == "trained" else 0 * noise)
        estimate = Estimate(value, resampled)
        scores = {"mean_attributes": {"mean_attributes": Scores(estimate, estimate, 9)}}
        if category:
            scores["mean_labels"] = {"mean_labels": Scores(Estimate(value - 0.2, resampled - 0.2), estimate, 9)}
        return Evaluation(system, 4, scores, {}, np.empty((0, 0), np.int64))

    evaluations = [of(name, value) for name, value in {**others, "trained": trained}.items()]
    return Judgement(evaluations, {}, {}, {})


OTHERS = {"structure": 0.3, "pattern": 0.3, "color": 0.3, "recommender": 0.45, "untrained": 0.2}


@pytest.mark.parametrize(
    ("trained", "spread", "tone", "first"),
    [
        (
            0.5,
            0.02,
            "well",
            "Reached: the trained network agrees with held-out attributes at least as well as the recommender,"
            " and better than every other system.",
        ),
        (
            0.44,
            0.02,
            "look",
            "Not certain: the trained network agrees with held-out attributes about as well as the recommender.",
        ),
        (
            0.40,
            0.02,
            "bad",
            "Not reached: in agreement with held-out attributes, the trained network stands behind the recommender.",
        ),
        (
            0.25,
            0.01,
            "bad",
            "Not reached: in agreement with held-out attributes, the trained network stands behind the recommender,"
            " structure, pattern and color.",
        ),
    ],
)
def test_the_first_line(trained, spread, tone, first):
    line = verdict(judgement(trained, OTHERS, spread))[0]
    assert (line.tone, line.text) == (tone, first)


def test_the_category_is_told_apart():
    lines = verdict(judgement(0.5, OTHERS, 0.02, category=True))
    assert len(lines) == 7
    assert lines[1].text == (
        "Reached: the trained network agrees with the category and held-out attributes at least as well as the"
        " recommender, and better than every other system."
    )
    assert lines[2].text.startswith("At least as good as the recommender: reached. 0.500 beside 0.450")


def test_every_other_system_has_a_line_of_its_own():
    lines = verdict(judgement(0.31, OTHERS, 0.02))[1:]
    assert [line.tone for line in lines] == ["bad", "well", "look", "look", "look"]
    assert lines[0].text == (
        "At least as good as the recommender: not reached. 0.310 beside 0.450,"
        " difference -0.140 (95 %: -0.159 to -0.121)."
    )
    assert lines[2].text.startswith(
        "Better than structure: not certain, as the interval holds both. 0.310 beside 0.300"
    )


def test_no_difference_from_the_recommender_is_enough_but_not_from_the_others():
    lines = verdict(judgement(0.45, {"recommender": 0.45, "untrained": 0.45}, 0.01))
    assert [line.tone for line in lines] == ["bad", "well", "bad"]


def test_without_intervals_the_values_decide():
    evaluations = [
        Evaluation(one.system, 4, {"mean_attributes": {"mean_attributes": bare(one)}}, {}, one.found)
        for one in judgement(0.46, OTHERS, 0.5).evaluations
    ]
    lines = verdict(Judgement(evaluations, {}, {}, {}))
    assert [line.tone for line in lines] == ["well"] * 6
    assert lines[1].text.endswith("0.460 beside 0.450, difference +0.010.")


def bare(one: Evaluation) -> Scores:
    estimate = Estimate(one.scores["mean_attributes"]["mean_attributes"].micro.value, np.empty(0))
    return Scores(estimate, estimate, 9)
