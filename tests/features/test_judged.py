import math

import numpy as np
import pytest

from core.atomic import write_json
from features.judged import Guesses, by_class, confusion, confusion_rows, scores


def drawn(photos: int, classes: int, seed: int = 1, sources=("labels",)) -> Guesses:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, photos)
    scores = rng.normal(size=(photos, classes)) + 1.5 * np.eye(classes)[true]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return Guesses(true, probabilities.astype(np.float32), rng.choice(np.array(sources, object), photos))


def by_loops(true: list[int], probabilities: list[list[float]], common: int) -> dict[str, float]:
    """The scores, one photo and one class after the other."""
    best = [row.index(max(row)) for row in probabilities]
    recalls, f1s = [], []
    for number in sorted(set(true)):
        right = sum(t == number and b == number for t, b in zip(true, best, strict=True))
        photos, guessed = true.count(number), best.count(number)
        recalls.append(right / photos)
        f1s.append(2 * right / (photos + guessed))
    within = [sum(other > row[t] for other in row) < 3 for t, row in zip(true, probabilities, strict=True)]
    return {
        "photos": len(true),
        "baseline": sum(t == common for t in true) / len(true),
        "accuracy": sum(t == b for t, b in zip(true, best, strict=True)) / len(true),
        "balanced_accuracy": sum(recalls) / len(recalls),
        "macro_f1": sum(f1s) / len(f1s),
        "log_loss": -sum(math.log(row[t]) for t, row in zip(true, probabilities, strict=True)) / len(true),
        "top_3_accuracy": sum(within) / len(true),
    }


def by_loops_of(guesses: Guesses, common: int) -> dict[str, float]:
    return by_loops(guesses.true.tolist(), guesses.probabilities.tolist(), common)


def test_every_score_agrees_with_plain_loops():
    guesses = drawn(120, 5)
    found = scores(guesses, common=2)
    assert found.pop("left_out") == 0
    assert found == pytest.approx(by_loops_of(guesses, 2), rel=1e-5)
    assert 0.3 < found["accuracy"] < found["top_3_accuracy"] < 1


def test_classes_that_do_not_occur_are_no_part_of_the_means():
    guesses = drawn(60, 6)
    guesses = guesses.take((guesses.true != 1) & (guesses.true != 4))
    assert set(guesses.best().tolist()) & {1, 4}
    found = scores(guesses, common=1)
    assert found.pop("left_out") == 0
    assert found == pytest.approx(by_loops_of(guesses, 1), rel=1e-5)
    assert found["baseline"] == 0


def test_each_source_is_scored_where_there_are_several():
    guesses = drawn(90, 4, sources=("rendered", "labels", "keywords"))
    found = scores(guesses, common=0)
    assert list(found["sources"]) == ["keywords", "labels", "rendered"]
    for source, of_source in found["sources"].items():
        assert of_source == pytest.approx(by_loops_of(guesses.take(guesses.sources == source), 0), rel=1e-5)
    assert sum(of_source["photos"] for of_source in found["sources"].values()) == 90
    assert "sources" not in scores(drawn(90, 4), common=0)


def test_top_3_needs_more_than_three_classes():
    assert "top_3_accuracy" not in scores(drawn(20, 3), 0)
    assert "top_3_accuracy" in scores(drawn(20, 4), 0)


def test_photos_of_a_class_that_was_not_learnt_are_counted_and_left_out():
    guesses = drawn(50, 4)
    known = guesses.take(np.arange(50) >= 7)
    unknown = Guesses(np.where(np.arange(50) < 7, -1, guesses.true), guesses.probabilities, guesses.sources)
    assert scores(unknown, 0) == {**scores(known, 0), "left_out": 7}
    assert by_class(unknown, tuple("abcd")) == by_class(known, tuple("abcd"))
    assert confusion_rows(unknown, tuple("abcd")) == confusion_rows(known, tuple("abcd"))


@pytest.mark.parametrize("classes", [2, 5])
def test_no_photos_and_one_photo(tmp_path, classes):
    names = tuple("abcde"[:classes])
    nothing, one = drawn(0, classes), drawn(1, classes)
    assert scores(nothing, 0) == {"left_out": 0, "photos": 0}
    assert by_class(nothing, names) == {name: {"photos": 0} for name in names}
    assert confusion_rows(nothing, names) == [["actual", "predicted"]]
    assert confusion(nothing, classes).sum() == 0
    assert scores(one, 0)["photos"] == 1
    # Written, as a number that is not finite is refused.
    for guesses in (nothing, one):
        write_json(tmp_path / "metrics.json", {**scores(guesses, 0), "classes": by_class(guesses, names)})


def test_a_certain_mistake_has_a_finite_loss():
    certain = Guesses(np.array([1]), np.array([[1, 0]], np.float32), np.array(["labels"], object))
    assert scores(certain, 0)["log_loss"] == pytest.approx(-math.log(np.finfo(np.float32).eps), rel=1e-6)


def test_by_class_agrees_with_plain_loops():
    guesses = drawn(80, 6)
    guesses = guesses.take((guesses.true != 3) & (guesses.best() != 5))
    found = by_class(guesses, tuple("abcdef"))
    true, best = guesses.true.tolist(), guesses.best().tolist()
    for number, name in enumerate("abcdef"):
        right = sum(t == b == number for t, b in zip(true, best, strict=True))
        expected = {"photos": true.count(number)}
        if number != 5:
            expected["precision"] = right / best.count(number)
        if number != 3:
            expected["recall"] = right / true.count(number)
        assert found[name] == expected


def test_confusion_and_its_rows_count_every_photo():
    guesses = drawn(40, 3)
    names = ("bags", "hats", "rest")
    expected = [[0] * 3 for _ in range(3)]
    for true, best in zip(guesses.true.tolist(), guesses.best().tolist(), strict=True):
        expected[true][best] += 1
    counts = confusion(guesses, 3)
    np.testing.assert_array_equal(counts, expected)
    header, *rows = confusion_rows(guesses, names)
    assert header == ["actual", "predicted"]
    assert len(rows) == 40
    for true, actual in enumerate(names):
        for best, predicted in enumerate(names):
            assert rows.count([actual, predicted]) == expected[true][best]
