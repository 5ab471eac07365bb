"""Settings compared by attributes and judgements, against plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from small_project import all_distances, catalog_rows, fit, random_vectors, row, write_project

from core.paths import CATALOG, FEATURES, TABLE
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog
from triplets.judged.agreement import share
from triplets.judged.judgements import Judgements
from triplets.tune import side_by_side
from triplets.tune.compared import Compared, compare

WEIGHTS = {"even": (0.4, 0.3, 0.3), "by colour": (0.0, 0.0, 1.0)}


@pytest.fixture
def catalog(printed):
    """Photos of which most have a sleeve, some a pattern, and of the tops alone a neck."""
    plain = Catalog.read(CATALOG / TABLE)
    rng = np.random.default_rng(6)
    values = np.empty(len(plain), object)
    for number, category in enumerate(plain.category):
        values[number] = {"sleeve": f"s{rng.integers(3)}"} if rng.random() < 0.7 else {}
        if category == "tops":
            values[number]["neck"] = f"n{rng.integers(2)}"
    pattern = np.where(rng.random(len(plain)) < 0.3, "plain", None)
    pattern[rng.random(len(plain)) < 0.2] = "dotted"
    return replace(plain, attributes=values, pattern=pattern)


@pytest.fixture
def settings(finished) -> dict[str, Similarity]:
    """Two, of which the second has weights of its own for skirts."""
    scales = fit(finished[0]).scales
    made = {name: dict(zip(DESCRIPTORS, weights, strict=True)) for name, weights in WEIGHTS.items()}
    return {
        "even": Similarity(made["even"], scales),
        "by colour": Similarity(made["by colour"], scales, {"skirts": {"structure": 0.9, "pattern": 0.1, "color": 0}}),
    }


def measured(catalog, settings, judgements=None, **changed) -> list[Compared]:
    asked = {"queries": 1000, "neighbors": 10, "seed": 1} | changed
    return compare(catalog, FEATURES, settings, judgements, **asked)


def value(catalog, name, photo):
    return catalog.pattern[photo] if name == "pattern" else catalog.attributes[photo].get(name)


def by_category(root, catalog, setting) -> dict[str, dict]:
    """The distances by which the photos of each category, which are one partition, ask."""
    return {
        name: all_distances(root, catalog.image_id[catalog.category == name], setting.of(name))
        for name in set(catalog.category)
    }


def by_loops(catalog, apart, query, name, k) -> tuple[float, float] | None:
    """The share of one query's neighbours that carry its value, and of all; None where it does not count."""
    ids, apart = catalog.image_id, apart[catalog.category[query]]
    others = [
        photo
        for photo in np.flatnonzero(catalog.partition == catalog.partition[query])
        if catalog.product_id[photo] != catalog.product_id[query]
        and catalog.duplicate_group[photo] != catalog.duplicate_group[query]
    ]
    nearest = sorted(others, key=lambda photo: apart[ids[query], ids[photo]])[:k]
    own = value(catalog, name, query)
    near, all_ = (
        [value(catalog, name, photo) == own for photo in some if value(catalog, name, photo) is not None]
        for some in (nearest, others)
    )
    return (np.mean(near), np.mean(all_)) if own is not None and near else None


@pytest.mark.parametrize("k", [1, 10, 300])
def test_agreement_with_attributes_is_what_loops_count(finished, catalog, settings, monkeypatch, k):
    monkeypatch.setattr(side_by_side, "_BLOCK", 7)
    compared = measured(catalog, settings, neighbors=k)
    apart = [by_category(finished[0], catalog, setting) for setting in settings.values()]
    left_out = 0
    for name in ("neck", "pattern", "sleeve"):
        told = [
            [by_loops(catalog, by_setting, query, name, k) for by_setting in apart]
            for query in np.flatnonzero(catalog.split == "val")
        ]
        wanted = np.array([of_each for of_each in told if None not in of_each])  # (queries, settings, 2)
        left_out += sum(None in of_each and of_each != [None, None] for of_each in told)
        for one, (agree, chance) in zip(compared, wanted.mean(axis=0), strict=True):
            assert one.attributes[name] == pytest.approx(agree)
            assert one.chance[name] == pytest.approx(chance)
            assert one.queries[name] == len(wanted)
    assert left_out > 0 or k > 1
    for one in compared:
        assert one.mean == pytest.approx(np.mean(list(one.attributes.values())))
        assert one.mean_chance == pytest.approx(np.mean(list(one.chance.values())))
        assert one.judgements is None
        if k == 300:  # the whole partition
            assert one.attributes == pytest.approx(one.chance)


