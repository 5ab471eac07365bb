"""The preview is what `triplets mine` writes, and says rightly why a photo has no triplet."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_project import catalog_rows, fit, random_vectors, row, write_params, write_project

from core.errors import InputError
from core.params import load
from core.paths import CATALOG, FEATURES, MINED, SIMILARITY, TABLE, TRIPLETS
from core.similarity import Similarity
from core.tables import Catalog, Triplets
from triplets.explained.text import guard_of
from triplets.mine import sifted
from triplets.params import MineParams, Weights
from triplets.rules import highest, similarity
from triplets.tune.preview import Preview, preview
from triplets.tune.setting import Setting

PARAMS = MineParams(
    candidates=14,
    positives=4,
    gap=5,
    margin=0.05,
    hardness=1.0,
    near_categories=1,
    per_query=3,
    negative_cap=10**4,
    seed=1,
)


def same(one: Triplets, other: Triplets) -> bool:
    return all(getattr(one, name).tolist() == getattr(other, name).tolist() for name in Triplets.columns())


def of_group(table: Triplets, catalog: Catalog, at: int) -> Triplets:
    """The rows of `triplets mine` for the partition and split of a row of the catalog."""
    inside = (catalog.partition == catalog.partition[at]) & (catalog.split == catalog.split[at])
    return table.take(np.isin(table.query_id, catalog.image_id[inside]))


@pytest.mark.usefixtures("printed")
def test_it_is_the_table_that_mine_has_written():
    catalog, table = Catalog.read(CATALOG / TABLE), Triplets.read(MINED / TRIPLETS)
    params = load(Path("params.yaml"), "triplets.mine", MineParams)
    groups = {
        (partition, split): at
        for at, (partition, split) in enumerate(zip(catalog.partition, catalog.split, strict=True))
    }
    for at in groups.values():
        found = preview(catalog, FEATURES, Similarity.read(SIMILARITY), params, at).triplets
        expected = of_group(table, catalog, at)
        assert same(sorted_by_ids(found), sorted_by_ids(expected))
        assert len(found) > 0
    assert len(groups) == 9


def test_other_weights_preview_what_mining_by_them_writes(project, call):
    assert call("recommend").exit_code == 0
    catalog, params = Catalog.read(CATALOG / TABLE), load(Path("params.yaml"), "triplets.mine", MineParams)
    setting = Setting(Weights(1, 0, 5), {"tops": Weights(0, 1, 1)})
    at = int(np.flatnonzero(catalog.category == "tops")[0])
    before = preview(catalog, FEATURES, Similarity.read(SIMILARITY), params, at)
    found = preview(catalog, FEATURES, setting.similarity(Similarity.read(SIMILARITY).scales), params, at)
    own = {"tops": {"structure": 0, "pattern": 1, "color": 1}}
    write_params(project, recommend={"weights": {"structure": 1, "pattern": 0, "color": 5}, "category_weights": own})
    assert [call(name).exit_code for name in ("recommend", "mine")] == [0, 0]
    expected = of_group(Triplets.read(MINED / TRIPLETS), catalog, at)
    assert set(found.triplets.params) == set(expected.params)
    assert same(sorted_by_ids(found.triplets), sorted_by_ids(expected))
    assert not same(sorted_by_ids(before.triplets), sorted_by_ids(expected))


def sorted_by_ids(table: Triplets) -> Triplets:
    columns = (table.negative_id, table.positive_id, table.query_id, table.kind)
    return table.take(np.lexsort([column.astype(str) for column in columns]))


@pytest.mark.usefixtures("printed")
def test_a_triplet_is_shown_with_its_guard():
    catalog = Catalog.read(CATALOG / TABLE)
    params = load(Path("params.yaml"), "triplets.mine", MineParams)
    made = preview(catalog, FEATURES, Similarity.read(SIMILARITY), params, 0)
    queries = Counter(made.triplets.query_id)
    for query, count in queries.items():
        shown = made.of(query)
        assert len(shown) == count
        assert {one.query for one in shown} == {query}
    table = made.triplets.take(made.triplets.query_id == shown[0].query)
    one = shown[0]
    assert (one.kind, one.positive, one.negative) == (table.kind[0], table.positive_id[0], table.negative_id[0])
    assert (one.positive_rank, one.negative_rank) == (table.positive_rank[0], table.negative_rank[0])
    assert one.distances["negative"]["color"] == table.negative_color[0]
    near, far = (float(similarity(one.distances[side]["distance"])) for side in ("positive", "negative"))
    cap = float(highest(np.float32(one.distances["positive"]["distance"]), 0.05))
    assert far <= cap
    assert one.guard == guard_of({"positive": near, "negative": far}, cap, 0.05, "train")
    assert one.guard.startswith(f"The positive has the similarity {near:.3f}, so a negative may have up to {cap:.3f}")
    assert made.of("c000-0, not") == []


@pytest.mark.usefixtures("printed")
def test_some_are_drawn_by_the_seed_from_both_kinds():
    catalog = Catalog.read(CATALOG / TABLE)
    params = load(Path("params.yaml"), "triplets.mine", MineParams)
    made = preview(catalog, FEATURES, Similarity.read(SIMILARITY), params, 0)
    some = made.some(6, seed=1)
    assert Counter(one.kind for one in some) == {"in_class": 3, "out_of_class": 3}
    assert made.some(6, seed=1) == some
    assert made.some(6, seed=2) != some
    every = made.some(10**6, seed=1)
    assert len(every) == len(made.triplets) == len({(one.query, one.positive, one.negative) for one in every})


def previewed(root: Path, rows, params: MineParams, vectors=None) -> Preview:
    """Of the partition and split of the first of `rows`."""
    write_project(root, rows, vectors=vectors)
    catalog = Catalog.read(root / "data/curated/catalog/catalog.parquet")
    at = int(np.flatnonzero(catalog.image_id == rows[0]["image_id"])[0])
    return preview(catalog, root / "data/features", fit(root), params, at)


def in_train(rows: list[dict]) -> list[dict]:
    return [one | {"split": "train"} for one in rows]


def test_one_product_alone_has_no_neighbour(tmp_path):
    rows = [row(f"hat{n}", product_id="hat", category="hats", split="val") for n in range(3)]
    made = previewed(tmp_path, rows + catalog_rows(12), PARAMS)
    assert made.why("hat1") == "No triplet: women/hats has no photo of another product in val. Add photos."


def test_a_photo_whom_none_of_its_nearest_knows_has_no_positive(tmp_path):
    made = previewed(tmp_path, in_train(catalog_rows(30)), replace(PARAMS, positives=1))
    by_loops = set()
    nearest = made.offered.near.rows[:, 0]
    for query, other in enumerate(nearest):
        if nearest[other] != query:
            by_loops.add(made.task.image_id[query])
    message = "No triplet: it is among the 1 nearest of none of its own 1 nearest (raise triplets.mine.positives)."
    told = {image_id for image_id in made.task.image_id[: len(nearest)] if made.why(image_id) == message}
    assert told == by_loops
    assert 0 < len(told) < len(nearest)
    assert not told & set(made.triplets.query_id)


def first_lacking(made: Preview, kind: str) -> str:
    """A photo that has positives, and no triplet of the kind."""
    asking = made.task.image_id[: len(made.task.group.rows)]
    has = set(made.triplets.query_id[made.triplets.kind == kind])
    return next(one for n, one in enumerate(asking) if made.offered.positive[n].any() and one not in has)


def test_all_neighbours_before_the_gap(tmp_path):
    made = previewed(tmp_path, in_train(catalog_rows(18)), replace(PARAMS, gap=13, candidates=200))
    query = first_lacking(made, "in_class")
    place = made.task.image_id.tolist().index(query)
    positives = int(made.offered.positive[place].sum())
    near = int((made.offered.near.rows[place] >= 0).sum())
    assert near <= 13
    assert made.why(query) == (
        f"No in-class triplet: {positives * near} of {positives * near} candidates: ranks too near"
        " (lower triplets.mine.gap, or raise triplets.mine.candidates)."
    )


def test_the_only_negatives_are_the_positives_own_product(tmp_path):
    rows = in_train(catalog_rows(2, photos=3, categories=("dresses",)))
    rows += [row(f"top{n}", category="tops") for n in range(20)]
    made = previewed(tmp_path, rows, replace(PARAMS, gap=0))
    assert made.task.group.partition == "women/dresses"
    query = first_lacking(made, "in_class")
    assert query in made.triplets.query_id  # out-of-class it has some
    positives = int(made.offered.positive[made.task.image_id.tolist().index(query)].sum())
    assert made.why(query) == (
        f"No in-class triplet: {positives * 3} of {positives * 3} candidates: shares a product or copy with the"
        " positive (the catalog decides)."
    )


def test_all_negatives_as_similar_as_the_positive(tmp_path):
    rows = [row(f"hat{n}", category="hats") for n in range(9)] + in_train(catalog_rows(20))
    vectors = random_vectors(len(rows))
    for values in vectors.values():
        values[:9] = values[0]
    made = previewed(tmp_path, rows, replace(PARAMS, gap=2), vectors=vectors)
    assert made.why("hat0") == (
        "No in-class triplet: 8 of 32 candidates: ranks too near (lower triplets.mine.gap, or raise"
        " triplets.mine.candidates); 2 of 24 candidates: shares a product or copy with the positive (the catalog"
        " decides); 22 of 22 candidates: nearly as similar as the positive (lower triplets.mine.margin)."
    )


def test_all_negatives_have_their_share(tmp_path):
    params = replace(PARAMS, gap=1, negative_cap=1, per_query=1, near_categories=0)
    made = previewed(tmp_path, in_train(catalog_rows(24, categories=("dresses", "tops"))), params)
    used = Counter(made.triplets.negative_id[made.triplets.kind == "in_class"])
    assert set(used.values()) == {1}
    message = (
        "No in-class triplet: all candidates that the other rules allow: it has its share of triplets"
        " (raise triplets.mine.negative_cap, or lower triplets.mine.hardness)."
    )
    count, told = len(made.task.group.rows), 0
    has = set(made.triplets.query_id[made.triplets.kind == "in_class"])
    for query, image_id in enumerate(made.task.image_id[:count]):
        allowed, _ = sifted(made.task, "in_class", made.offered, slice(query, query + 1))
        expected = bool(allowed.any()) and image_id not in has
        assert (message in made.why(image_id)) == expected
        told += expected
        negatives = made.task.image_id[made.offered.near.rows[query][allowed[0].any(axis=0)]]
        if expected and len(negatives) < 3:
            assert set(negatives) <= set(used)
    assert told > 0


def test_one_category_alone_has_no_negatives_of_others(tmp_path):
    made = previewed(tmp_path, in_train(catalog_rows(12, categories=("dresses",))), replace(PARAMS, gap=2))
    query = made.triplets.query_id[0]
    assert made.why(query) == (
        "No out-of-class triplet: none of the few photos of other categories in train came to its partition."
    )


@pytest.mark.usefixtures("printed")
def test_both_kinds_need_no_reason_and_others_photos_are_refused():
    catalog = Catalog.read(CATALOG / TABLE)
    params = load(Path("params.yaml"), "triplets.mine", MineParams)
    made = preview(catalog, FEATURES, Similarity.read(SIMILARITY), params, 0)
    kinds = {query: set(made.triplets.kind[made.triplets.query_id == query]) for query in set(made.triplets.query_id)}
    for query, has in kinds.items():
        assert (made.why(query) == "") == (len(has) == 2)
    assert any(len(has) == 2 for has in kinds.values())
    with pytest.raises(InputError) as error:
        made.why("c001-0")
    assert str(error.value) == "c001-0 is no photo of women/dresses, train. Preview its own partition."
