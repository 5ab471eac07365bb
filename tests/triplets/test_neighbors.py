"""The recommender, against plain loops."""

from pathlib import Path

import numpy as np
import pytest
from small_project import catalog_rows, random_vectors, row, write_project, write_vectors

from core.engines import LOCAL
from core.errors import InputError, TableError
from core.tables import DESCRIPTORS, Catalog, Neighbors, Vectors
from triplets import neighbors, similarity
from triplets.distances import between, load
from triplets.params import RecommendParams, Weights


def params(structure=0.4, pattern=0.3, color=0.3, neighbors=6) -> RecommendParams:
    return RecommendParams(Weights(structure, pattern, color), {}, neighbors, scale_pairs=400, seed=1)


def recommended(root: Path, asked: RecommendParams = params()):  # noqa: B008
    catalog = Catalog.read(root / "data/curated/catalog/catalog.parquet")
    fitted = similarity.fit(similarity.Pairs.draw(catalog, root / "data/features", asked), catalog, asked)
    found = neighbors.recommend(catalog, root / "data/features", fitted, asked.neighbors, engine=LOCAL)
    return catalog, fitted, Neighbors.concat([Neighbors.from_rows([]), *found])


def test_neighbours_are_the_nearest_of_the_partition_without_product_and_copies(tmp_path):
    catalog, fitted, found = recommended(write_project(tmp_path, catalog_rows(30)))
    prepared = load(tmp_path / "data/features", catalog.image_id)

    def apart(name, a, b):
        return float(np.linalg.norm(prepared[name][a].astype(float) - prepared[name][b])) / fitted.scales[name]

    def alike(a, b, *labels):
        return sum(getattr(catalog, label)[a] == getattr(catalog, label)[b] for label in labels)

    for query in range(len(catalog)):
        wanted = []
        for other in range(len(catalog)):
            if alike(query, other, "partition") and not alike(query, other, "product_id", "duplicate_group"):
                each = [apart(name, query, other) for name in DESCRIPTORS]
                fused = np.sqrt(sum(fitted.weights[n] * d**2 for n, d in zip(DESCRIPTORS, each, strict=True)))
                wanted.append((fused, *each, catalog.image_id[other]))
        wanted = sorted(wanted)[:6]
        got = found.take(found.query_id == catalog.image_id[query])
        assert got.neighbor_id.tolist() == [one[-1] for one in wanted]
        assert got.rank.tolist() == list(range(1, len(wanted) + 1))
        columns = np.stack([got.distance, got.structure, got.pattern, got.color], axis=1)
        np.testing.assert_allclose(columns, np.array([one[:-1] for one in wanted]).reshape(-1, 4), rtol=1e-4)
    split = dict(zip(catalog.image_id, catalog.split, strict=True))
    crossing = [split[q] != split[n] for q, n in zip(found.query_id, found.neighbor_id, strict=True)]
    assert 0 < sum(crossing) < len(found)


def test_the_weights_sum_to_1_so_that_a_random_pair_is_at_about_1(tmp_path):
    catalog, fitted, _ = recommended(write_project(tmp_path, catalog_rows(60)), params(8, 6, 6))
    assert sum(fitted.weights.values()) == pytest.approx(1)
    rows = np.flatnonzero(catalog.split == "train")
    first, second = np.random.default_rng(1).choice(rows, (2, 500))
    apart = between(load(tmp_path / "data/features", catalog.image_id), fitted, first, second)
    assert np.median(apart["distance"][first != second]) == pytest.approx(1, abs=0.15)


def test_scales_are_fitted_on_train_only(tmp_path):
    rows = catalog_rows(40)
    vectors = random_vectors(len(rows))
    before = recommended(write_project(tmp_path / "a", rows, vectors=vectors))[1]
    held = np.array([one["split"] != "train" for one in rows])
    for values in vectors.values():
        values[held] *= np.linspace(0.1, 30, held.sum())[:, None].astype(np.float32)
    assert recommended(write_project(tmp_path / "b", rows, vectors=vectors))[1] == before


def test_another_weight_gives_other_neighbours(tmp_path):
    write_project(tmp_path, catalog_rows(40))
    by_color = recommended(tmp_path, params(0, 0, 1))[2]
    by_all = recommended(tmp_path)[2]
    assert by_color.neighbor_id.tolist() != by_all.neighbor_id.tolist()
    np.testing.assert_allclose(by_color.distance, by_color.color, rtol=1e-6)