def test_without_a_validation_split_every_photo_that_carries_a_value_may_ask(finished, catalog, settings):
    catalog = replace(catalog, split=np.full(len(catalog), "train", object))
    (one,) = measured(catalog, {"even": settings["even"]})
    apart = by_category(finished[0], catalog, settings["even"])
    for name in ("neck", "pattern", "sleeve"):
        told = [by_loops(catalog, apart, query, name, 10) for query in range(len(catalog))]
        agree = [each[0] for each in told if each is not None]
        assert one.queries[name] == len(agree) > 12
        assert one.attributes[name] == pytest.approx(np.mean(agree))


def test_few_queries_are_drawn_by_the_seed(catalog, settings):
    first, again, other = (measured(catalog, settings, queries=9, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert max(first[0].queries.values()) <= 9


def test_a_setting_that_finds_what_the_attribute_says_agrees_fully(tmp_path):
    rows = [
        row(f"d{number:02}", split="val", attributes={"colour": ("red", "blue")[number % 2]}) for number in range(24)
    ]
    vectors = random_vectors(len(rows))
    vectors["color"] = np.eye(6, dtype=np.float32)[np.arange(24) % 2]
    root = write_project(tmp_path, rows, vectors=vectors)
    catalog = Catalog.read(root / CATALOG / TABLE)
    scales = dict.fromkeys(DESCRIPTORS, 1.0)
    settings = {
        name: Similarity(dict(zip(DESCRIPTORS, weights, strict=True)), scales)
        for name, weights in {"by colour": (0, 0, 1), "by structure": (1, 0, 0)}.items()
    }
    asked = {"queries": 500, "neighbors": 10, "seed": 1}
    best, worse = compare(catalog, root / FEATURES, settings, None, **asked)
    assert (best.attributes, best.queries) == ({"colour": 1.0}, {"colour": 24})
    assert best.chance == worse.chance == {"colour": pytest.approx(11 / 23)}
    assert worse.attributes["colour"] < 0.8


def test_agreement_with_judgements_is_that_of_the_fused_distances(finished, catalog, settings):
    rng = np.random.default_rng(3)
    rows = [rng.choice(np.flatnonzero(catalog.category == name), 3, replace=False) for name in ["tops", "skirts"] * 20]
    query, a, b = np.array(rows).T
    judgements = Judgements(query, a, b, rng.random(40) < 0.5, people=1, repeated=0, unanswered=0)
    ids = catalog.image_id
    for one in measured(catalog, settings, judgements):
        agree = []
        for number in range(40):
            apart = all_distances(
                finished[0], ids[rows[number]], settings[one.name].of(catalog.category[query[number]])
            )
            asks, first, second = ids[rows[number]]
            agree.append((apart[asks, first] < apart[asks, second]) == judgements.a_closer[number])
        assert one.judgements == share(np.array(agree, float), query)
        assert 0 < one.judgements.value < 1


def test_nothing_judged_no_attributes_and_no_settings(catalog, settings, printed):
    nobody = np.empty(0, np.int64)
    empty = Judgements(nobody, nobody, nobody, nobody.astype(bool), people=0, repeated=0, unanswered=3)
    assert [one.judgements for one in measured(catalog, settings, empty)] == [None, None]
    bare = Catalog.read(CATALOG / TABLE)
    assert measured(bare, settings) == [Compared(name, {}, {}, {}, None, None, None) for name in settings]
    assert measured(catalog, {}) == []


def test_an_attribute_that_one_photo_alone_carries_is_left_out(catalog, settings):
    values = catalog.attributes.copy()
    held = int(np.flatnonzero(catalog.split == "val")[0])
    values[held] = values[held] | {"button": "gold"}
    for one in measured(replace(catalog, attributes=values), settings):
        assert set(one.attributes) == set(one.chance) == set(one.queries) == {"neck", "pattern", "sleeve"}


def test_a_lone_photo_asks_in_vain(tmp_path):
    rows = [*catalog_rows(20), row("hat", category="hats", split="val", attributes={"brim": "wide"})]
    root = write_project(tmp_path, rows)
    catalog = Catalog.read(root / CATALOG / TABLE)
    settings = {"fitted": fit(root)}
    (one,) = compare(catalog, root / FEATURES, settings, None, queries=500, neighbors=10, seed=1)
    assert (one.attributes, one.mean, one.mean_chance) == ({}, None, None)


def test_progress_tells_the_photos_of_the_partitions_that_ask(catalog, settings, monkeypatch):
    monkeypatch.setattr(side_by_side, "_BLOCK", 25)
    heard = []
    measured(catalog, settings, progress=lambda done, of: heard.append((done, of)))
    assert heard == [(done, 120) for done in (25, 40, 65, 80, 105, 120)]
