"""Each rule, against plain loops on 16 points."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triplets.rules import at, capped, mutual, ordered, shared, sift, similarity, under_cap, window


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
    hardness=st.sampled_from([0, 1, 5.0]),
)
def test_what_is_allowed_is_ordered_in_turn_over_the_positives(seed, shape, count, share, hardness):
    rng = np.random.default_rng(seed)
    allowed = rng.random(shape) < share
    last = rng.random((shape[0], shape[2])) < 0.5
    draws = ordered(allowed, count, hardness, rng, last=last)
    assert draws.positive.shape == draws.negative.shape == (shape[0], count)
    for query in range(shape[0]):
        there = [(p, n) for p, n in zip(draws.positive[query], draws.negative[query], strict=True) if n >= 0]
        assert len(set(there)) == len(there) == min(count, np.count_nonzero(allowed[query]))
        assert all(allowed[query, p, n] for p, n in there)
        assert (draws.negative[query, len(there) :] == -1).all()
        # One of each positive that has any left, before the second of any.
        turns = Counter()
        left = {p: int(np.count_nonzero(allowed[query, p])) for p in range(shape[1])}
        for p, _ in there:
            assert (turns[p], p) == min((turns[q], q) for q in left if left[q] > 0)
            turns[p] += 1
            left[p] -= 1
        for p in range(shape[1]):
            of_positive = [bool(last[query, n]) for q, n in there if q == p]
            assert of_positive == sorted(of_positive)


@pytest.mark.parametrize(("hardness", "share"), [(0, 1 / 8), (1, 1 / sum(1 / k for k in range(1, 9))), (60, 1)])
def test_hardness_is_the_power_by_which_nearer_ones_are_likelier(hardness, share):
    allowed = np.ones((4000, 1, 8), np.bool_)
    first = ordered(allowed, 1, hardness, np.random.default_rng(1)).negative[:, 0]
    assert np.mean(first == 0) == pytest.approx(share, abs=0.025)
    if hardness < 60:
        assert set(first.tolist()) == set(range(8))


def test_hardness_counts_the_allowed_ones_alone():
    allowed = np.zeros((500, 1, 9), np.bool_)
    allowed[:, :, [5, 7]] = True
    first = ordered(allowed, 1, 1.0, np.random.default_rng(1)).negative[:, 0]
    assert np.mean(first == 5) == pytest.approx(2 / 3, abs=0.06)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(0, 16), st.integers(0, 8)),
    per_query=st.integers(1, 5),
    cap=st.integers(1, 5),
)
def test_every_query_takes_its_first_before_any_takes_its_second_and_no_negative_is_taken_beyond_its_cap(
    seed, shape, per_query, cap
):
    rng = np.random.default_rng(seed)
    label = rng.integers(-1, 5, shape)
    taken, refused = capped(label, per_query, cap, rng)
    used, room, seen = Counter(), [per_query] * shape[0], 0
    for turn in range(shape[1]):
        asking = Counter(int(label[q, turn]) for q in range(shape[0]) if label[q, turn] >= 0 and room[q])
        granted = Counter()
        for query in range(shape[0]):
            if taken[query, turn]:
                assert label[query, turn] >= 0
                assert room[query] > 0
                room[query] -= 1
                granted[int(label[query, turn])] += 1
        for negative, count in asking.items():
            assert granted[negative] == min(count, cap - used[negative])
            seen += count - granted[negative]
        used += granted
    assert refused == seen
    assert max(used.values(), default=0) <= cap


def test_who_gets_a_scarce_negative_is_drawn():
    label = np.zeros((10, 1), np.int64)
    winners = {int(np.flatnonzero(capped(label, 1, 1, np.random.default_rng(seed))[0][:, 0])[0]) for seed in range(60)}
    assert len(winners) > 6


@pytest.mark.parametrize(("size", "expected"), [(3, 3), (6, 6), (10, 6)])
def test_a_window_offers_each_photo_once(size, expected):
    pool = np.array([4, 8, 15, 16, 23, 42])
    offered = window(200, pool, size, np.random.default_rng(1))
    assert offered.shape == (200, expected)
    assert all(len(set(row)) == expected for row in offered.tolist())
    assert set(offered[:, 0].tolist()) == set(pool.tolist())


def test_an_empty_pool_offers_nothing():
    assert window(3, np.empty(0, np.int64), 5, np.random.default_rng(1)).shape == (3, 0)


def test_at_an_absent_place_stands_nothing():
    assert at(np.array([[7, 8, 9]]), np.array([[2, -1, 0, 0]])).tolist() == [[9, -1, 7, 7]]
    assert at(np.empty((2, 0), np.int64), np.full((2, 3), -1)).tolist() == [[-1] * 3] * 2
