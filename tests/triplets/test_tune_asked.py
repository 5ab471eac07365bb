"""A query beside its place, against the recommender and plain arithmetic."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_project import catalog_rows, fit, random_vectors, row, write_project, write_vectors

from core.engines import LOCAL
from core.errors import InputError, TableError
from core.paths import CATALOG, FEATURES, TABLE
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog, Neighbors, Vectors
from triplets import distances, neighbors
from triplets.distances import Described
from triplets.tune.asked import Asked

LONE = "hats"  # a partition of one photo; `gloves` are two photos of a product and one of another
TWINS = ["c000-0", "c003-0", "c006-1"]  # dresses of three products whose vectors are equal
OWN = {"tops": (0.0, 0.0, 1.0)}
WEIGHTS = [(0.4, 0.3, 0.3), (1.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.05, 0.05, 0.9)]


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A project whose vectors stand in another order than its photos."""
    rows = [*catalog_rows(45), row("hat", category=LONE)]
    rows += [row(f"glove{n}", product_id=f"g{n // 2}", category="gloves") for n in range(3)]
    names = [one["image_id"] for one in rows]
    vectors = random_vectors(len(rows))
    for values in vectors.values():
        values[[names.index(name) for name in TWINS]] = values[names.index(TWINS[0])]
    root = write_project(tmp_path_factory.mktemp("asked"), rows, vectors=vectors)
    turned = np.random.default_rng(2).permutation(len(rows))
    write_vectors(
        root / FEATURES, np.array(names, object)[turned], {name: values[turned] for name, values in vectors.items()}
    )
    return root


@pytest.fixture
def catalog(root):
    return Catalog.read(root / CATALOG / TABLE)


@pytest.fixture
def described(root, catalog, monkeypatch):
    monkeypatch.setattr(distances, "_AT_ONCE", 8)
    return Described.find(root / FEATURES, catalog.image_id)


def weighted(scales: dict[str, float], weights: tuple[float, ...], own=None) -> Similarity:
    categories = {name: dict(zip(DESCRIPTORS, values, strict=True)) for name, values in (own or {}).items()}
    return Similarity(dict(zip(DESCRIPTORS, weights, strict=True)), scales, categories)


@pytest.mark.parametrize("own", [{}, OWN], ids=["all alike", "tops by colour"])
@pytest.mark.parametrize("k", [1, 5, 100])
def test_what_is_found_is_what_the_recommender_finds_by_any_weights(root, catalog, described, own, k):
    scales = fit(root).scales
    asked = [Asked.of_known(number, catalog, described, scales) for number in range(len(catalog))]
    for weights in WEIGHTS:
        similarity = weighted(scales, weights, own)
        tables = neighbors.recommend(catalog, root / FEATURES, similarity, k, engine=LOCAL)
        recommended = Neighbors.concat(list(tables))
        for query in asked:
            wanted = recommended.take(recommended.query_id == query.name)
            found = query.nearest(similarity, k)
            assert catalog.image_id[found.rows].tolist() == wanted.neighbor_id.tolist()
            # About 0 a matrix product leaves what it rounds.
            np.testing.assert_allclose(found.distance, wanted.distance, rtol=1e-4, atol=2e-3)
            named = similarity.of(query.category).weights
            parts = np.stack([named[name] * getattr(wanted, name) ** 2 for name in DESCRIPTORS], axis=1)
            apart = wanted.distance > 0.01
            shares = parts[apart] / wanted.distance[apart, None] ** 2
            np.testing.assert_allclose(found.shares[apart], shares, rtol=1e-3, atol=1e-5)
            assert found.shares.shape == (len(found.rows), 3)


def test_twins_are_at_0_without_shares_in_the_order_of_the_catalog(root, catalog, described):
    scales = fit(root).scales
    for name in TWINS:
        (row_of,) = np.flatnonzero(catalog.image_id == name)
        found = Asked.of_known(row_of, catalog, described, scales).nearest(weighted(scales, WEIGHTS[0]), 3)
        assert catalog.image_id[found.rows[:2]].tolist() == [twin for twin in TWINS if twin != name]
        assert found.distance[:2].tolist() == [0, 0]
        assert found.shares[:2].tolist() == [[0, 0, 0], [0, 0, 0]]
        assert found.shares[2].sum() == pytest.approx(1)


