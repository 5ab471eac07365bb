"""The verdict: the trained network beside what taught it, and beside what it must beat."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.page import Line, Tone
from core.tables import DESCRIPTORS
from train.evaluation.bootstrap import LEVEL, Estimate
from train.evaluation.judgement import Evaluation, Judgement

TRAINED, TEACHER = "trained", "recommender"
BESIDE = (TEACHER, "untrained", *DESCRIPTORS)

_WORDS: dict[Tone, str] = {
    "well": "reached",
    "look": "not certain, as the interval holds both",
    "bad": "not reached",
}


@dataclass(frozen=True)
class Compared:
    """A mean over labels: that of the trained network, of `other`, and the paired difference."""

    other: str
    trained: float
    others: float
    difference: Estimate

    @property
    def tone(self) -> Tone:
        """Against the recommender `well` from no difference on, against all others where the interval is above 0."""
        low, high = self.difference.interval or (self.difference.value, self.difference.value)
        if self.other == TEACHER:
            return "well" if self.difference.value >= 0 else "look" if high >= 0 else "bad"
        return "well" if low > 0 else "look" if self.difference.value > 0 else "bad"

    @property
    def text(self) -> str:
        """One line."""
        asked = "At least as good as the recommender" if self.other == TEACHER else f"Better than {self.other}"
        return f"{asked}: {_WORDS[self.tone]}. {self.trained:.3f} beside {self.others:.3f}, {signed(self.difference)}."


def compared(judgement: Judgement, mean: str) -> list[Compared]:
    """The trained network beside every other system; empty where there is no attribute or no such network.

    Args:
        mean: `mean_attributes`, or `mean_labels` with the category among them.
    """
    means = {one.system: one.scores.get(mean, {}) for one in judgement.evaluations}
    trained = means.get(TRAINED, {}).get(mean)
    if trained is None:
        return []
    return [
        Compared(other, trained.micro.value, of.micro.value, trained.micro - of.micro)
        for other in BESIDE
        if (of := means.get(other, {}).get(mean))
    ]


def verdict(judgement: Judgement) -> list[Line]:
    """The first lines of the report; the first of all says whether the goal was reached, also where it was not.

    The category stands apart: that of test photos taught nothing, but that of others decided who is whose neighbour.
    """
    beside = compared(judgement, "mean_attributes")
    if not beside:
        text = "No verdict: no test photo and its neighbours have an attribute."
        text += " Name some in curate.ingest.columns.attributes."
        return [Line("look", text, "attributes")]
    lines = [Line(one.tone, one.text, "attributes") for one in beside]
    labels = compared(judgement, "mean_labels")
    with_category = [_summary(labels, "the category and held-out attributes")] if labels else []
    return [_summary(beside, "held-out attributes"), *with_category, *lines]


def _summary(beside: list[Compared], labels: str) -> Line:
    failed = [one.other for one in beside if one.tone == "bad"]
    doubtful = [one.other for one in beside if one.tone == "look"]
    goal = f"the trained network agrees with {labels}"
    if failed:
        text = f"Not reached: in agreement with {labels}, the trained network stands behind {_listed(failed)}."
        return Line("bad", text, "attributes")
    if doubtful:
        return Line("look", f"Not certain: {goal} about as well as {_listed(doubtful)}.", "attributes")
    text = f"Reached: {goal} at least as well as the recommender, and better than every other system."
    return Line("well", text, "attributes")


def _listed(systems: list[str]) -> str:
    names = [f"the {system}" if system == TEACHER else system for system in systems]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def signed(difference: Estimate) -> str:
    """`difference -0.184 (95 %: -0.206 to -0.161)`."""
    interval = difference.interval
    told = f" ({LEVEL} %: {interval[0]:+.3f} to {interval[1]:+.3f})" if interval else ""
    return f"difference {difference.value:+.3f}{told}"


def differences(judgement: Judgement, other: str) -> Iterator[tuple[str, str, Estimate]]:
    """Task, measure and the trained network's score less that of `other`, paired, of all that both have."""
    by_name: dict[str, Evaluation] = {one.system: one for one in judgement.evaluations}
    if TRAINED in by_name and other in by_name:
        for task, measures in by_name[TRAINED].scores.items():
            for measure, scores in measures.items():
                beside = by_name[other].scores[task].get(measure)
                if beside is not None:
                    yield task, measure, scores.micro - beside.micro
