"""Wild triplets, against plain loops."""

from collections import Counter

import numpy as np
import pytest
from small_project import RECOMMEND, all_distances, catalog_rows, fit, row, street_rows, write_project

from core.engines import LOCAL
from core.errors import TableError
from core.tables import Catalog, StreetPairs
from triplets import wild
from triplets.params import MixParams, RecommendParams, Totals, Weights
from triplets.reports.rejections import in_words, lonely


def mined(
    root,
    street,
    pairs,
    *,
    per_pair=2**31 - 1,
    margin=0.05,
    gap=0,
    hardness=0.5,
    negative_cap=10**6,
    recommend=RECOMMEND,
):
    write_project(root, catalog_rows(20), street, pairs)
    folder, features = root / "data/curated", root / "data/features"
    table = Catalog.read(folder / "street/catalog.parquet")
    known = StreetPairs.read(folder / "street/street_pairs.parquet")
    params = MixParams(0.3, 0.3, Totals(None, None, None), per_pair, margin, gap, hardness, negative_cap, seed=1)
    return table, *wild.mine(table, known, features, fit(root, recommend), params, engine=LOCAL)


def by_loops(street: Catalog, pairs, apart, margin, gap):
    """Every allowed (query, positive, negative) with the positive's rank; `margin` and `gap` hold in train alone."""
    rows = {street.image_id[i]: {n: getattr(street, n)[i] for n in street.columns()} for i in range(len(street))}
    paired = {query: {one["product_id"] for one in pairs if one["image_id"] == query} for query in rows}
    allowed = {}
    for query, products in paired.items():
        shops = [
            name
            for name, one in rows.items()
            if one["domain"] == "catalog" and all(one[label] == rows[query][label] for label in ("partition", "split"))
        ]
        shops.sort(key=lambda name: apart[query, name])
        positives = [
            name
            for name in shops
            if rows[name]["product_id"] in products and rows[name]["duplicate_group"] != rows[query]["duplicate_group"]
        ]
        own = [rows[name]["duplicate_group"] for name in [query, *positives]]
        for positive in positives:
            train = rows[query]["split"] == "train"
            for negative in shops[gap if train else 0 :]:
                if rows[negative]["product_id"] in products or rows[negative]["duplicate_group"] in own:
                    continue
                near, far = (1 - apart[query, other] ** 2 / 2 for other in (positive, negative))
                if not train or margin is None or far <= near - abs(near) * margin:
                    allowed[query, positive, negative] = 1 + shops.index(positive)
    return allowed


@pytest.fixture
def shop():
    """16 photos and more: 12 products, one street photo showing two of them, a copy among the shops."""
    street, pairs = street_rows(12)
    for one in street:
        one["split"] = "train"
    for one in pairs:
        one["split"] = "train"
    pairs.append(pairs[0] | {"product_id": "s002"})
    copied = {one["image_id"]: one for one in street}
    copied["shop004-0"]["duplicate_group"] = "shop006-1"
    return street, pairs


@pytest.mark.parametrize(("margin", "gap"), [(0.05, 0), (0.5, 0), (None, 0), (0.05, 4), (None, 30)])
def test_with_room_for_all_every_allowed_triplet_is_mined(tmp_path, shop, margin, gap):
    street, pairs = shop
    table, triplets, counts = mined(tmp_path, street, pairs, margin=margin, gap=gap)
    expected = by_loops(table, pairs, all_distances(tmp_path, table.image_id, fit(tmp_path)), margin, gap)
    assert bool(expected) == (gap < 30)
    got = zip(triplets.query_id, triplets.positive_id, triplets.negative_id, strict=True)
    assert dict(zip(got, triplets.positive_rank.tolist(), strict=True)) == expected
    assert set(triplets.kind) <= {"wild"}
    rejected = sum(counts[f"wild.{rule}"] for rule in ("gap", "same_product", "similarity", "surplus"))
    assert counts["wild.considered"] - rejected == len(triplets)


@pytest.mark.parametrize("split", ["val", "test"])
def test_val_and_test_keep_every_negative_of_another_product(tmp_path, shop, split):
    street, pairs = shop
    for one in [*street, *pairs]:
        one["split"] = split
    names = "query_id", "positive_id", "negative_id"
    guarded, free = (
        mined(tmp_path / name, street, pairs, margin=margin, gap=gap)[1]
        for name, margin, gap in (("a", 0.5, 6), ("b", None, 0))
    )
    for name in names:
        assert getattr(guarded, name).tolist() == getattr(free, name).tolist()
    table = Catalog.read(tmp_path / "a/data/curated/street/catalog.parquet")
    expected = by_loops(table, pairs, all_distances(tmp_path / "a", table.image_id, fit(tmp_path / "a")), None, 0)
    assert set(zip(*(getattr(guarded, name) for name in names), strict=True)) == set(expected)
    assert (guarded.negative_distance < guarded.positive_distance).any()


def test_a_street_photo_gives_per_pair_triplets_over_all_its_shop_photos(tmp_path, shop):
    table, triplets, _ = mined(tmp_path, *shop, per_pair=6, margin=None)
    streets = table.image_id[table.domain == "street"]
    assert Counter(triplets.query_id) == dict.fromkeys(streets, 6)
    each = Counter(zip(triplets.query_id, triplets.positive_id, strict=True))
    assert set(each.values()) == {1, 2, 3}  # two products' four photos share six, one product's two photos three each