def test_equal_vectors_have_no_scale_and_weight_0_leaves_them_out(tmp_path):
    rows = catalog_rows(20)
    vectors = random_vectors(len(rows)) | {"pattern": np.ones((len(rows), 5), np.float32)}
    write_project(tmp_path, rows, vectors=vectors)
    with pytest.raises(InputError, match=r"^pattern: most training photos have one and the same vector\."):
        recommended(tmp_path)
    _, fitted, found = recommended(tmp_path, params(pattern=0))
    assert fitted.scales["pattern"] == 1
    assert len(found) > 0
    assert not found.pattern.any()


def test_an_image_without_a_vector_is_named(tmp_path):
    rows = catalog_rows(20)
    write_project(tmp_path, rows)
    color = Vectors.read(tmp_path / "data/features/color.arrow")
    kept = color.image_id != "c019-0"
    write_vectors(tmp_path / "data/features", color.image_id[kept], {"color": color.values[kept]})
    with pytest.raises(TableError) as caught:
        recommended(tmp_path)
    path = tmp_path / "data/features/color.arrow"
    assert str(caught.value) == f"{path} has no vector for the image c019-0. Run dvc repro."


def test_a_lone_product_has_no_neighbours(tmp_path):
    rows = [*catalog_rows(20), *(row(f"hat{n}", product_id="hat", category="hats") for n in range(2))]
    found = recommended(write_project(tmp_path, rows))[2]
    assert not np.char.startswith(found.query_id.astype(str), "hat").any()


def test_a_category_with_weights_of_its_own_asks_by_them(tmp_path):
    root = write_project(tmp_path, catalog_rows(40, categories=("dresses", "tops")))
    own = RecommendParams(Weights(0.4, 0.3, 0.3), {"tops": Weights(0, 0, 5)}, 6, scale_pairs=400, seed=1)
    catalog, fitted, found = recommended(root, own)
    assert fitted.categories == {"tops": {"structure": 0.0, "pattern": 0.0, "color": 1.0}}
    tops = np.isin(found.query_id, catalog.image_id[catalog.category == "tops"])
    np.testing.assert_allclose(found.distance[tops], found.color[tops], rtol=1e-6)
    plain = recommended(root)[2]
    assert found.take(~tops).neighbor_id.tolist() == plain.take(~tops).neighbor_id.tolist()
    assert found.take(tops).neighbor_id.tolist() != plain.take(tops).neighbor_id.tolist()


def test_all_identical_vectors_of_a_partition_are_at_0_in_the_order_of_their_ids(tmp_path):
    rows = [*catalog_rows(20, categories=("dresses",)), *(row(f"hat{n}", category="hats") for n in range(9))]
    vectors = random_vectors(len(rows))
    for values in vectors.values():
        values[-9:] = values[-1]
    found = recommended(write_project(tmp_path, rows, vectors=vectors), params(neighbors=8))[2]
    for number in range(9):
        near = found.take(found.query_id == f"hat{number}")
        assert near.neighbor_id.tolist() == [f"hat{other}" for other in range(9) if other != number]
        np.testing.assert_allclose(near.distance, 0, atol=1e-3)


def test_a_vector_that_is_not_finite_is_named(tmp_path):
    write_project(tmp_path, catalog_rows(20))
    path = tmp_path / "data/features/pattern.arrow"
    table = Vectors.read(path)
    values = table.values.copy()
    values[7, 2] = 12345.0
    Vectors(table.image_id, values, {}).write(path)
    written = path.read_bytes()
    assert written.count(np.float32(12345).tobytes()) == 1
    path.write_bytes(written.replace(np.float32(12345).tobytes(), np.float32("nan").tobytes()))
    with pytest.raises(TableError) as caught:
        recommended(tmp_path)
    assert str(caught.value) == f"{path}: the vector of {table.image_id[7]} is not finite. Run dvc repro."


def test_a_histogram_with_values_below_0_is_named(tmp_path):
    write_project(tmp_path, catalog_rows(20))
    path = tmp_path / "data/features/color.arrow"
    table = Vectors.read(path)
    values = table.values.copy()
    values[7, 2] = -0.5
    Vectors(table.image_id, values, {}).write(path)
    with pytest.raises(TableError) as caught:
        recommended(tmp_path)
    assert str(caught.value) == (
        f"{path}: the vector of {table.image_id[7]} has values below 0, so it is no histogram. Run dvc repro."
    )
