"""Retrieval, agreement, both protocols that rank products, and triplets, against plain loops over every pair."""

import numpy as np
import pytest
from garments import row

from core.candidates import Labels, together
from core.codes import codes
from core.errors import TableError
from core.tables import Catalog, Triplets
from train.evaluation import agreement, among_all, inside, street
from train.evaluation.triplets import Placed


def catalog(rows: list[dict]) -> Catalog:
    return Catalog.from_rows(rows)


@pytest.fixture(scope="module")
def shop() -> tuple[Catalog, np.ndarray]:
    """40 photos of 15 products, some with copies, some without a second photo, attributes partly missing."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(40):
        product = int(rng.integers(15))
        one = row(f"{number:02}", f"p{product}", "catalog", ("bags", "hats")[product % 2], "red", "test")
        one["duplicate_group"] = f"g{number // 2}" if number < 8 else f"g{number}"
        one["attributes"] = {"color": str(rng.choice(["red", "blue"]))} if rng.random() < 0.8 else {}
        one["pattern"] = str(rng.choice(["solid", "dots"])) if rng.random() < 0.7 else None
        rows.append(one)
    lone = row("99", "p99", "catalog", "belts", "red", "test")
    return catalog([*rows, lone]), rng.normal(size=(41, 5)).astype(np.float32)


def ranked(photos: Catalog, vectors: np.ndarray, query: int, candidates: list[int]) -> list[int]:
    distance = {one: float(np.linalg.norm(vectors[query].astype(float) - vectors[one])) for one in candidates}
    return sorted(candidates, key=lambda one: distance[one])


@pytest.fixture
def small_blocks(monkeypatch):
    """Everything is done in several steps."""
    for module in (among_all, inside, street):
        monkeypatch.setattr(module, "BLOCK", 7)
    monkeypatch.setattr(among_all, "_FOUND", 1)
    for module in (inside, street):
        monkeypatch.setattr(module, "_AT_ONCE", 5)


def test_same_product_by_loop(shop, small_blocks):
    photos, vectors = shop
    expected = {name: [] for name in ("hit_rate@1", "hit_rate@4", "recall@1", "recall@4", "map_at_r")}
    for query in range(len(photos)):
        group = photos.duplicate_group
        candidates = [one for one in range(len(photos)) if one != query and group[one] != group[query]]
        order = ranked(photos, vectors, query, candidates)
        hits = [photos.product_id[one] == photos.product_id[query] for one in order]
        relevant = sum(hits)
        for k in (1, 4):
            expected[f"hit_rate@{k}"].append(float(any(hits[:k])) if relevant else np.nan)
            expected[f"recall@{k}"].append(sum(hits[:k]) / relevant if relevant else np.nan)
        precisions = [sum(hits[: rank + 1]) / (rank + 1) for rank in range(relevant) if hits[rank]]
        expected["map_at_r"].append(sum(precisions) / relevant if relevant else np.nan)
    got = among_all.among_all(photos, vectors, (1, 4), 3).same_product
    assert set(got) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(got[name], values)
    assert np.isnan(expected["map_at_r"]).sum() == np.sum(Labels.of(photos).siblings() == 0) > 0


def test_category_by_loop(shop, small_blocks):
    photos, vectors = shop
    shares, chances, ceilings = [], [], []
    for query in range(len(photos)):
        candidates = others(photos, query, list(range(len(photos))))
        same = [photos.category[one] == photos.category[query] for one in ranked(photos, vectors, query, candidates)]
        shares.append(np.mean(same[:5]))
        chances.append(np.mean(same))
        ceilings.append(min(1, sum(same) / 5))
    got = among_all.among_all(photos, vectors, (1,), 5)
    np.testing.assert_allclose(got.category, shares)
    np.testing.assert_allclose(got.chance, chances)
    np.testing.assert_allclose(got.ceiling, ceilings)


def others(photos: Catalog, query: int, among: list[int]) -> list[int]:
    """Those of another product and of another duplicate group."""
    return [
        one
        for one in among
        if photos.product_id[one] != photos.product_id[query]
        and photos.duplicate_group[one] != photos.duplicate_group[query]
    ]


def test_one_photo_finds_nothing():
    photos = catalog([row("a", "a", "catalog", "bags", "red", "test")])
    got = among_all.among_all(photos, np.ones((1, 3), np.float32), (1, 5), 3)
    assert all(np.isnan(values).all() for values in [*got.same_product.values(), got.category, got.chance])
    assert (inside.nearest_inside(photos, lambda rows: np.ones((1, 3), np.float32), 3, np.array([True])) == -1).all()


def test_no_photo_asks():
    none = catalog([])
    got = among_all.among_all(none, np.empty((0, 3), np.float32), (1,), 3)
    assert len(got.category) == len(got.chance) == 0
    empty = np.empty(0, np.bool_)
    assert inside.nearest_inside(none, lambda rows: np.empty((0, 3), np.float32), 3, empty).shape == (0, 3)
    for protocol in (street.within_category, street.all_categories):
        assert (len(protocol(none, lambda rows: np.empty((len(rows), 3), np.float32)).rank)) == 0


def test_candidates_are_counted_as_by_loop(shop):
    photos, _ = shop
    partition, own = codes(photos.partition), Labels.of(photos)
    everyone = list(range(len(photos)))
    inside_own = [[one for one in everyone if partition[one] == partition[query]] for query in everyone]
    counted = [len(others(photos, query, inside_own[query])) for query in everyone]
    np.testing.assert_array_equal(own.others(partition), counted)
    assert 0 in counted
    np.testing.assert_array_equal(together(partition), [len(same) for same in inside_own])
    assert len(together(np.empty(0, np.int64))) == 0


@pytest.mark.parametrize("attribute", ["color", "pattern"])
def test_agreement_by_loop(shop, small_blocks, attribute):
    photos, vectors = shop
    values = photos.pattern if attribute == "pattern" else [pairs.get("color") for pairs in photos.attributes]
    asking = np.arange(len(photos)) % 3 != 0
    expected = []
    for query in np.flatnonzero(asking):
        same_partition = np.flatnonzero(photos.partition == photos.partition[query])
        candidates = others(photos, query, list(same_partition))
        near = [values[one] for one in ranked(photos, vectors, query, candidates)[:3] if values[one] is not None]
        known = [values[one] for one in candidates if values[one] is not None]
        if values[query] is None or not near:
            expected.append([np.nan] * 3)
        else:
            count = known.count(values[query])
            share = near.count(values[query]) / len(near)
            expected.append([share, count / len(known), min(1, count / min(3, len(known)))])
    found = inside.nearest_inside(photos, vectors.__getitem__, 3, asking)
    got = agreement.agreement(photos, found, asking)
    np.testing.assert_allclose(
        np.transpose([got.shares[attribute], got.chance[attribute], got.ceiling[attribute]]), expected
    )
    assert np.isnan(expected).any()
    assert not np.isnan(expected).all()


def test_no_attributes_no_agreement():
    rows = [row(name, name, "catalog", "bags", "red", "test") | {"attributes": {}, "pattern": None} for name in "abc"]
    asking = np.ones(3, np.bool_)
    found = inside.nearest_inside(catalog(rows), np.eye(3, dtype=np.float32).__getitem__, 2, asking)
    assert agreement.agreement(catalog(rows), found, asking) == agreement.Agreement({}, {}, {})


def test_random_vectors_agree_as_chance_says():
    rng = np.random.default_rng(3)
    rows = [row(f"{n:03}", f"p{n}", "catalog", "bags", str(rng.choice(["red", "blue"])), "test") for n in range(600)]
    vectors, asking = rng.normal(size=(600, 8)).astype(np.float32), np.ones(600, np.bool_)
    found = inside.nearest_inside(catalog(rows), vectors.__getitem__, 10, asking)
    got = agreement.agreement(catalog(rows), found, asking)
    assert np.mean(got.shares["color"]) == pytest.approx(np.mean(got.chance["color"]), abs=0.03)


def test_overlap_by_loop():
    rng = np.random.default_rng(4)
    found, reference = (np.array([rng.permutation(12)[:4] for _ in range(9)]) for _ in range(2))
    reference[0], reference[1, 2:], found[2, 1:] = -1, -1, -1
    expected = [
        len(set(one) & set(other) - {-1}) / len(set(other) - {-1}) if set(other) != {-1} else np.nan
        for one, other in zip(found.tolist(), reference.tolist(), strict=True)
    ]
    np.testing.assert_allclose(agreement.overlap(found, reference), expected)
    assert agreement.overlap(reference, reference)[1] == 1


@pytest.fixture(scope="module")
def wild() -> tuple[Catalog, np.ndarray]:
    """30 shop photos of 9 products and 11 street photos, two of products that no shop photo shows."""
    rng = np.random.default_rng(2)
    rows = []
    for number in range(30):
        split = "train" if number % 9 in (2, 5) else "test"
        rows.append(row(f"s{number:02}", f"p{number % 9}", "catalog", ("bags", "hats")[number % 9 % 2], "red", split))
    for number in range(11):
        split = "train" if number in (2, 5) else "test"
        rows.append(row(f"w{number:02}", f"p{number}", "street", ("bags", "hats")[number % 2], "red", split))
    for copied, original in ((30, 0), (31, 2), (38, 12), (38, 3)):  # of its own product, of another, of one of three
        rows[copied]["duplicate_group"] = rows[original]["duplicate_group"]
    return catalog(rows), rng.normal(size=(41, 4)).astype(np.float32)


def test_within_category_by_loop(wild, small_blocks):
    photos, vectors = wild
    ranks, gallery = [], set()
    for query in street.asking(photos):
        shops = np.flatnonzero((photos.domain == "catalog") & (photos.category == photos.category[query]))
        gallery |= set(shops.tolist())
        allowed = [one for one in shops if photos.duplicate_group[one] != photos.duplicate_group[query]]
        best: list[str] = []
        for one in ranked(photos, vectors, query, allowed):
            if photos.product_id[one] not in best:
                best.append(photos.product_id[one])
        own = photos.product_id[query]
        ranks.append(1 + best.index(own) if own in best else 0)
    got = street.within_category(photos, vectors.__getitem__)
    np.testing.assert_array_equal(got.rank, ranks)
    assert (got.photos, got.products) == (len(gallery), 9)
    assert ranks.count(0) == 2
    scores = street.within_scores(got, (1, 3))
    np.testing.assert_array_equal(scores["hit_rate@3"], [np.nan if rank == 0 else float(rank <= 3) for rank in ranks])


def test_all_categories_by_loop(wild, small_blocks):
    photos, vectors = wild
    seen = set(photos.product_id[photos.split == "train"])
    products = sorted(set(photos.product_id[photos.domain == "catalog"]) - seen)
    ranks = []
    for query in street.asking(photos):
        distance = {}
        for product in products:
            own = (photos.domain == "catalog") & (photos.product_id == product)
            own &= photos.duplicate_group != photos.duplicate_group[query]
            if own.any():
                distance[product] = float(np.linalg.norm(vectors[own].astype(float).mean(axis=0) - vectors[query]))
        order = sorted(distance, key=lambda one: distance[one])
        asked = photos.product_id[query]
        ranks.append(1 + order.index(asked) if asked in order else 0)
    got = street.all_categories(photos, vectors.__getitem__)
    np.testing.assert_array_equal(got.rank, ranks)
    assert (got.products, got.photos) == (7, sum(n % 9 not in (2, 5) for n in range(30)))
    assert ranks.count(0) == 2
    scores = street.all_scores(got, (1, 2))
    known = [rank for rank in ranks if rank]
    assert np.nanmean(scores["map"]) == pytest.approx(np.mean([1 / rank for rank in known]))
    assert np.nanmean(scores["accuracy@2"]) == pytest.approx(np.mean([rank <= 2 for rank in known]))


COPIED = [("w", "p", "street"), ("a", "p", "catalog"), ("b", "p", "catalog"), ("c", "other", "catalog")]


@pytest.mark.parametrize("protocol", [street.within_category, street.all_categories])
def test_a_shop_photo_that_copies_the_street_photo_is_no_candidate(protocol):
    rows = [row(name, product, domain, "bags", "red", "test") for name, product, domain in COPIED]
    rows[0]["duplicate_group"] = rows[1]["duplicate_group"] = "copies"
    vectors = np.array([[0.0], [0.0], [9.0], [1.0]], np.float32)
    assert protocol(catalog(rows), vectors.__getitem__).rank.tolist() == [2]
    assert protocol(catalog(rows).take(np.array([0, 1, 3])), vectors[[0, 1, 3]].__getitem__).rank.tolist() == [0]


def test_a_product_as_near_as_the_right_one_stands_before_it():
    rows = [row(name, product, domain, "bags", "red", "test") for name, product, domain in COPIED]
    assert street.within_category(catalog(rows), np.ones((4, 2), np.float32).__getitem__).rank.tolist() == [2]


def test_a_product_as_near_as_the_right_one_stands_before_it_wherever_it_is_loaded(small_blocks):
    """30 products with two photos each, in blocks of two products; all have the same two vectors."""
    rng = np.random.default_rng(5)
    names = [(f"s{number:02}", f"p{number // 2:02}", "catalog") for number in range(60)]
    names += [(f"w{number:02}", f"p{number:02}", "street") for number in range(30)]
    photos = catalog([row(name, product, domain, "bags", "red", "test") for name, product, domain in names])
    both = rng.normal(size=(2, 33)).astype(np.float32)
    vectors = np.concatenate([np.tile(both, (30, 1)), rng.normal(size=(30, 33)).astype(np.float32)])
    assert street.within_category(photos, vectors.__getitem__).rank.tolist() == [30] * 30


def test_a_category_is_loaded_a_part_at_a_time(monkeypatch):
    """200 shop photos of 50 products, and street photos of two: of whose four photos each stand in every part."""
    rng = np.random.default_rng(7)
    names = [(f"s{number:03}", f"p{number % 50:02}", "catalog") for number in range(200)]
    names += [(f"w{number}", f"p{number % 2 * 31:02}", "street") for number in range(5)]
    photos = catalog([row(name, product, domain, "bags", "red", "test") for name, product, domain in names])
    vectors = rng.normal(size=(205, 16)).astype(np.float32)
    loaded: list[int] = []

    def loading(rows: np.ndarray) -> np.ndarray:
        loaded.append(len(rows))
        return vectors[rows]

    whole = street.within_category(photos, loading)
    assert loaded == [5, 200]
    loaded.clear()
    monkeypatch.setattr(street, "_AT_ONCE", 20)
    parts = street.within_category(photos, loading)
    assert loaded[0] == 5
    assert len(loaded[1:]) == 10
    assert max(loaded[1:]) == 28
    np.testing.assert_array_equal(parts.rank, whole.rank)
    assert (parts.photos, parts.products) == (whole.photos, whole.products) == (200, 50)


def test_triplets_by_loop_with_ties():
    rng = np.random.default_rng(6)
    photos = catalog([row(f"{n:02}", f"p{n}", "catalog", "bags", "red", "test") for n in range(20)])
    vectors = rng.integers(0, 3, (20, 2)).astype(np.float32)
    places = rng.integers(3, 20, (60, 3))
    named = {"query_id": 0, "positive_id": 1, "negative_id": 2}
    made = Triplets(
        **{name: np.array([f"{place:02}" for place in places[:, named[name]]], object) for name in named}
        | {name: np.zeros(60) for name in Triplets.columns() if name not in named}
    )
    expected = []
    for query, positive, negative in places:
        near, far = (float(np.linalg.norm(vectors[query] - vectors[one])) for one in (positive, negative))
        expected.append(0.5 if near == far else float(near < far))
    placed = Placed.of(made, photos)
    assert len(placed.photos) < len(photos)
    used = [int(image_id) for image_id in placed.photos.image_id]
    np.testing.assert_array_equal(placed.scores(vectors[used]), expected)
    assert 0.5 in expected
    with pytest.raises(TableError, match=r"^a test triplet names 19, which is no test photo now\. Run dvc repro\.$"):
        Placed.of(made, photos.take(np.arange(19)))
