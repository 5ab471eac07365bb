"""Each rule, against plain loops on 16 points."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triplets.rules import mutual, shared, sift, similarity, spread, under_cap, window


@pytest.fixture
def near():
    """The 6 nearest of 16 points, where a few points have fewer."""
    points = np.random.default_rng(4).random((16, 3))
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(apart, np.inf)
    rows = np.argsort(apart, axis=1)[:, :6]
    rows[3, 4:] = rows[9, 1:] = -1
    rows[12] = -1
    return rows


@pytest.mark.parametrize("positives", [1, 3, 6, 9])
def test_mutual_are_the_pairs_among_each_others_nearest(near, positives):
    found = mutual(near, positives)
    tops = [[row for row in rows[:positives] if row >= 0] for rows in near.tolist()]
    assert found.shape == (16, min(positives, 6))
    for query, place in itertools.product(range(16), range(found.shape[1])):
        neighbor = near[query, place]
        assert found[query, place] == (neighbor >= 0 and query in tops[neighbor])
    assert found.any()
    assert not found.all()


@pytest.mark.parametrize("margin", [0, 0.05, 0.6, 1])
def test_the_cap_is_relative_to_the_positive(margin):
    rng = np.random.default_rng(5)
    positive, negative = rng.random((16, 3)) * 3, rng.random((16, 5)) * 3  # similarities from 1 to -3.5
    found = under_cap(positive, negative, margin)
    for query, p, n in itertools.product(range(16), range(3), range(5)):
        most = 1 - positive[query, p] ** 2 / 2
        most -= abs(most) * margin
        assert found[query, p, n] == (1 - negative[query, n] ** 2 / 2 <= most)
    assert found.any()
    assert not found.all()


def test_a_margin_makes_the_cap_lower_for_negative_similarities_too():
    far = np.array([[2.0]])  # similarity -1
    assert similarity(far)[0, 0] == -1
    assert under_cap(far, far, 0)[0, 0, 0]
    assert not under_cap(far, far, 0.1)[0, 0, 0]
    assert under_cap(far, np.sqrt([[2 * 2.1]]) + 1e-9, 0.1)[0, 0, 0]


def test_shared_labels_are_the_querys_or_the_positives():
    rng = np.random.default_rng(6)
    query, positive, negative = (rng.integers(0, 5, shape) for shape in (16, (16, 3), (16, 4)))
    found = shared(query, positive, negative)
    for one, p, n in itertools.product(range(16), range(3), range(4)):
        assert found[one, p, n] == (negative[one, n] in (query[one], positive[one, p]))


def test_sift_counts_each_candidate_at_the_first_rule_that_rejects_it():
    candidates = np.array([[[True, True, True, False]]])
    rules = {"first": np.array([True, False, False, True]), "second": np.array([[[True, True, False, True]]])}
    left, counts = sift(candidates, rules, "kind")
    assert left.tolist() == [[[False, False, True, False]]]
    assert counts == {"kind.considered": 3, "kind.first": 1, "kind.second": 1}


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 9)),
    count=st.integers(1, 12),
    share=st.sampled_from([0, 0.2, 0.7, 1]),
)
def test_spread_draws_what_is_allowed_in_turn_over_the_positives(seed, shape, count, share):
    rng = np.random.default_rng(seed)
    allowed = rng.random(shape) < share
    drawn = list(zip(*(places.tolist() for places in spread(allowed, count, rng)), strict=True))
    assert len(set(drawn)) == len(drawn)
    assert all(allowed[places] for places in drawn)
    for query in range(shape[0]):
        supply = allowed[query].sum(axis=1)
        taken = np.bincount([p for q, p, _ in drawn if q == query], minlength=shape[1])
        expected = np.zeros(shape[1], int)
        while expected.sum() < min(count, supply.sum()):
            turn = min((expected[p], p) for p in range(shape[1]) if expected[p] < supply[p])[1]
            expected[turn] += 1
        assert taken.tolist() == expected.tolist()


def test_spread_draws_every_negative_at_times():
    allowed = np.ones((400, 1, 8), np.bool_)
    _, _, negative = spread(allowed, 1, np.random.default_rng(1))
    assert (np.bincount(negative, minlength=8) > 25).all()


@pytest.mark.parametrize(("size", "expected"), [(3, 3), (6, 6), (10, 6)])
def test_a_window_offers_each_photo_once(size, expected):
    pool = np.array([4, 8, 15, 16, 23, 42])
    offered = window(200, pool, size, np.random.default_rng(1))
    assert offered.shape == (200, expected)
    assert all(len(set(row)) == expected for row in offered.tolist())
    assert set(offered[:, 0].tolist()) == set(pool.tolist())


def test_an_empty_pool_offers_nothing():
    assert window(3, np.empty(0, np.int64), 5, np.random.default_rng(1)).shape == (3, 0)
