"""The metrics against plain loops."""

import numpy as np
import pytest

from core.codes import MISSING, codes
from train import metrics


@pytest.fixture
def ranked() -> tuple[np.ndarray, np.ndarray]:
    """Relevance by rank for 30 queries of a gallery of 12, and the relevant counts."""
    hits = np.random.default_rng(5).random((30, 12)) < 0.3
    hits[:, 0] |= ~hits.any(axis=1)
    return hits, hits.sum(axis=1)


def test_triplet_accuracy_counts_a_tie_as_half():
    accuracy, ties = metrics.triplet_accuracy(np.array([1, 2, 3, 0.0]), np.array([2, 2, 1, 0.0]))
    assert (accuracy, ties) == (0.5, 0.5)


@pytest.mark.parametrize("k", [1, 3, 12, 40])
def test_hit_rate_and_recall_by_loop(ranked, k):
    hits, relevant = ranked
    rates = [1.0 if any(row[:k]) else 0.0 for row in hits.tolist()]
    recalls = [sum(row[:k]) / sum(row) for row in hits.tolist()]
    np.testing.assert_allclose(metrics.hit_rate(hits, k), rates)
    np.testing.assert_allclose(metrics.recall(hits, relevant, k), recalls)


def test_map_at_r_by_loop(ranked):
    hits, relevant = ranked
    expected = []
    for row in hits.tolist():
        reach = sum(row)
        precisions = [sum(row[: rank + 1]) / (rank + 1) for rank in range(reach) if row[rank]]
        expected.append(sum(precisions) / reach)
    np.testing.assert_allclose(metrics.map_at_r(hits, relevant), expected)
    assert metrics.map_at_r(np.array([[True, True, False]]), np.array([2]))[0] == 1.0
    assert metrics.map_at_r(np.array([[False, True, True]]), np.array([2]))[0] == 0.25


def test_codes_tell_values_apart_and_none_from_all():
    coded = codes(np.array(["b", None, "a", "b"], dtype=object))
    assert coded[0] == coded[3] != coded[2]
    assert coded[1] == MISSING
    assert (codes(np.array([None, None], dtype=object)) == MISSING).all()
