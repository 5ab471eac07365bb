"""Batches that share photos: no triplet is lost, few photos are needed, and neither queries nor kinds crowd out."""

import numpy as np
import pytest

from train.sharing import shared


def clusters(rng: np.random.Generator, count: int, side: int, each: int) -> np.ndarray:
    """Triplets (count x each, 3) inside `count` groups of `side` photos."""
    rows = {
        (*(group * side + rng.permutation(side)[:3]),) for group in range(count) for _ in range(each) for _ in range(3)
    }
    return np.array(sorted(rows))[rng.permutation(len(rows))]


@pytest.mark.parametrize(("batch", "photos"), [(1, 3), (4, 5), (16, 20), (16, 48), (50, 60)])
def test_every_triplet_stands_in_one_batch_and_batches_keep_to_their_photos(batch, photos):
    rng = np.random.default_rng(0)
    rows = clusters(rng, 12, 8, 20)
    batches = shared(rows, rng.integers(3, size=len(rows)), batch, photos, np.random.default_rng(1))
    holders = [set(one) for one in batches.tolist()]
    assert batches.shape == (len(holders), batch)
    assert sum(map(len, holders)) == len(rows)
    assert set().union(*holders) == set(range(len(rows)))
    for one in batches:
        assert len(set(rows[one].reshape(-1).tolist())) <= photos


def test_triplets_of_one_group_come_together():
    rng = np.random.default_rng(0)
    rows = clusters(rng, 30, 6, 20)
    kinds = np.zeros(len(rows), np.int64)
    batches = shared(rows, kinds, 16, 20, np.random.default_rng(1))
    decoded = sum(len(np.unique(rows[one])) for one in batches) / len(rows)
    at_random = rng.permutation(len(rows))[: len(rows) // 16 * 16].reshape(-1, 16)
    assert decoded < 0.8
    assert np.mean([len(np.unique(rows[one])) / 16 for one in at_random]) > 2.4


def test_same_seed_same_batches_and_another_seed_gives_others():
    rows = clusters(np.random.default_rng(0), 10, 8, 10)
    kinds = np.arange(len(rows)) % 2
    one, same, other = (shared(rows, kinds, 8, 12, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_query_with_many_triplets_takes_a_quarter_of_a_batch():
    # One query with 40 triplets, and chains of photos that hang on to its positives.
    star = [(0, 1 + number, 41 + number) for number in range(40)]
    others = [(81 + number, 1 + number, 41 + (number + 1) % 40) for number in range(40)]
    batches = shared(np.array(star + others), np.zeros(80, np.int64), 16, 24, np.random.default_rng(1))
    of_star = [len({triplet for triplet in one if triplet < 40}) for one in batches.tolist()]
    assert np.median(of_star) == 4


def test_kinds_keep_about_their_shares():
    rng = np.random.default_rng(0)
    groups = [clusters(rng, 20, 8, 20) + 160 * kind for kind in range(2)]
    kinds = np.repeat([0, 1], [len(groups[0]), len(groups[1])])
    batches = shared(np.concatenate(groups), kinds, 16, 24, np.random.default_rng(1))
    shares = kinds[batches].mean(axis=1)
    assert np.mean((shares > 0.3) & (shares < 0.7)) > 0.8


def test_one_triplet_fills_a_batch_alone():
    batches = shared(np.array([[0, 1, 2]]), np.zeros(1, np.int64), 4, 3, np.random.default_rng(1))
    np.testing.assert_array_equal(batches, [[0, 0, 0, 0]])


def test_disjoint_triplets_leave_no_batch_without_room():
    rows = np.arange(30).reshape(10, 3)
    batches = shared(rows, np.zeros(10, np.int64), 4, 6, np.random.default_rng(1))
    assert batches.shape == (5, 4)
    assert all(len(set(one)) == 2 for one in batches.tolist())
