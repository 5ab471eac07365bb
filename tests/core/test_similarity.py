"""The fused distance, against plain loops."""

import json
import math

import numpy as np
import pytest

from core.errors import TableError
from core.similarity import Similarity, prepare, squared_distances

SIMILARITY = Similarity(
    {"structure": 0.5, "pattern": 0.2, "color": 0.3}, {"structure": 0.7, "pattern": 1.3, "color": 0.2}
)


@pytest.fixture
def vectors():
    rng = np.random.default_rng(1)
    return {name: rng.random((16, 4), np.float32) for name in ("structure", "pattern", "color")}


def test_color_is_prepared_for_hellinger_the_others_for_cosine(vectors):
    color = prepare("color", vectors["color"])
    assert math.dist(color[0], color[1]) == pytest.approx(
        math.sqrt(sum((math.sqrt(a) - math.sqrt(b)) ** 2 for a, b in zip(*vectors["color"][:2], strict=True)))
    )
    for name in ("structure", "pattern"):
        first, second = vectors[name][:2]
        cosine = first @ second / (math.hypot(*first) * math.hypot(*second))
        prepared = prepare(name, vectors[name])
        assert math.dist(prepared[0], prepared[1]) ** 2 == pytest.approx(2 - 2 * cosine, abs=1e-5)
        assert prepared.dtype == np.float32


@pytest.mark.parametrize("name", ["structure", "pattern", "color"])
def test_a_vector_of_zeros_stays_one(name):
    assert not prepare(name, np.zeros((2, 3), np.float32)).any()


def test_squared_distances_are_those_of_loops_and_never_negative(vectors):
    queries, gallery = vectors["structure"][:5], vectors["structure"]
    expected = [[math.dist(query, other) ** 2 for other in gallery] for query in queries]
    found = squared_distances(queries, gallery)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (found >= 0).all()


def test_the_fused_distance_is_the_weighted_sum_of_scaled_squares(vectors):
    fused = SIMILARITY.fuse(vectors)
    for first in range(16):
        for second in range(16):
            expected = sum(
                weight * (math.dist(vectors[name][first], vectors[name][second]) / SIMILARITY.scales[name]) ** 2
                for name, weight in SIMILARITY.weights.items()
            )
            assert math.dist(fused[first], fused[second]) ** 2 == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_a_descriptor_of_weight_0_is_left_out(vectors):
    similarity = Similarity({"structure": 1.0, "pattern": 0.0, "color": 0.0}, SIMILARITY.scales)
    np.testing.assert_allclose(similarity.fuse(vectors), vectors["structure"] / 0.7, rtol=1e-6)


def test_written_and_read_it_is_the_same(tmp_path):
    SIMILARITY.write(tmp_path / "similarity.json")
    assert Similarity.read(tmp_path / "similarity.json") == SIMILARITY


def changed(**sections) -> str:
    """The text of `SIMILARITY`, with other values."""
    values = {"weights": SIMILARITY.weights, "scales": SIMILARITY.scales}
    return json.dumps({name: own | sections.get(name, {}) for name, own in values.items()})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            json.dumps({"weights": {"structure": 1, "pattern": 1}, "scales": SIMILARITY.scales}),
            "it names structure, pattern instead of structure, pattern, color",
        ),
        ("no", "Expecting value: line 1 column 1 (char 0)"),
        (changed(weights={"color": "a"}), "a weight or a scale is no finite number from 0 on"),
        (changed(weights={"color": float("nan")}), "a weight or a scale is no finite number from 0 on"),
        (changed(weights={"color": -1}), "a weight or a scale is no finite number from 0 on"),
        (changed(scales={"color": 0}), "a scale is 0"),
        (changed(weights={"structure": 0, "pattern": 0, "color": 0}), "all weights or scales are 0"),
    ],
)
def test_another_file_is_refused(tmp_path, text, problem):
    path = tmp_path / "similarity.json"
    path.write_text(text)
    with pytest.raises(TableError) as caught:
        Similarity.read(path)
    assert str(caught.value) == f"{path} holds no similarity: {problem}. Run dvc repro."


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TableError) as caught:
        Similarity.read(tmp_path / "similarity.json")
    assert str(caught.value) == f"{tmp_path}/similarity.json does not exist. Run the stage that writes it: dvc repro."
