"""Intervals of clustered queries, against the same draws by plain loops."""

import numpy as np
import pytest

from train.evaluation.bootstrap import Estimate, Resampling

PRODUCT = np.array(["a", "a", "a", "b", "b", "c", "d", "d"], object)
CATEGORY = np.array(["bags", "bags", "hats", "hats", "hats", "bags", "hats", "hats"], object)
VALUES = np.array([1.0, 0.0, 0.5, np.nan, 1.0, 0.25, 0.0, 0.75])


def test_means_and_resamples_by_loop():
    scores = Resampling(PRODUCT, CATEGORY, resamples=40, seed=3).scores({"one": VALUES, "never": VALUES * np.nan})
    assert set(scores) == {"one"}
    got = scores["one"]
    assert got.queries == 7
    draws = np.random.default_rng(3).integers(0, 4, (40, 4))
    assert (got.micro.value, got.macro.value) == pytest.approx(means_by_loop([*"abcd"]))
    for place, draw in enumerate(draws):
        micro, macro = means_by_loop(["abcd"[one] for one in draw])
        assert got.micro.resampled[place] == pytest.approx(micro)
        assert got.macro.resampled[place] == pytest.approx(macro)
    low, high = got.micro.interval
    assert (low, high) == pytest.approx(np.percentile(got.micro.resampled, [2.5, 97.5]))
    assert low < got.micro.value < high


def means_by_loop(drawn: list[str]) -> tuple[float, float]:
    inside: dict[str, list[float]] = {}
    for product in drawn:
        for own, category, value in zip(PRODUCT, CATEGORY, VALUES, strict=True):
            if own == product and not np.isnan(value):
                inside.setdefault(category, []).append(value)
    together = [value for values in inside.values() for value in values]
    return float(np.mean(together)), float(np.mean([np.mean(values) for values in inside.values()]))


def test_a_resample_without_a_query_that_counts_says_nothing():
    product = np.array(["a", "b"], object)
    got = Resampling(product, product, resamples=60, seed=1).scores({"one": np.array([1.0, np.nan])})["one"].micro
    assert np.isnan(got.resampled).any()
    assert got.interval == (1.0, 1.0)


def test_queries_of_one_product_do_not_count_as_independent():
    rng = np.random.default_rng(5)
    product = np.repeat(np.arange(30), 40).astype(str).astype(object)
    values = np.repeat(rng.random(30), 40)
    clustered, alone = (
        Resampling(labels, product, resamples=300, seed=1).scores({"one": values})["one"].micro.interval
        for labels in (product, np.arange(1200).astype(str).astype(object))
    )
    assert clustered[1] - clustered[0] > 3 * (alone[1] - alone[0])


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(7)
    held = 0
    for turn in range(120):
        product = np.repeat(np.arange(60), 3).astype(str).astype(object)
        values = np.clip(np.repeat(rng.normal(0.5, 0.1, 60), 3) + rng.normal(0, 0.05, 180), 0, 1)
        low, high = Resampling(product, product, resamples=200, seed=turn).scores({"one": values})["one"].micro.interval
        held += low <= 0.5 <= high
    assert 105 <= held <= 119


def test_differences_are_paired():
    draws = Resampling(PRODUCT, CATEGORY, resamples=50, seed=1)
    one, other = (draws.scores({"x": values})["x"].micro for values in (VALUES, VALUES - 0.25))
    assert (one - one).interval == (0, 0)
    assert (one - other).interval == pytest.approx((0.25, 0.25))
    assert Estimate.mean([one, other]).value == pytest.approx(one.value - 0.125)


@pytest.mark.parametrize(("product", "resamples"), [(PRODUCT, 0), (np.full(8, "a", object), 50)])
def test_nothing_to_resample_no_interval(product, resamples):
    got = Resampling(product, CATEGORY, resamples=resamples, seed=1).scores({"one": VALUES})["one"]
    assert got.micro.interval is None
    assert got.micro.value == pytest.approx(np.nanmean(VALUES))


def test_no_query_no_score():
    none = np.empty(0, object)
    assert Resampling(none, none, resamples=10, seed=1).scores({"one": np.empty(0)}) == {}
