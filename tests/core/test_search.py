"""The exact search, against plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.search import _twins, fused, nearest


def by_loops(queries, gallery, k, barred):
    """Rows of the k nearest per query; ties go to the smaller row."""
    found = []
    for number, query in enumerate(queries):
        open_rows = [
            row for row in range(len(gallery)) if not any(mine[number] == theirs[row] for mine, theirs in barred)
        ]
        order = sorted(open_rows, key=lambda row: (math.dist(query, gallery[row]), row))
        found.append((order + [-1] * k)[: min(k, len(gallery))])
    return np.array(found).reshape(len(queries), min(k, len(gallery)))


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    queries=st.integers(0, 16),
    photos=st.integers(0, 16),
    k=st.integers(1, 18),
    block=st.integers(1, 20),
)
def test_it_finds_what_loops_find(seed, queries, photos, k, block):
    rng = np.random.default_rng(seed)
    # Whole numbers: many ties, and no rounding.
    asked = rng.integers(0, 3, (queries, 2)).astype(np.float32)
    gallery = rng.integers(0, 3, (photos, 2)).astype(np.float32)
    gallery -= np.float32(1)
    barred = tuple((rng.integers(0, 6, queries), rng.integers(0, 6, photos)) for _ in range(2))
    found = nearest(asked, gallery, k, barred=barred, block=block)
    distances = [
        [math.dist(asked[query], gallery[row]) if row >= 0 else math.inf for row in found.rows[query]]
        for query in range(queries)
    ]
    expected = by_loops(asked, gallery, k, barred)
    for query, rows in enumerate(expected):
        wanted = [math.dist(asked[query], gallery[row]) if row >= 0 else math.inf for row in rows]
        assert distances[query] == pytest.approx(wanted)
        assert (found.rows[query] >= 0).tolist() == (rows >= 0).tolist()
        for mine, theirs in barred:
            assert all(mine[query] != theirs[row] for row in found.rows[query] if row >= 0)
    np.testing.assert_allclose(found.distances, np.array(distances).reshape(queries, min(k, photos)), atol=1e-3)


@pytest.mark.parametrize("block", [1, 3, 512])
def test_equal_photos_come_in_the_order_of_their_rows(block):
    same = np.ones((6, 4), np.float32)
    barred = ((np.arange(6), np.arange(6)),)
    rows = nearest(same, same, 3, barred=barred, block=block).rows
    assert rows.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2], [0, 1, 2]]


def test_small_distances_far_from_the_origin_are_kept_apart():
    steps = np.arange(16, dtype=np.float32)[:, None] / 64
    values = np.concatenate([steps, np.full((16, 1), 100, np.float32)], axis=1)
    found = nearest(values[:1], values, 16)
    assert found.rows[0].tolist() == list(range(16))
    np.testing.assert_allclose(found.distances[0], steps[:, 0], atol=1e-4)


def test_an_empty_gallery_has_no_neighbours():
    found = nearest(np.ones((2, 3), np.float32), np.empty((0, 3), np.float32), 4)
    assert found.rows.shape == found.distances.shape == (2, 0)


def test_where_all_are_barred_none_is_found():
    values = np.random.default_rng(0).random((4, 3), np.float32)
    found = nearest(values, values, 2, barred=((np.zeros(4), np.zeros(4)),))
    assert (found.rows == -1).all()
    assert np.isinf(found.distances).all()


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    photos=st.integers(1, 40),
    k=st.integers(1, 6),
    weights=st.tuples(*[st.sampled_from([0.0, 0.3, 1.0])] * 3).filter(any),
)
def test_fused_is_the_weighted_sum_of_the_parts(seed, photos, k, weights):
    rng = np.random.default_rng(seed)
    gallery = [rng.random((photos, width), np.float32) for width in (3, 5, 2)]
    asked = [values[: photos // 2] for values in gallery]
    found = fused(asked, gallery, weights, k, block=7)
    for query in range(photos // 2):
        apart = {
            row: [math.dist(one[query], other[row]) for one, other in zip(asked, gallery, strict=True)]
            for row in range(photos)
        }
        total = {row: math.sqrt(sum(w * d**2 for w, d in zip(weights, own, strict=True))) for row, own in apart.items()}
        expected = sorted(total.values())[: min(k, photos)]
        assert found.distances[query] == pytest.approx(expected, abs=2e-3)
        for place, row in enumerate(found.rows[query]):
            assert total[row] == pytest.approx(expected[place], abs=2e-3)
            assert found.parts[:, query, place] == pytest.approx(apart[row], abs=2e-3)


def test_twins_are_found_whoever_else_is_as_long():
    first, second = np.eye(2, dtype=np.float32)
    gallery = np.stack([first, second, second, -first, -second, -second])
    for parts in ([gallery], [gallery, np.ones((6, 3), np.float32)]):
        copies, originals = _twins(parts, np.ones(6, np.float32))
        assert list(zip(copies.tolist(), originals.tolist(), strict=True)) == [(2, 1), (5, 4)]
    different = [gallery, np.arange(6, dtype=np.float32)[:, None]]
    assert len(_twins(different, np.ones(6, np.float32))[0]) == 0


def test_copies_in_a_gallery_are_equally_far_whatever_a_matrix_product_rounds():
    rng = np.random.default_rng(5)
    gallery = [rng.standard_normal((700, width), np.float32) for width in (301, 77)]
    copied = rng.integers(0, 100, 300)
    for values in gallery:
        values[400:] = values[copied]
    asked = [rng.standard_normal((50, width), np.float32) for width in (301, 77)]
    found = fused(asked, gallery, [0.4, 0.6], 700)
    place = np.argsort(found.rows, axis=1)
    distance = np.take_along_axis(found.distances, place, axis=1)
    np.testing.assert_array_equal(distance[:, 400:], distance[:, copied])
    for query in range(50):
        order = list(zip(found.distances[query], found.rows[query], strict=True))
        assert order == sorted(order)


@pytest.mark.parametrize("values", [3, 40, 10**6])
def test_a_few_of_many_with_ties_at_the_border(values):
    rng = np.random.default_rng(values)
    gallery = rng.integers(0, values, (300, 1)).astype(np.float32)
    asked = rng.integers(0, values, (20, 1)).astype(np.float32)
    found = nearest(asked, gallery, 5)
    # About the gallery's mean, whole numbers are still told apart.
    for query in range(20):
        wanted = sorted(range(300), key=lambda row: (abs(gallery[row, 0] - asked[query, 0]), row))[:5]
        if values < 100:
            got = [abs(gallery[row, 0] - asked[query, 0]) for row in found.rows[query]]
            assert got == [abs(gallery[row, 0] - asked[query, 0]) for row in wanted]
            tied = [row for row in found.rows[query] if gallery[row, 0] == gallery[found.rows[query, -1], 0]]
            assert tied == [row for row in range(300) if gallery[row, 0] == gallery[tied[0], 0]][: len(tied)]
        else:
            assert found.rows[query].tolist() == wanted
