"""Mining against plain loops on 16 photos, and what must hold for every catalog."""

import itertools
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_project import RECOMMEND, all_distances, catalog_rows, fit, random_vectors, row, write_project

from core.engines import LOCAL
from core.tables import Catalog, Neighbors, Triplets
from triplets import mine, mining_tasks, neighbors
from triplets.params import MineParams, RecommendParams, Weights
from triplets.provenance import params_hash
from triplets.rules import VERSION


def asked(**changed) -> MineParams:
    values = {"candidates": 14, "positives": 4, "gap": 5, "margin": 0.05, "hardness": 1.0, "near_categories": 1}
    return MineParams(**values | {"per_query": 3, "negative_cap": 10**4, "seed": 1} | changed)


def mined(root: Path, rows, params: MineParams, *, vectors=None, recommend=RECOMMEND):
    """A project of `rows`, mined: catalog, triplets, counts."""
    write_project(root, rows, vectors=vectors)
    catalog = Catalog.read(root / "data/curated/catalog/catalog.parquet")
    parts = list(mine.mine(catalog, root / "data/features", fit(root, recommend), params, engine=LOCAL))
    counts = sum((part.counts for part in parts), Counter())
    return catalog, Triplets.concat([Triplets.from_rows([]), *(part.triplets for part in parts)]), counts


def by_rank(catalog: Catalog, apart, candidates: int) -> dict[str, dict[int, str]]:
    """The nearest of each photo inside its partition and split, by rank."""
    labels = zip(catalog.partition, catalog.split, catalog.product_id, catalog.duplicate_group, strict=True)
    known = dict(zip(catalog.image_id, labels, strict=True))
    ranked = {}
    for query, (*group, product, copies) in known.items():
        near = [
            name
            for name, (*where, other, copied) in known.items()
            if where == group and other != product and copied != copies
        ]
        near.sort(key=lambda name: apart[query, name])
        ranked[query] = dict(enumerate(near[:candidates], start=1))
    return ranked


def by_loops(catalog: Catalog, vectors_distance, params: MineParams):
    """Every triplet that the rules allow, per kind."""
    rows = {catalog.image_id[i]: {n: getattr(catalog, n)[i] for n in catalog.columns()} for i in range(len(catalog))}
    ranked = by_rank(catalog, vectors_distance, params.candidates)

    def related(*images):
        return any(
            rows[a][label] == rows[b][label]
            for a, b in itertools.combinations(images, 2)
            for label in ("product_id", "duplicate_group")
        )

    def safe(query, positive, negative):
        near, far = (1 - vectors_distance[query, other] ** 2 / 2 for other in (positive, negative))
        return far <= near - abs(near) * params.margin

    allowed = {"in_class": set(), "out_of_class": set()}
    for query in rows:
        for rank, positive in ranked[query].items():
            back = [n for r, n in ranked[positive].items() if r <= params.positives]
            if rank > params.positives or query not in back or related(query, positive):
                continue
            for place, negative in ranked[query].items():
                if place > params.gap and not related(query, positive, negative) and safe(query, positive, negative):
                    allowed["in_class"].add((query, positive, negative))
            for negative in rows:
                other = rows[negative]["category"] != rows[query]["category"]
                if not other or rows[negative]["split"] != rows[query]["split"]:
                    continue
                if not related(query, positive, negative) and safe(query, positive, negative):
                    allowed["out_of_class"].add((query, positive, negative))
    return allowed


