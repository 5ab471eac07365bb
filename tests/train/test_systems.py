"""The recommender as a judged system, where a category has weights of its own."""

import math

import numpy as np
import pytest

from core.similarity import Similarity, prepare
from core.tables import DESCRIPTORS, Vectors
from train import systems


@pytest.fixture
def written(tmp_path):
    """Vectors of four photos, and a similarity in which hats count by colour alone."""
    rng = np.random.default_rng(2)
    ids = np.array(["a", "b", "c", "d"], object)
    vectors = {name: rng.random((4, width), np.float32) for name, width in zip(DESCRIPTORS, (5, 4, 3), strict=True)}
    for folder, names in (("features", DESCRIPTORS), ("embeddings", ("untrained", "trained"))):
        for name in names:
            Vectors(ids, vectors.get(name, vectors["color"]), {}).write(tmp_path / folder / f"{name}.arrow")
    hats = {"structure": 0.0, "pattern": 0.0, "color": 1.0}
    similarity = Similarity(
        {"structure": 0.5, "pattern": 0.3, "color": 0.2}, dict.fromkeys(DESCRIPTORS, 2.0), {"hats": hats}
    )
    similarity.write(tmp_path / "similarity.json")
    found = systems.read(tmp_path / "features", tmp_path / "similarity.json", tmp_path / "embeddings")
    return ids, vectors, similarity, {system.name: system for system in found}


def test_inside_a_category_its_own_weights_count(written):
    ids, vectors, similarity, found = written
    category = np.array(["hats", "tops", "hats", "tops"], object)
    inside = found["recommender"].inside(ids, category)
    for first, second in ((0, 2), (1, 3)):
        weights = similarity.of(category[first]).weights
        fused = 0.0
        for name in DESCRIPTORS:
            values = prepare(name, vectors[name]).astype(float)
            fused += weights[name] * (math.dist(values[first], values[second]) / 2) ** 2
        assert math.dist(inside[first], inside[second]) == pytest.approx(math.sqrt(fused), rel=1e-5)


def test_across_categories_the_weights_of_all_count(written):
    ids, vectors, similarity, found = written
    prepared = {name: prepare(name, vectors[name]) for name in DESCRIPTORS}
    np.testing.assert_array_equal(found["recommender"].vectors(ids), similarity.fuse(prepared))


def test_other_systems_know_of_no_categories(written):
    ids, _, _, found = written
    category = np.array(["hats", "tops", "hats", "tops"], object)
    assert list(found) == [*DESCRIPTORS, "recommender", "untrained", "trained"]
    for name in set(found) - {"recommender"}:
        np.testing.assert_array_equal(found[name].inside(ids, category), found[name].vectors(ids))
