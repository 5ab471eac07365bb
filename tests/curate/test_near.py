"""Near pairs: those of plain loops, whatever the thresholds, the order and the crowding."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from curate.near import near_pairs, ordered
from curate.params import DuplicateParams


def params(hash_distance=6, color_distance=7.0):
    return DuplicateParams(hash_distance=hash_distance, color_distance=color_distance)


def family(rng, count, flips, shade, parents=4):
    """Fingerprints near a few parents: up to `flips` bits and, in some cells, `shade` levels from them."""
    hashes = rng.integers(0, 2**64, parents, np.uint64)[rng.integers(0, parents, count)]
    for _ in range(flips):
        flip = np.uint64(1) << rng.integers(0, 64, count).astype(np.uint64)
        hashes ^= np.where(rng.random(count) < 0.6, flip, np.uint64(0))
    colors = rng.integers(0, 256, (2, 8, 8, 3))[rng.integers(0, 2, count)]
    moved = rng.integers(-shade, shade + 1, colors.shape) * (rng.random(colors.shape) < 0.3)
    return hashes, np.clip(colors + moved, 0, 255).astype(np.uint8)


def looped(hashes, colors, limits):
    found = set()
    for i in range(len(hashes)):
        for j in range(i + 1, len(hashes)):
            delta = (colors[i].astype(float) - colors[j]) * [100 / 255, 1, 1]
            far = np.sqrt((delta**2).sum(axis=-1)).max()
            if (int(hashes[i]) ^ int(hashes[j])).bit_count() <= limits.hash_distance and far <= limits.color_distance:
                found.add((i, j))
    return found


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32), st.integers(0, 30), st.integers(0, 9), st.integers(0, 12), st.integers(0, 16),
    st.sampled_from([0.0, 0.5, 3.0, 7.0, 12.25, 400.0, float("inf")]),
)  # fmt: skip
def test_near_pairs_are_those_of_loops(seed, count, flips, shade, hash_distance, color_distance):
    hashes, colors = family(np.random.default_rng(seed), count, flips, shade)
    limits = params(hash_distance, color_distance)
    pairs = near_pairs(hashes, colors, limits).tolist()
    assert {tuple(pair) for pair in pairs} == looped(hashes, colors, limits)
    assert pairs == sorted(pairs)
    assert len({tuple(pair) for pair in pairs}) == len(pairs)


def test_the_examples_above_hold_near_and_far_ones():
    hashes, colors = family(np.random.default_rng(1), 30, 4, 3)
    assert 0 < len(looped(hashes, colors, params())) < 30 * 29 / 2 / 2


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32))
def test_the_order_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    hashes, colors = family(rng, 60, 5, 4)
    order = rng.permutation(60)
    shuffled = {frozenset(order[pair].tolist()) for pair in near_pairs(hashes[order], colors[order], params())}
    assert shuffled == {frozenset(pair.tolist()) for pair in near_pairs(hashes, colors, params())}


@pytest.mark.parametrize("limit", [0, 1, 6, 9, 16])
def test_every_bit_may_be_the_one_that_differs(limit):
    for first in range(64):
        flipped = sum(1 << (first + 5 * step) % 64 for step in range(limit + 1))
        enough = flipped & (flipped - 1)  # one bit less
        hashes = np.array([0, enough, flipped], np.uint64)
        colors = np.zeros((3, 8, 8, 3), np.uint8)
        pairs = [[0, 1], [1, 2]] if limit else [[0, 1]]
        assert near_pairs(hashes, colors, params(limit)).tolist() == pairs


def test_a_lightness_at_the_limit_is_near():
    colors = np.zeros((4, 8, 8, 3), np.uint8)
    colors[:, 3, 4, 0] = [100, 151, 202, 254]  # 51 levels are 20 units
    pairs = near_pairs(np.zeros(4, np.uint64), colors, params(0, 20.0)).tolist()
    assert pairs == [[0, 1], [1, 2]]


def test_a_crowd_with_one_hash_is_compared_in_blocks():
    rng = np.random.default_rng(5)
    colors = np.full((700, 8, 8, 3), 128, np.uint8)
    colors[..., 0] = rng.integers(0, 256, 700)[:, None, None]
    light = colors[:, 0, 0, 0] * (100 / 255)
    expected = np.argwhere(np.triu(np.abs(light[:, None] - light) <= 60.1, 1))
    assert len(expected) > 1 << 17
    np.testing.assert_array_equal(near_pairs(np.zeros(700, np.uint64), colors, params(3, 60.1)), expected)


def test_skewed_hashes_of_a_studio_take_little_time():
    rng = np.random.default_rng(6)
    hashes = rng.integers(0, 2**64, 20_000, np.uint64)
    # Half of the bits are as good as settled.
    hashes &= np.uint64(0x5555555555555555) | rng.integers(0, 2**64, (4, 20_000), np.uint64).min(axis=0)
    colors = np.full((20_000, 8, 8, 3), 250, np.uint8)
    colors[:, 2:6, 2:6] = rng.integers(0, 256, (20_000, 1, 1, 3), np.uint8)
    start = time.perf_counter()
    near_pairs(hashes, colors, params())
    assert time.perf_counter() - start < 10  # a twentieth of it on an idle core


def test_ordered_pairs_are_sorted_and_stand_once():
    pairs = np.array([[4, 1], [1, 4], [0, 3], [2, 3], [3, 0]])
    assert ordered(pairs, 5).tolist() == [[0, 3], [1, 4], [2, 3]]
    assert ordered(np.empty((0, 2), np.int64), 0).shape == (0, 2)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_for_a_pair(count):
    pairs = near_pairs(np.zeros(count, np.uint64), np.zeros((count, 8, 8, 3), np.uint8), params())
    assert pairs.shape == (0, 2)
    assert pairs.dtype == np.int64


def test_too_many_that_look_alike_are_one_line(monkeypatch):
    monkeypatch.setattr("curate.near._MOST", 100)
    hashes, colors = family(np.random.default_rng(2), 60, 1, 1, parents=1)
    with pytest.raises(InputError) as error:
        near_pairs(hashes, colors, params(16, 100.0))
    assert str(error.value) == (
        "more than 100 pairs of 60 photos look alike."
        " Lower hash_distance or color_distance in curate.duplicates, or exclude placeholder photos."
    )
