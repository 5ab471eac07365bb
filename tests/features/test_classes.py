import json
from collections import Counter

import numpy as np
import pytest

from core.errors import InputError, ModelError
from features.classes import Classes, learnt, weights


def labels(**counts: int) -> np.ndarray:
    return np.array([name for name, count in counts.items() for _ in range(count)], object)


def test_rare_classes_are_learnt_as_one_and_last():
    found = learnt(labels(skirts=4, bags=10, zips=12, hats=9, aprons=10), 10)
    assert found == Classes(("aprons", "bags", "zips", "rest"), ("hats", "skirts"))


def test_without_rare_classes_there_is_no_rest():
    assert learnt(labels(skirts=10, bags=10), 10) == Classes(("bags", "skirts"), ())


def test_random_labels_agree_with_a_count():
    rng = np.random.default_rng(3)
    drawn = rng.choice(np.array([f"class {number}" for number in range(30)], object), 400, p=rng.dirichlet(np.ones(30)))
    found = learnt(drawn, 8)
    counts = Counter(drawn.tolist())
    assert found.names == (*sorted(name for name, count in counts.items() if count >= 8), "rest")
    assert found.merged == tuple(sorted(name for name, count in counts.items() if count < 8))
    for label, number in zip(drawn, found.numbers(drawn), strict=True):
        assert found.names[number] == (label if counts[label] >= 8 else "rest")


def test_a_class_of_one_photo_is_a_class_where_one_is_enough():
    assert learnt(labels(bags=9, hats=1), 1) == Classes(("bags", "hats"), ())
    assert learnt(labels(bags=9, hats=1), 2) == Classes(("bags", "rest"), ("hats",))


def test_a_label_that_train_lacks_is_the_rest_s_where_there_is_one():
    asked = np.array(["hats", "bags", "gloves", "scarves", None], object)
    with_rest = Classes(("bags", "hats", "rest"), ("gloves",))
    np.testing.assert_array_equal(with_rest.numbers(asked), [1, 0, 2, 2, -1])
    without = Classes(("bags", "hats"), ())
    np.testing.assert_array_equal(without.numbers(asked), [1, 0, -1, -1, -1])
    assert without.numbers(asked[:0]).dtype == np.int64


def test_a_class_of_the_catalog_s_own_named_rest():
    plain = learnt(labels(bags=10, rest=10, zips=10), 10)
    assert plain == Classes(("bags", "rest", "zips"), ())
    np.testing.assert_array_equal(plain.numbers(np.array(["rest", "zips", "hats"], object)), [1, 2, -1])
    joined = learnt(labels(bags=10, rest=50, zips=10, hats=3), 10)
    assert joined == Classes(("bags", "zips", "rest"), ("hats", "rest"))
    np.testing.assert_array_equal(joined.numbers(np.array(["rest", "zips", "hats"], object)), [2, 1, 2])


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({}, "; train has no labelled photo. Add rows, or map another column."),
        ({"bags": 1200}, "; train has bags (1200). Add rows, or map another column."),
        (
            {"bags": 3, "hats": 4},
            "; of 2 in train, 0 has classes.least = 10 photos: hats (4), bags (3)."
            " Lower classes.least, add rows, or map another column.",
        ),
        (
            {"rest": 40, "hats": 4},
            "; of 2 in train, 1 has classes.least = 10 photos: rest (40), hats (4)."
            " Lower classes.least, add rows, or map another column.",
        ),
        (
            dict.fromkeys("abcdefgh", 1),
            "; of 8 in train, 0 has classes.least = 10 photos: a (1), b (1), c (1), d (1), e (1), f (1) and 2 more."
            " Lower classes.least, add rows, or map another column.",
        ),
    ],
)
def test_fewer_than_two_classes_are_an_error(counts, message):
    with pytest.raises(InputError) as caught:
        learnt(labels(**counts), 10)
    assert str(caught.value) == "a classifier needs two classes to tell apart" + message


@pytest.mark.parametrize("balance", [0.0, 0.3, 0.5, 1.0])
def test_weights_agree_with_a_plain_loop(balance):
    numbers = np.random.default_rng(1).choice(4, 200, p=[0.7, 0.2, 0.08, 0.02])
    counts = Counter(numbers.tolist())
    raw = [(200 / (4 * counts[number])) ** balance for number in numbers.tolist()]
    expected = [weight * 200 / sum(raw) for weight in raw]
    found = weights(numbers, balance)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.mean() == pytest.approx(1, abs=1e-6)


def test_the_ends_of_balance_are_equal_photos_and_equal_classes():
    numbers = np.array([0] * 90 + [1] * 9 + [2])
    np.testing.assert_array_equal(weights(numbers, 0.0), np.ones(100))
    totals = np.bincount(numbers, weights(numbers, 1.0))
    np.testing.assert_allclose(totals, 100 / 3, rtol=1e-6)
    assert weights(numbers[:0], 0.5).shape == (0,)


def test_what_is_written_is_read(tmp_path):
    found = Classes(("bags", "Ärmel", "rest"), ("hats",))
    found.write(tmp_path / "classes.json")
    assert Classes.read(tmp_path / "classes.json") == found
    before = (tmp_path / "classes.json").read_bytes()
    assert json.loads(before) == {"classes": ["bags", "Ärmel", "rest"], "merged": ["hats"]}
    found.write(tmp_path / "classes.json")
    assert (tmp_path / "classes.json").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('["bags", "hats"]', "it must have the keys classes and merged, and no other"),
        ('{"classes": ["bags"]}', "it must have the keys classes and merged, and no other"),
        ('{"classes": ["bags", "bags"], "merged": []}', "its keys must list names that differ"),
        ('{"classes": ["bags", 3], "merged": []}', "its keys must list names that differ"),
        ('{"classes": "bags", "merged": []}', "its keys must list names that differ"),
        ('{"classes": ["bags", "hats"], "merged": ["zips"]}', "some are merged, but the last is not rest"),
        ("", "Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_a_damaged_file_is_told_in_one_line(tmp_path, text, fault):
    path = tmp_path / "classes.json"
    path.write_text(text)
    with pytest.raises(ModelError) as caught:
        Classes.read(path)
    assert str(caught.value) == f"{path} holds no classes: {fault}. Run dvc repro."


def test_a_missing_file_says_what_to_run(tmp_path):
    with pytest.raises(ModelError) as caught:
        Classes.read(tmp_path / "classes.json")
    assert str(caught.value) == (
        f"{tmp_path / 'classes.json'} does not exist. Run the stage that writes it: dvc repro."
    )
