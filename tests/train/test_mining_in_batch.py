"""Mining in the batch against plain loops, with planted copies of the query."""

import keras
import loss_oracles as oracles
import numpy as np
import pytest

from train import losses
from train.losses.batch import alike
from train.losses.mining import MININGS
from train.targets import pack


def mine(mining: str, y_true: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found = MININGS[mining](*oracles.tensors("float32", y_true, rows))
    return tuple(keras.ops.convert_to_numpy(array) for array in found)


def planted(seed: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A batch of 16 triplets over 14 groups, where photos of one group are near copies of each other."""
    rng = np.random.default_rng(seed)
    groups = np.concatenate([rng.choice(14, 3, replace=False) for _ in range(16)])
    rows = oracles.unit(14, width, seed)[groups] + rng.normal(0, 0.001, (48, width))
    return pack(groups, rng.random(48, np.float32), None), rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(5))
def test_rows_that_are_no_negatives_by_loop(seed):
    y_true, _ = planted(seed, 4)
    got = keras.ops.convert_to_numpy(alike(keras.ops.convert_to_tensor(y_true)))
    for place in range(16):
        np.testing.assert_array_equal(np.flatnonzero(~got[place]), oracles.allowed(y_true, place))


@pytest.mark.parametrize("width", [3, 8, 128])
@pytest.mark.parametrize("mining", MININGS)
def test_mined_rows_are_those_of_a_loop(mining, width):
    for seed in range(5):
        y_true, rows = planted(seed, width)
        places, found = mine(mining, y_true, rows)
        expected = oracles.MININGS[mining](y_true, rows)
        np.testing.assert_array_equal(np.where(found, places, np.arange(2, 48, 3)), expected)
        assert found.any()


@pytest.mark.parametrize("mining", MININGS)
def test_copies_of_the_query_and_its_positives_are_never_negatives(mining):
    # The query's group 0 stands in row 5 as a copy, its positives 1 and 3 in rows 8 and 10; row 11 is the one left.
    groups = [0, 1, 9, 0, 3, 0, 9, 0, 1, 9, 3, 7]
    rows = np.tile([[1.0, 0.0, 0.0]], (12, 1))
    rows[[2, 6, 9, 11]] = [[-1, 0, 0], [-1, 0, 0], [-1, 0, 0], [0.8, 0.6, 0]]
    for draw in (0.0, 0.5, 0.9999999):
        y_true = pack(np.array(groups), np.full(12, draw), None)
        places, found = mine(mining, y_true, rows)
        assert found[0]
        assert found[1]
        assert list(places[:2]) == [11, 11]


@pytest.mark.parametrize("mining", MININGS)
def test_a_query_without_negatives_keeps_its_own(mining):
    y_true = pack(np.array([0, 0, 0, 0, 0, 0]), np.full(6, 0.5), None)
    rows = oracles.unit(6, 4)
    assert not mine(mining, y_true, rows)[1].any()
    plain, mined = losses.build("hinge"), losses.build("hinge", mining=mining)
    np.testing.assert_array_equal(oracles.of(mined, y_true, rows), oracles.of(plain, y_true, rows))


def test_far_rows_are_never_drawn():
    rows = np.array([[1, 0], [1, 0], [-1, 0], [0, 1], [0, 1], [0, -1]])  # D is 0, sqrt(2) or 2
    y_true = pack(np.arange(6), np.full(6, 0.5), None)
    assert not mine("distance_weighted", y_true, rows)[1].any()


@pytest.mark.parametrize("width", [2, 3, 16, 512])
def test_draws_come_as_often_as_the_formula_says(width):
    # 100 times the same query with the draws of a grid; its rows of one distance stand side by side.
    gaps = np.random.default_rng(width).permutation([0.0, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.39, 1.41, 1.6]).repeat(10)
    rows, groups = np.zeros((300, width)), np.tile([0, 1, 2], 100)
    rows[:, 0] = 1
    rows[2::3, 0], rows[2::3, 1] = 1 - gaps**2 / 2, np.sqrt(1 - (1 - gaps**2 / 2) ** 2)
    y_true = pack(groups, ((np.arange(100) + 0.5) / 100).repeat(3), None)
    drawn = gaps[mine("distance_weighted", y_true, rows)[0] // 3]
    chances = oracles.chances(y_true, rows, 0)
    for gap in gaps:
        expected = sum(chance for row, chance in chances.items() if gaps[row // 3] == gap)
        assert abs(np.sum(drawn == gap) - 100 * expected) <= 1


def test_a_draw_that_was_rounded_to_1_takes_the_last_row():
    rows = oracles.unit(6, 8)
    y_true = pack(np.array([0, 1, 2, 0, 1, 0]), np.full(6, 1.0), None)
    places, found = mine("distance_weighted", y_true, np.abs(rows))
    np.testing.assert_array_equal(places, [2, 2])
    assert found.all()


@pytest.mark.parametrize("mining", MININGS)
def test_active_sees_the_mined_negatives(mining):
    y_true, rows = planted(1, 8)
    expected = np.array(oracles.values("hinge", y_true, rows, margin=0.3, mining=mining)) > 0
    got = oracles.active(losses.build("hinge", margin=0.3, mining=mining), y_true, rows)
    assert expected.any()
    np.testing.assert_array_equal(got, expected)
