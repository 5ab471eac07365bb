"""Retrieval and agreement against plain loops over every pair."""

import numpy as np
import pytest
from garments import row

from core.tables import Catalog
from train import agreement, retrieval


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


def test_same_product_by_loop(shop):
    photos, vectors = shop
    scores = {name: [] for name in ("hit_rate@1", "hit_rate@4", "recall@1", "recall@4", "map_at_r")}
    categories, left_out = [], 0
    for query in range(len(photos)):
        group = photos.duplicate_group
        candidates = [one for one in range(len(photos)) if one != query and group[one] != group[query]]
        order = ranked(photos, vectors, query, candidates)
        hits = [photos.product_id[one] == photos.product_id[query] for one in order]
        relevant = sum(hits)
        if not relevant:
            left_out += 1
            continue
        categories.append(photos.category[query])
        for k in (1, 4):
            scores[f"hit_rate@{k}"].append(float(any(hits[:k])))
            scores[f"recall@{k}"].append(sum(hits[:k]) / relevant)
        precisions = [sum(hits[: rank + 1]) / (rank + 1) for rank in range(relevant) if hits[rank]]
        scores["map_at_r"].append(sum(precisions) / relevant)
    got = retrieval.same_product(photos, vectors, (1, 4))
    assert got.micro == pytest.approx({name: np.mean(values) for name, values in scores.items()})
    for name, values in scores.items():
        inside = [np.mean([v for v, c in zip(values, categories, strict=True) if c == one]) for one in set(categories)]
        assert got.macro[name] == pytest.approx(np.mean(inside))
    assert (got.queries, got.left_out, got.gallery) == (len(categories), left_out, 41)
    assert left_out > 0


def test_same_product_without_any_second_photo():
    photos = catalog([row(name, name, "catalog", "bags", "red", "test") for name in "abc"])
    got = retrieval.same_product(photos, np.eye(3, dtype=np.float32), (1, 5))
    assert got == retrieval.Retrieval({}, {}, 0, 3, 3, 3)


def test_street_to_shop_by_loop():
    rng = np.random.default_rng(2)
    rows = [row(f"s{n:02}", f"p{n % 9}", "catalog", ("bags", "hats")[n % 9 % 2], "red", "test") for n in range(30)]
    rows += [row(f"w{n}", f"p{n}", "street", ("bags", "hats")[n % 2], "red", "test") for n in range(11)]
    photos, vectors = catalog(rows), rng.normal(size=(41, 4)).astype(np.float32)
    ranks, categories = [], []
    for query in np.flatnonzero(photos.domain == "street"):
        inside = (photos.domain == "catalog") & (photos.category == photos.category[query])
        best: list[str] = []
        for one in ranked(photos, vectors, query, list(np.flatnonzero(inside))):
            if photos.product_id[one] not in best:
                best.append(photos.product_id[one])
        if photos.product_id[query] in best:
            ranks.append(1 + best.index(photos.product_id[query]))
            categories.append(photos.category[query])
    got = retrieval.street_to_shop(photos, vectors, (1, 2, 3))
    assert got.micro == pytest.approx({f"hit_rate@{k}": np.mean(np.array(ranks) <= k) for k in (1, 2, 3)})
    assert (got.queries, got.left_out, got.gallery, got.products) == (9, 2, 30, 9)
    assert 0 < got.micro["hit_rate@1"] < got.micro["hit_rate@3"] < 1


def test_a_shop_photo_that_copies_the_street_photo_is_no_candidate():
    rows = [row(name, product, domain, "bags", "red", "test") for name, product, domain in COPIED]
    rows[0]["duplicate_group"] = rows[1]["duplicate_group"] = "copies"
    got = retrieval.street_to_shop(catalog(rows), np.array([[0.0], [0.0], [9.0], [1.0]], np.float32), (1, 2))
    assert got.micro == {"hit_rate@1": 0.0, "hit_rate@2": 1.0}


COPIED = [("w", "p", "street"), ("a", "p", "catalog"), ("b", "p", "catalog"), ("c", "other", "catalog")]


@pytest.mark.parametrize("attribute", ["color", "pattern"])
def test_agreement_by_loop(shop, attribute):
    photos, vectors = shop
    values = photos.pattern if attribute == "pattern" else [pairs.get("color") for pairs in photos.attributes]
    asking = np.arange(len(photos)) % 3 != 0
    shares, chances, ceilings, lone = [], [], [], 0
    for query in np.flatnonzero(asking):
        candidates = [
            one
            for one in range(len(photos))
            if photos.partition[one] == photos.partition[query]
            and photos.product_id[one] != photos.product_id[query]
            and photos.duplicate_group[one] != photos.duplicate_group[query]
        ]
        lone += not candidates
        near = [values[one] for one in ranked(photos, vectors, query, candidates)[:3] if values[one] is not None]
        known = [values[one] for one in candidates if values[one] is not None]
        if values[query] is not None and near:
            shares.append(near.count(values[query]) / len(near))
            chances.append(known.count(values[query]) / len(known))
            ceilings.append(min(1, known.count(values[query]) / min(3, len(known))))
    got = agreement.inside_partitions(photos, vectors, 3, asking)
    assert got.shares[attribute] == pytest.approx(np.mean(shares))
    assert got.chance[attribute] == pytest.approx(np.mean(chances))
    assert got.ceiling[attribute] == pytest.approx(np.mean(ceilings))
    assert (got.queries[attribute], got.lone) == (len(shares), lone)
    assert lone == 1


def test_category_agreement_by_loop(shop):
    photos, vectors = shop
    shares, chances = [], []
    for query in range(len(photos)):
        candidates = [
            one
            for one in range(len(photos))
            if photos.product_id[one] != photos.product_id[query]
            and photos.duplicate_group[one] != photos.duplicate_group[query]
        ]
        same = [photos.category[one] == photos.category[query] for one in ranked(photos, vectors, query, candidates)]
        shares.append(np.mean(same[:5]))
        chances.append(np.mean(same))
    got = agreement.on_category(photos, vectors, 5)
    assert got.shares == pytest.approx({"category": np.mean(shares)})
    assert got.chance == pytest.approx({"category": np.mean(chances)})


def test_random_vectors_agree_as_chance_says():
    rng = np.random.default_rng(3)
    rows = [row(f"{n:03}", f"p{n}", "catalog", "bags", str(rng.choice(["red", "blue"])), "test") for n in range(600)]
    vectors = rng.normal(size=(600, 8)).astype(np.float32)
    got = agreement.inside_partitions(catalog(rows), vectors, 10, np.ones(600, bool))
    assert got.shares["color"] == pytest.approx(got.chance["color"], abs=0.03)