def test_equal_photos_stay_beside_each_other_for_any_query_and_weights(root, catalog, described):
    scales = fit(root).scales
    rng = np.random.default_rng(4)
    for number in np.flatnonzero(catalog.category == "dresses"):
        query = Asked.of_known(number, catalog, described, scales)
        weights = tuple(rng.dirichlet(np.ones(3)))
        names = catalog.image_id[query.nearest(weighted(scales, weights), 100).rows].tolist()
        places = [names.index(twin) for twin in TWINS if twin in names]
        assert places == list(range(places[0], places[0] + len(places)))


def test_a_query_holds_one_number_by_descriptor_and_photo(root, catalog, described):
    query = Asked.of_known(0, catalog, described, fit(root).scales)
    assert (query.name, query.partition, query.category) == ("c000-0", "women/dresses", "dresses")
    assert query.rows.tolist() == np.flatnonzero(catalog.partition == "women/dresses").tolist()
    assert query.squared.shape == (3, len(query.rows))
    assert query.squared.dtype == np.float32
    barred = {name for name, never in zip(catalog.image_id[query.rows], query.barred, strict=True) if never}
    assert barred == {"c000-0", "c000-1"}


def test_copies_are_barred(root, catalog, described):
    (row_of,) = np.flatnonzero(catalog.image_id == "c020-0")  # a copy of c005-0
    query = Asked.of_known(row_of, catalog, described, fit(root).scales)
    assert set(catalog.image_id[query.rows[query.barred]]) == {"c020-0", "c020-1", "c005-0"}


def test_a_lone_photo_finds_none_and_one_other_is_all_there_is(root, catalog, described):
    scales = fit(root).scales
    similarity = weighted(scales, WEIGHTS[0])
    names = catalog.image_id.tolist()
    hat, glove, other = (
        Asked.of_known(names.index(name), catalog, described, scales).nearest(similarity, 10)
        for name in ("hat", "glove0", "glove2")
    )
    assert len(hat.rows) == len(hat.distance) == 0
    assert hat.shares.shape == (0, 3)
    assert catalog.image_id[glove.rows].tolist() == ["glove2"]
    assert sorted(catalog.image_id[other.rows]) == ["glove0", "glove1"]


def test_a_strange_photo_finds_whatever_stands_in_the_partition(root, catalog, described):
    scales = fit(root).scales
    prepared = described.take(np.array([0])).load()
    query = Asked.of_strange("mine.jpg", prepared, "women/dresses", catalog, described, scales)
    found = query.nearest(weighted(scales, WEIGHTS[0]), 100)
    assert (query.name, query.category, query.barred.any()) == ("mine.jpg", "dresses", False)
    assert catalog.image_id[found.rows[:3]].tolist() == TWINS
    assert len(found.rows) == len(query.rows)
    known = Asked.of_known(0, catalog, described, scales)
    np.testing.assert_array_equal(query.squared, known.squared)
    own = weighted(scales, WEIGHTS[0], {"dresses": (0.0, 0.0, 1.0)})
    np.testing.assert_allclose(query.nearest(own, 9).distance, np.sqrt(np.sort(query.squared[2])[:9]), rtol=1e-6)


def test_a_strange_photo_needs_a_partition_that_there_is(root, catalog, described):
    prepared = described.take(np.array([0])).load()
    with pytest.raises(InputError) as caught:
        Asked.of_strange("mine.jpg", prepared, "men/dresses", catalog, described, fit(root).scales)
    assert str(caught.value) == "the catalog has no partition men/dresses. Choose another."


def test_a_vector_that_is_not_finite_is_named(tmp_path):
    write_project(tmp_path, catalog_rows(20))
    catalog = Catalog.read(tmp_path / CATALOG / TABLE)
    path = tmp_path / FEATURES / "pattern.arrow"
    table = Vectors.read(path)
    values = table.values.copy()
    values[7, 2] = 12345.0
    replace(table, values=values).write(path)
    path.write_bytes(path.read_bytes().replace(np.float32(12345).tobytes(), np.float32("nan").tobytes()))
    (number,) = np.flatnonzero(catalog.image_id == table.image_id[7])
    beside = int(np.flatnonzero(catalog.partition == catalog.partition[number])[0])
    with pytest.raises(TableError) as caught:
        Asked.of_known(
            beside, catalog, Described.find(tmp_path / FEATURES, catalog.image_id), dict.fromkeys(DESCRIPTORS, 1.0)
        )
    assert str(caught.value) == f"{path}: the vector of {table.image_id[7]} is not finite. Run dvc repro."