def test_small_blocks_mine_as_much(tmp_path, shop, monkeypatch):
    whole = mined(tmp_path / "a", *shop)[1]
    monkeypatch.setattr(wild, "_CANDIDATES", 1)
    pieces = mined(tmp_path / "b", *shop)[1]
    names = "query_id", "positive_id", "negative_id"
    assert set(zip(*(getattr(whole, n) for n in names), strict=True)) == set(
        zip(*(getattr(pieces, n) for n in names), strict=True)
    )


def test_an_empty_street_collection_gives_none(tmp_path):
    _, triplets, counts = mined(tmp_path, [], [])
    assert len(triplets) == 0
    assert counts["wild.queries"] == 0


def test_a_shop_photo_of_another_split_or_partition_is_no_positive(tmp_path):
    street, pairs = street_rows(8)
    moved = {one["image_id"]: one for one in street}
    moved["shop000-0"]["split"] = "val"
    moved["shop000-1"]["partition"] = "men/dresses"
    street.append(row("street-lone", domain="street", category="hats"))
    pairs.append(pairs[0] | {"image_id": "street-lone"})
    _, triplets, counts = mined(tmp_path, street, pairs, margin=None)
    assert not {"street000", "street-lone"} & set(triplets.query_id)
    assert counts["wild.queries"] == 9
    assert counts["wild.queries_without_positive"] == 2
    assert len(triplets) > 0


def test_a_pair_of_an_unknown_photo_is_named(tmp_path):
    street, pairs = street_rows(4)
    with pytest.raises(TableError) as caught:
        mined(tmp_path, street, [*pairs, pairs[0] | {"image_id": "gone"}])
    assert str(caught.value) == "street_pairs.parquet: the catalog lacks the image gone. Run dvc repro."


def test_the_distances_written_are_those_of_the_pairs(tmp_path, shop):
    table, triplets, _ = mined(tmp_path, *shop)
    apart = all_distances(tmp_path, table.image_id, fit(tmp_path))
    for ids, distances in (
        (triplets.positive_id, triplets.positive_distance),
        (triplets.negative_id, triplets.negative_distance),
    ):
        wanted = [apart[pair] for pair in zip(triplets.query_id, ids, strict=True)]
        np.testing.assert_allclose(distances, wanted, rtol=1e-4)


@pytest.mark.parametrize(
    ("made", "end"), [(0, "split."), (3, "; 3 street photos are made from catalog photos, nobody took them.")]
)
def test_pseudo_wild_photos_are_counted_and_told(tmp_path, shop, made, end):
    street, pairs = shop
    for one in pairs[:made]:
        one["pseudo"] = True
    _, _, counts = mined(tmp_path, street, pairs)
    assert counts["wild.queries_pseudo"] == made
    assert in_words(lonely(counts)).endswith(end)


def test_no_shop_photo_is_the_negative_of_more_triplets_than_the_cap(tmp_path, shop):
    free = mined(tmp_path / "a", *shop)[1]
    assert min(Counter(free.negative_id).values()) >= 2
    assert max(Counter(free.negative_id).values()) > 10
    _, capped, counts = mined(tmp_path / "b", *shop, negative_cap=2)
    assert set(Counter(capped.negative_id).values()) == {2}
    assert counts["wild.negative_cap"] > 0
    rejected = sum(counts[f"wild.{rule}"] for rule in ("gap", "same_product", "similarity", "negative_cap", "surplus"))
    assert counts["wild.considered"] - rejected == len(capped)


def test_hard_negatives_are_nearer_and_their_ranks_are_told(tmp_path, shop):
    ranks = {}
    for hardness in (0.0, 50.0):
        table, triplets, _ = mined(tmp_path / str(hardness), *shop, per_pair=3, margin=None, hardness=hardness)
        ranks[hardness] = triplets.negative_rank.mean()
    assert ranks[50.0] < ranks[0.0]
    apart = all_distances(tmp_path / "50.0", table.image_id, fit(tmp_path / "50.0"))
    shops = {
        partition: table.image_id[(table.domain == "catalog") & (table.partition == partition)]
        for partition in set(table.partition)
    }
    partition = dict(zip(table.image_id, table.partition, strict=True))
    for query, negative, rank in zip(triplets.query_id, triplets.negative_id, triplets.negative_rank, strict=True):
        near = sorted(shops[partition[query]], key=lambda name: apart[query, name])
        assert near[rank - 1] == negative


def test_a_category_with_weights_of_its_own_is_mined_by_them(tmp_path, shop):
    own = RecommendParams(RECOMMEND.weights, {"tops": Weights(0, 0, 1)}, 14, scale_pairs=300, seed=1)
    table, triplets, _ = mined(tmp_path, *shop, recommend=own)
    fitted = fit(tmp_path, own)
    seen_by = {name: all_distances(tmp_path, table.image_id, fitted.of(name)) for name in ("dresses", "tops")}
    category = dict(zip(table.image_id, table.category, strict=True))
    apart = {pair: seen_by[category[pair[0]]][pair] for pair in seen_by["tops"]}
    got = zip(triplets.query_id, triplets.positive_id, triplets.negative_id, strict=True)
    assert dict(zip(got, triplets.positive_rank.tolist(), strict=True)) == by_loops(table, shop[1], apart, 0.05, 0)