@pytest.mark.parametrize(
    ("positives", "gap", "margin", "candidates"),
    [(3, 2, 0.05, 14), (3, 0, 0.3, 14), (2, 5, 0.0, 6), (8, 0, 0.5, 300), (1, 3, 0.05, 5)],
)
def test_with_room_for_all_every_allowed_triplet_is_mined(tmp_path, positives, gap, margin, candidates):
    rows = catalog_rows(16, categories=("dresses", "tops"))  # 2 categories of 16 photos, half of them train
    for one in rows:
        one["split"] = "train" if one["product_id"] < "p008" else "test"
    rows[2]["duplicate_group"] = rows[4]["duplicate_group"] = "copy"
    params = asked(candidates=candidates, positives=positives, gap=gap, margin=margin, per_query=200)
    catalog, triplets, counts = mined(tmp_path, rows, params)
    allowed = by_loops(catalog, all_distances(tmp_path, catalog.image_id, fit(tmp_path)), params)
    assert len(catalog) == 32
    for kind, expected in allowed.items():
        got = triplets.take(triplets.kind == kind)
        assert set(zip(got.query_id, got.positive_id, got.negative_id, strict=True)) == expected
        assert len(got) == len(expected)
        assert counts[f"{kind}.surplus"] == 0
    assert len(triplets) > 0


def test_with_less_room_a_query_gives_per_query_of_the_allowed_ones(tmp_path):
    rows = catalog_rows(8, categories=("dresses", "tops"))
    for one in rows:
        one["split"] = "train"
    params = asked(positives=3, gap=1, per_query=2)
    catalog, triplets, counts = mined(tmp_path, rows, params)
    allowed = by_loops(catalog, all_distances(tmp_path, catalog.image_id, fit(tmp_path)), params)
    for kind, expected in allowed.items():
        got = triplets.take(triplets.kind == kind)
        drawn = set(zip(got.query_id, got.positive_id, got.negative_id, strict=True))
        assert drawn <= expected
        supply = Counter(query for query, _, _ in expected)
        assert Counter(got.query_id) == {query: min(count, 2) for query, count in supply.items()}
        assert counts[f"{kind}.surplus"] == len(expected) - len(got)


def test_the_counts_add_up_and_the_rank_is_that_inside_the_split(tmp_path):
    catalog, triplets, counts = mined(tmp_path, catalog_rows(60), asked())
    for kind in ("in_class", "out_of_class"):
        rules = ("gap", "same_product", "similarity", "negative_cap", "surplus")
        rejected = sum(counts[f"{kind}.{rule}"] for rule in rules)
        assert counts[f"{kind}.considered"] - rejected == np.count_nonzero(triplets.kind == kind) > 0
    apart = all_distances(tmp_path, catalog.image_id, fit(tmp_path))
    ranked = by_rank(catalog, apart, 14)
    for q, p, rank, d in zip(
        triplets.query_id, triplets.positive_id, triplets.positive_rank, triplets.positive_distance, strict=True
    ):
        assert ranked[q][rank] == p
        assert d == pytest.approx(apart[q, p], rel=1e-4)
    in_class = triplets.take(triplets.kind == "in_class")
    for q, n, d in zip(in_class.query_id, in_class.negative_id, in_class.negative_distance, strict=True):
        assert n in list(ranked[q].values())[5:]
        assert d == pytest.approx(apart[q, n], rel=1e-4)
    assert counts["queries"] == len(catalog)
    assert counts["queries_without_positive"] >= len(catalog) - len(set(triplets.query_id))


