"""The scale of a descriptor and what it decides, against plain loops."""

import math

import numpy as np
import pytest
from small_project import RECOMMEND, catalog_rows, write_project

from core.errors import InputError
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog
from triplets.distances import load
from triplets.params import RecommendParams, Weights
from triplets.similarity import Pairs, contributions, fit, median_distance, partners


def test_partners_are_random_pairs_of_different_rows_of_one_group():
    groups = np.array(["b"] * 5 + ["a"] * 3 + ["c"], object)
    first, second = partners(groups, 3000, np.random.default_rng(3))
    assert (groups[first] == groups[second]).all()
    assert (first != second).all()
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == {
        (one, other) for one in range(9) for other in range(9) if one != other and groups[one] == groups[other]
    }
    assert len(first) < 3000  # a row met itself


@pytest.mark.parametrize("count", [0, 3])
def test_without_two_photos_in_a_group_there_are_no_partners_and_no_scale(count):
    first, _ = partners(np.array([f"p{number}" for number in range(count)], object), 50, np.random.default_rng(0))
    assert len(first) == 0
    with pytest.raises(InputError) as caught:
        median_distance("color", np.empty(0))
    assert str(caught.value) == (
        "color: no two training photos share a partition, so distances have no scale. Add photos."
    )


def test_equal_vectors_have_no_scale():
    with pytest.raises(InputError) as caught:
        median_distance("pattern", np.array([0.0, 0.0, 1.0]))
    assert str(caught.value) == (
        "pattern: most training photos have one and the same vector. Look at what features wrote,"
        " or give it the weight 0."
    )


def test_the_scale_is_the_median_distance_inside_the_partitions_of_train(tmp_path):
    root = write_project(tmp_path, catalog_rows(60))
    catalog = Catalog.read(root / "data/curated/catalog/catalog.parquet")
    params = RecommendParams(Weights(0.4, 0.3, 0.3), {}, 5, scale_pairs=20_000, seed=1)
    pairs = Pairs.draw(catalog, root / "data/features", params)
    train = np.flatnonzero(catalog.split == "train")
    prepared = load(root / "data/features", catalog.image_id)
    for name in DESCRIPTORS:
        distances = [
            math.dist(prepared[name][one], prepared[name][other])
            for one in train
            for other in train
            if one != other and catalog.partition[one] == catalog.partition[other]
        ]
        assert fit(pairs, catalog, params).scales[name] == pytest.approx(np.median(distances), rel=0.02)


def drawn(**squared) -> Pairs:
    count = len(next(iter(squared.values())))
    return Pairs(np.array(["dresses", "tops"] * (count // 2), object), {k: np.array(v) for k, v in squared.items()})


def test_a_descriptor_that_never_changes_decides_nothing_whatever_its_weight():
    pairs = drawn(structure=[9.0] * 4, pattern=[1.0, 2, 3, 4], color=[1.0, 2, 3, 4])
    similarity = Similarity({"structure": 0.8, "pattern": 0.1, "color": 0.1}, dict.fromkeys(DESCRIPTORS, 1.0))
    assert contributions(pairs, similarity) == {"all": pytest.approx({"structure": 0, "pattern": 0.5, "color": 0.5})}


def test_contributions_are_shares_of_the_fused_variance():
    rng = np.random.default_rng(4)
    squared = {name: rng.random(16) * (1 + place) for place, name in enumerate(DESCRIPTORS)}
    own = {"tops": {"structure": 0.0, "pattern": 0.0, "color": 1.0}}
    scales = {"structure": 1.0, "pattern": 2.0, "color": 0.5}
    similarity = Similarity({"structure": 0.2, "pattern": 0.3, "color": 0.5}, scales, own)
    told = contributions(drawn(**squared), similarity)
    parts = {name: similarity.weights[name] * squared[name] / scales[name] ** 2 for name in DESCRIPTORS}
    fused = sum(parts.values())
    for name in DESCRIPTORS:
        covariance = np.cov(parts[name], fused)[0, 1]
        assert told["all"][name] == pytest.approx(covariance / np.var(fused, ddof=1))
    assert sum(told["all"].values()) == pytest.approx(1)
    assert told["tops"] == pytest.approx({"structure": 0, "pattern": 0, "color": 1})


def test_equal_distances_decide_nothing():
    pairs = drawn(structure=[2.0, 2.0], pattern=[2.0, 2.0], color=[2.0, 2.0])
    similarity = Similarity(dict.fromkeys(DESCRIPTORS, 1 / 3), dict.fromkeys(DESCRIPTORS, 1.0))
    assert contributions(pairs, similarity)["all"] == {"structure": 0, "pattern": 0, "color": 0}


def test_weights_of_an_unknown_category_are_refused(tmp_path):
    root = write_project(tmp_path, catalog_rows(12, categories=("dresses", "tops")))
    catalog = Catalog.read(root / "data/curated/catalog/catalog.parquet")
    params = RecommendParams(RECOMMEND.weights, {"hats": Weights(1, 0, 0)}, 5, 300, 1)
    with pytest.raises(InputError) as caught:
        fit(Pairs.draw(catalog, root / "data/features", params), catalog, params)
    assert str(caught.value) == (
        "triplets.recommend.category_weights: the catalog has no category hats. Name one of these: dresses, tops."
    )
