"""The map of photos: places, cells and bytes."""

from itertools import permutations

import numpy as np

from train.evaluation.photo_map import CELL, PALETTE, cells, chosen, photo_map, places


def test_every_photo_gets_a_cell_of_its_own_and_moves_as_little_as_can_be():
    spots = np.random.default_rng(1).random((4, 2))
    spots[1] = spots[0]
    found = cells(spots, 3)
    assert len(set(found)) == 4
    grid = [(row, column) for row in range(3) for column in range(3)]

    def moved(taken):
        middles = (np.array(taken) + 0.5) / 3
        return float(((middles - spots) ** 2).sum())

    assert np.isclose(moved(found), min(moved(some) for some in permutations(grid, 4)))


def test_similar_photos_lie_together_and_two_runs_are_equal():
    rng = np.random.default_rng(2)
    group = np.arange(40) % 2
    vectors = (rng.normal(size=(40, 8)) + 8 * group[:, None]).astype(np.float32)
    spots = places(vectors, 1)
    np.testing.assert_array_equal(spots, places(vectors, 1))
    assert spots.min() == 0
    assert spots.max() == 1
    near = np.argsort(((spots[:, None] - spots[None]) ** 2).sum(axis=2), axis=1)[:, 1]
    assert (group[near] == group).mean() > 0.9


def test_equal_vectors_make_a_map_too():
    photos = [np.full((20, 12, 3), 60, np.uint8)] * 6
    drawn = photo_map(np.ones((6, 1), np.float32), photos, np.array([*"aabbbc"], object), 1)
    assert drawn.colors == {"b": PALETTE[0], "a": PALETTE[1], "c": PALETTE[2]}
    assert drawn.pixels.shape[0] % CELL == 0
    frame = tuple(int(PALETTE[0][start : start + 2], 16) for start in (1, 3, 5))
    assert (drawn.pixels == frame).all(axis=2).any()
    assert (drawn.pixels == 60).all(axis=2).sum() == 6 * 20 * 12


def test_too_few_photos_make_no_map():
    assert photo_map(np.eye(4, dtype=np.float32), [np.zeros((4, 4, 3), np.uint8)] * 4, np.array([*"abcd"]), 1) is None


def test_some_photos_are_chosen_by_the_seed():
    first, again, other = chosen(100, 10, 1), chosen(100, 10, 1), chosen(100, 10, 2)
    assert first.tolist() == again.tolist() == sorted(set(first.tolist()))
    assert first.tolist() != other.tolist()
    assert chosen(4, 10, 1).tolist() == [0, 1, 2, 3]