def test_inside_a_split_the_search_is_the_recommenders(tmp_path):
    rows = catalog_rows(20, categories=("dresses",))
    for one in rows:
        one["split"] = "train"
    catalog, triplets, _ = mined(tmp_path, rows, asked())
    found = Neighbors.concat(
        list(neighbors.recommend(catalog, tmp_path / "data/features", fit(tmp_path), 14, engine=LOCAL))
    )
    ranks = {
        (q, n): (r, d) for q, n, r, d in zip(found.query_id, found.neighbor_id, found.rank, found.distance, strict=True)
    }
    got = zip(triplets.query_id, triplets.positive_id, strict=True)
    expected = list(zip(triplets.positive_rank, triplets.positive_distance, strict=True))
    assert [ranks[pair] for pair in got] == expected
    assert len(expected) > 0


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 10**6),
    photos=st.integers(4, 40),
    margin=st.sampled_from([0, 0.05, 0.5]),
    per_query=st.integers(1, 5),
    cap=st.integers(1, 12),
)
def test_no_triplet_breaks_a_rule(seed, photos, margin, per_query, cap):
    rng = np.random.default_rng(seed)
    rows = [
        row(
            f"i{number:02}",
            product_id=f"p{rng.integers(0, photos)}",
            duplicate_group=f"g{rng.integers(0, photos)}",
            category=str(rng.choice(["dresses", "tops"])),
            split=str(rng.choice(["train", "val"])),
        )
        for number in range(photos)
    ]
    for one in rows[:3]:
        one.update(split="train", category="tops", partition="women/tops")
    vectors = random_vectors(photos, seed)
    for values in vectors.values():
        values[photos // 2 :] = values[rng.integers(0, photos, photos - photos // 2)]  # copies, so ties
        values[:3] = np.eye(values.shape[1])[:3] + 0.1  # and yet a scale
    many = [row(f"x{number}", category="tops") for number in range(12)]
    more = random_vectors(12, seed + 1)
    vectors = {name: np.concatenate([values, more[name]]) for name, values in vectors.items()}
    with tempfile.TemporaryDirectory() as folder:
        params = asked(gap=3, margin=margin, per_query=per_query, negative_cap=cap)
        catalog, triplets, _ = mined(Path(folder), rows + many, params, vectors=vectors)
    info = {catalog.image_id[i]: i for i in range(len(catalog))}
    query, positive, negative = (
        np.array([info[image_id] for image_id in ids], int)
        for ids in (triplets.query_id, triplets.positive_id, triplets.negative_id)
    )
    for label in (catalog.product_id, catalog.duplicate_group):
        assert not (label[query] == label[positive]).any()
        assert not (label[query] == label[negative]).any()
        assert not (label[positive] == label[negative]).any()
    for photo in (query, positive, negative):
        assert (catalog.split[photo] == triplets.split).all()
    assert (catalog.partition[query] == catalog.partition[positive]).all()
    same = catalog.category[query] == catalog.category[negative]
    assert (same == (triplets.kind == "in_class")).all()
    near, far = (
        1 - values.astype(float) ** 2 / 2 for values in (triplets.positive_distance, triplets.negative_distance)
    )
    assert (far <= near - np.abs(near) * margin + 1e-9).all()
    for kind in ("in_class", "out_of_class"):
        of_kind = triplets.take(triplets.kind == kind)
        assert max(Counter(of_kind.query_id).values(), default=0) <= per_query
        assert max(Counter(zip(of_kind.split, of_kind.negative_id, strict=True)).values(), default=0) <= cap
    assert len(triplets) > 0


def test_a_partition_of_one_product_and_a_single_category_are_no_error(tmp_path):
    rows = catalog_rows(12, categories=("dresses",))
    rows += [row(f"hat{n}", product_id="hat", category="hats", split="val") for n in range(3)]
    _, triplets, counts = mined(tmp_path, rows, asked(positives=3, gap=2, per_query=2))
    assert not {"hat0", "hat1", "hat2"} & set(triplets.query_id)
    assert counts["queries_without_positive"] >= 3
    assert not ((triplets.kind == "out_of_class") & (triplets.split == "train")).any()
    assert (triplets.kind == "in_class").any()


def test_another_partitions_photos_do_not_change_the_in_class_triplets(tmp_path):
    params = asked(positives=3, gap=2, per_query=2)
    rows = catalog_rows(20, categories=("dresses",))
    extra = [row(f"z{n}", category="tops", split="val") for n in range(6)]
    vectors = random_vectors(len(rows) + 6)
    alone = {name: values[: len(rows)] for name, values in vectors.items()}
    _, without, _ = mined(tmp_path / "a", rows, params, vectors=alone)
    _, beside, _ = mined(tmp_path / "b", rows + extra, params, vectors=vectors)
    kept = beside.take((beside.kind == "in_class") & np.char.startswith(beside.query_id.astype(str), "c"))
    assert len(without) > 0
    for name in ("query_id", "positive_id", "negative_id"):
        assert getattr(kept, name).tolist() == getattr(without.take(without.kind == "in_class"), name).tolist()


def test_no_photo_is_the_negative_of_more_triplets_of_a_kind_than_the_cap(tmp_path):
    rows = catalog_rows(60)
    free = mined(tmp_path / "a", rows, asked(hardness=20.0, per_query=6))[1]
    for kind in ("in_class", "out_of_class"):
        assert max(Counter(free.negative_id[free.kind == kind]).values()) > 4
    capped, counts = mined(tmp_path / "b", rows, asked(hardness=20.0, per_query=6, negative_cap=4))[1:]
    for kind in ("in_class", "out_of_class"):
        assert max(Counter(capped.negative_id[capped.kind == kind]).values()) == 4
        assert counts[f"{kind}.negative_cap"] > 0


def test_out_of_class_negatives_come_from_the_near_categories_while_they_have_any(tmp_path):
    rows = catalog_rows(80, categories=("dresses", "skirts", "boots", "sandals"))
    for one in rows:
        one["split"] = "train"
    vectors = random_vectors(len(rows))
    shod = np.array([one["category"] in ("boots", "sandals") for one in rows])
    for values in vectors.values():
        values[shod, 0] += 6  # so the shoes are far from the clothes
    alike = {"boots": "sandals", "sandals": "boots", "dresses": "skirts", "skirts": "dresses"}
    catalog, triplets, _ = mined(tmp_path / "a", rows, asked(), vectors=vectors)
    category = dict(zip(catalog.image_id, catalog.category, strict=True))
    out = triplets.take(triplets.kind == "out_of_class")
    assert len(out) > 100
    assert all(category[n] == alike[category[q]] for q, n in zip(out.query_id, out.negative_id, strict=True))
    every = mined(tmp_path / "b", rows, asked(near_categories=0), vectors=vectors)[1]
    every = every.take(every.kind == "out_of_class")
    met = Counter((category[q], category[n]) for q, n in zip(every.query_id, every.negative_id, strict=True))
    assert len(met) == 12


def test_hard_negatives_are_nearer_and_every_one_is_drawn_at_times(tmp_path):
    rows = catalog_rows(60, categories=("dresses",))
    ranks = {}
    for hardness in (0, 1, 30):
        triplets = mined(tmp_path / str(hardness), rows, asked(hardness=float(hardness)))[1]
        ranks[hardness] = triplets.negative_rank[triplets.kind == "in_class"]
    assert ranks[0].mean() > ranks[1].mean() > ranks[30].mean()
    assert set(ranks[1].tolist()) == set(range(6, 15))


def test_a_row_says_why_it_is_there(tmp_path):
    catalog, triplets, _ = mined(tmp_path, catalog_rows(60), asked())
    ranked = by_rank(catalog, all_distances(tmp_path, catalog.image_id, fit(tmp_path)), 14)
    inside = triplets.kind == "in_class"
    for q, n, rank in zip(
        triplets.query_id[inside], triplets.negative_id[inside], triplets.negative_rank[inside], strict=True
    ):
        assert ranked[q][rank] == n
    assert set(triplets.negative_rank[~inside]) == {0}
    assert set(triplets.rules) == {VERSION}
    assert set(triplets.params) == {params_hash(asked(), fit(tmp_path))}
    other = mined(tmp_path / "b", catalog_rows(60), asked(gap=4))[1]
    assert not set(other.params) & set(triplets.params)


def test_more_negatives_asked_than_there_are_gives_all_there_are(tmp_path):
    rows = catalog_rows(9, photos=1)
    for one in rows:
        one["split"] = "train"
    _, triplets, counts = mined(tmp_path, rows, asked(positives=2, gap=0, margin=0.0, per_query=2**31 - 1))
    assert 0 < len(triplets) < 200
    assert counts["in_class.surplus"] == counts["out_of_class.surplus"] == 0


def test_all_identical_vectors_of_a_partition_give_no_triplet_of_it(tmp_path):
    rows = [*catalog_rows(20), *(row(f"hat{n}", category="hats") for n in range(9))]
    vectors = random_vectors(len(rows))
    for values in vectors.values():
        values[-9:] = values[-1]
    _, triplets, counts = mined(tmp_path, rows, asked(gap=2), vectors=vectors)
    inside = triplets.kind == "in_class"
    assert not np.char.startswith(triplets.query_id[inside].astype(str), "hat").any()  # no negative is under the cap
    assert np.char.startswith(triplets.query_id[~inside].astype(str), "hat").any()
    assert counts["in_class.similarity"] > 0


def test_each_group_gives_the_same_whatever_was_mined_before_it(tmp_path):
    write_project(tmp_path, catalog_rows(60))
    catalog, features = Catalog.read(tmp_path / "data/curated/catalog/catalog.parquet"), tmp_path / "data/features"
    tasks = mining_tasks.tasks(catalog, features, fit(tmp_path), asked())
    forward = [part.triplets for part in mine.mine(catalog, features, fit(tmp_path), asked(), LOCAL)]
    backward = [mine.mine_in(task).triplets for task in reversed(tasks)][::-1]
    assert len(forward) == 9
    for one, other in zip(forward, backward, strict=True):
        for name in Triplets.columns():
            assert getattr(one, name).tolist() == getattr(other, name).tolist()


@pytest.mark.parametrize("candidates", [1, 300])
def test_small_blocks_mine_as_much(tmp_path, monkeypatch, candidates):
    params = asked(gap=1, per_query=200)
    names = "query_id", "positive_id", "negative_id"
    whole = mined(tmp_path / "a", catalog_rows(30), params)[1]
    monkeypatch.setattr(mine, "_CANDIDATES", candidates)
    pieces = mined(tmp_path / "b", catalog_rows(30), params)[1]
    assert set(zip(*(getattr(whole, n) for n in names), strict=True)) == set(
        zip(*(getattr(pieces, n) for n in names), strict=True)
    )


def test_a_category_mines_by_weights_of_its_own(tmp_path):
    rows = catalog_rows(16, categories=("dresses", "tops"))
    for one in rows:
        one["split"] = "train"
    own = RecommendParams(RECOMMEND.weights, {"tops": Weights(0, 0, 1)}, 14, scale_pairs=300, seed=1)
    params = asked(positives=3, gap=2, per_query=200)
    catalog, triplets, _ = mined(tmp_path, rows, params, recommend=own)
    fitted = fit(tmp_path, own)
    seen_by = {name: all_distances(tmp_path, catalog.image_id, fitted.of(name)) for name in ("dresses", "tops")}
    category = dict(zip(catalog.image_id, catalog.category, strict=True))
    apart = {pair: seen_by[category[pair[0]]][pair] for pair in seen_by["tops"]}
    assert apart != seen_by["dresses"]
    for kind, expected in by_loops(catalog, apart, params).items():
        got = triplets.take(triplets.kind == kind)
        assert set(zip(got.query_id, got.positive_id, got.negative_id, strict=True)) == expected
        for q, n, d in zip(got.query_id, got.negative_id, got.negative_distance, strict=True):
            assert d == pytest.approx(apart[q, n], rel=1e-4)


def test_far_categories_come_only_when_the_near_ones_are_used_up(tmp_path):
    rows = [one for one in catalog_rows(90) if one["category"] != "skirts" or one["product_id"] < "p012"]
    for one in rows:
        one["split"] = "train"
    vectors = random_vectors(len(rows))
    category = [one["category"] for one in rows]
    for values in vectors.values():
        values[np.array(category) == "tops", 0] += 6
    catalog, triplets, _ = mined(tmp_path, rows, asked(per_query=6, negative_cap=20, margin=0.0), vectors=vectors)
    known = dict(zip(catalog.image_id, catalog.category, strict=True))
    of_dresses = triplets.take(
        (triplets.kind == "out_of_class") & np.array([known[query] == "dresses" for query in triplets.query_id])
    )
    met = Counter(known[negative] for negative in of_dresses.negative_id)
    used = Counter(negative for negative in of_dresses.negative_id if known[negative] == "skirts")
    assert 2 < len(used) <= 8
    assert met["tops"] > 50
    # All of the few skirts are used as often as they may be, or by every query that the rules allow.
    assert met["skirts"] > 0.9 * 20 * len(used)
