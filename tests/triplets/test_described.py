"""Reading prepared vectors block by block, against reading all of them at once."""

import numpy as np
import pytest
from small_project import WIDTHS, random_vectors, write_vectors

from core.similarity import Similarity, prepare
from triplets import distances
from triplets.distances import Described, weights_of_each

IDS = np.array([f"p{number:02}" for number in range(40)], object)
VECTORS = random_vectors(40)


@pytest.fixture
def described(tmp_path, monkeypatch):
    """40 photos, read 7 at a time."""
    monkeypatch.setattr(distances, "_AT_ONCE", 7)
    monkeypatch.setattr(distances, "_HELD", 14)
    write_vectors(tmp_path, IDS, VECTORS)
    return Described.find(tmp_path, IDS)


@pytest.mark.parametrize(
    "rows",
    [
        np.arange(40),
        np.arange(3, 17),
        np.array([5]),
        np.array([], np.int64),
        np.array([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        np.array([3, 3, 4, 39, 0, 1, 2, 3, 3, 3, 20]),
    ],
    ids=["all", "some", "one", "none", "backwards", "scattered"],
)
def test_the_bytes_are_those_of_all_prepared_at_once(described, rows):
    loaded = described.take(rows).load()
    for name, width in WIDTHS.items():
        assert loaded[name].shape == (len(rows), width)
        assert loaded[name].tobytes() == prepare(name, VECTORS[name][rows]).tobytes()


def test_blocks_cover_each_photo_once_and_leave_the_table_as_it_is(described):
    seen = []
    for some, values in described.blocks("color"):
        seen += range(40)[some]
        values[:] = -1  # the caller's own
    assert seen == list(range(40))
    np.testing.assert_array_equal(described.load()["color"], np.sqrt(VECTORS["color"]))


@pytest.mark.parametrize("rows", [np.arange(40), np.array([3, 9, 0, 1, 2, 39])], ids=["all", "scattered"])
def test_products_are_those_of_the_prepared_vectors(tmp_path, rows):
    vectors = {name: values.copy() for name, values in VECTORS.items()}
    for values in vectors.values():
        values[1], values[2] = 0, values[2] * np.float32(1e-21)  # whose squares have lost their digits
    write_vectors(tmp_path, IDS, vectors)
    described = Described.find(tmp_path, IDS).take(rows)
    for name, values in described.load().items():
        products, lengths = described.products(name, values[:5])
        np.testing.assert_allclose(products, values[:5] @ values.T, atol=1e-6)
        np.testing.assert_allclose(lengths, (values**2).sum(axis=1), atol=1e-6)


def test_each_category_asks_by_its_own_weights_or_by_those_of_all():
    named = {"structure": 0.5, "pattern": 0.3, "color": 0.2}
    own = {"structure": 0.0, "pattern": 0.0, "color": 1.0}
    similarity = Similarity(named, dict.fromkeys(named, 2.0), {"tops": own})
    found = weights_of_each(similarity, np.array(["tops", "skirts", "tops"], object))
    assert found.tolist() == [[0, 0, 1], [0.5, 0.3, 0.2], [0, 0, 1]]
    assert weights_of_each(similarity, np.array([], object)).shape == (0, 3)
