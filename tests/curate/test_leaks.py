"""The leak check: every pair of two splits, as by loops, and a fault that the search itself would hide."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.fingerprints import cells
from curate.leaks import Side, leaks
from curate.near import near_pairs
from curate.params import DuplicateParams

PARAMS = DuplicateParams(hash_distance=6, color_distance=7.0)


def column(values):
    filled = np.empty(len(values), object)
    filled[:] = values
    return filled


def side(rng, count, contents=40):
    hashes = rng.integers(0, 2, count).astype(np.uint64) * np.uint64(0xFFFF0000FF00FF00)
    for _ in range(6):
        hashes ^= np.uint64(1) << rng.integers(0, 64, count).astype(np.uint64)
    shades = np.clip(100 + rng.integers(-9, 10, (count, 8, 8, 3)), 0, 255).astype(np.uint8)
    content = [str(number) for number in rng.integers(0, contents, count)]
    return Side(column(content), hashes, column([shade.tobytes() for shade in shades]))


def looped(one, other, limits):
    found = []
    for i in range(len(one.content_hash)):
        for j in range(len(other.content_hash)):
            first, second = np.frombuffer(one.colors[i], np.uint8), np.frombuffer(other.colors[j], np.uint8)
            delta = (first.reshape(64, 3).astype(float) - second.reshape(64, 3)) * [100 / 255, 1, 1]
            bits = (int(one.perceptual_hash[i]) ^ int(other.perceptual_hash[j])).bit_count()
            near = bits <= limits.hash_distance and np.linalg.norm(delta, axis=1).max() <= limits.color_distance
            if near or one.content_hash[i] == other.content_hash[j]:
                found.append([i, j])
    return found


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32), st.integers(0, 40), st.integers(0, 40), st.sampled_from([0, 4, 8, 16]),
    st.sampled_from([0.0, 18.0, 20.0, 40.0]),
)  # fmt: skip
def test_leaks_are_those_of_loops(seed, tests, trains, hash_distance, color_distance):
    rng = np.random.default_rng(seed)
    one, other = side(rng, tests), side(rng, trains)
    limits = DuplicateParams(hash_distance=hash_distance, color_distance=color_distance)
    assert leaks(one, other, limits).tolist() == looped(one, other, limits)


def test_leaks_lie_in_every_block():
    rng = np.random.default_rng(2)
    hashes = rng.integers(0, 2**64, 9_000, np.uint64)
    colors = column([np.full(192, 90, np.uint8).tobytes()] * 9_000)
    content = column([str(number) for number in range(18_000)])
    rows = np.array([0, 31, 32, 40, 69])
    columns = np.array([8_999, 4_095, 4_096, 0, 8_192])
    tests = rng.integers(0, 2**64, 70, np.uint64)
    tests[rows] = hashes[columns] ^ np.uint64(0b111111)
    found = leaks(Side(content[9_000:9_070], tests, colors[:70]), Side(content[:9_000], hashes, colors), PARAMS)
    assert found.tolist() == np.stack([rows, columns], axis=1).tolist()


def test_it_agrees_with_the_search():
    rng = np.random.default_rng(3)
    both = side(rng, 600, contents=10**9)
    limits = DuplicateParams(hash_distance=8, color_distance=19.0)
    one = Side(both.content_hash[:200], both.perceptual_hash[:200], both.colors[:200])
    other = Side(both.content_hash[200:], both.perceptual_hash[200:], both.colors[200:])
    pairs = near_pairs(both.perceptual_hash, cells(both.colors), limits)
    crossing = pairs[(pairs[:, 0] < 200) & (pairs[:, 1] >= 200)]
    assert len(crossing) > 100
    assert leaks(one, other, limits).tolist() == (crossing - [0, 200]).tolist()


def test_an_equal_file_leaks_though_its_fingerprint_is_far():
    black, white = np.zeros(192, np.uint8).tobytes(), np.full(192, 255, np.uint8).tobytes()
    one = Side(column(["x", "same"]), np.array([0, 0], np.uint64), column([black, black]))
    other = Side(column(["same", "y"]), np.array([2**64 - 1, 0], np.uint64), column([white, white]))
    assert leaks(one, other, PARAMS).tolist() == [[1, 0]]


@pytest.mark.parametrize(("tests", "trains"), [(0, 0), (0, 5), (5, 0)])
def test_an_empty_side_leaks_nothing(tests, trains):
    rng = np.random.default_rng(4)
    found = leaks(side(rng, tests), side(rng, trains), PARAMS)
    assert found.shape == (0, 2)
    assert found.dtype == np.int64
