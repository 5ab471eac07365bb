"""Who may take which out-of-class negatives."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_project import catalog_rows, fit, random_vectors, write_project

from core.codes import codes
from core.tables import Catalog
from triplets.distances import Described
from triplets.groups import groups
from triplets.params import MineParams
from triplets.pools import deal, near_categories, pools

A, B, C, D = range(4)
NEARER = {A: [B], B: [A, C], C: [B]}


@settings(deadline=None, max_examples=80)
@given(
    seed=st.integers(0, 10**6),
    sizes=st.lists(st.integers(0, 12), min_size=4, max_size=4),
    wanted=st.lists(st.integers(0, 20), min_size=5, max_size=5),
)
def test_no_photo_is_dealt_twice_or_to_its_own_category(seed, sizes, wanted):
    category = np.repeat([A, B, C, D], sizes)
    rows = 100 + np.arange(len(category))
    own = [A, A, B, C, D]
    dealt = deal(rows, category, own, wanted, NEARER, np.random.default_rng(seed))
    everything = np.concatenate([np.concatenate([pool.near, pool.far]) for pool in dealt])
    assert len(set(everything.tolist())) == len(everything)
    for mine, want, pool in zip(own, wanted, dealt, strict=True):
        assert mine not in set(category[np.concatenate([pool.near, pool.far]) - 100])
        assert set(category[pool.near - 100]) <= set(NEARER.get(mine, ()))
        near = len(NEARER.get(mine, ()))
        assert len(pool.near) <= want + max(0, near - 1)  # a whole number of each category
        assert len(pool.near) + len(pool.far) <= max(want, len(pool.near))


def test_with_enough_of_all_everybody_gets_what_they_want_of_near_categories():
    category = np.repeat([A, B, C], 100)
    dealt = deal(np.arange(300), category, [A, B, C], [30, 30, 30], NEARER, np.random.default_rng(1))
    assert [Counter(category[pool.near].tolist()) for pool in dealt] == [{B: 30}, {A: 15, C: 15}, {B: 30}]
    assert all(len(pool.far) == 0 for pool in dealt)


def test_a_scarce_category_is_shared_in_proportion_and_others_make_up_for_it():
    category = np.repeat([B, D], [12, 100])
    nearer = {A: [B], C: [B]}
    dealt = deal(np.arange(112), category, [A, C], [10, 30], nearer, np.random.default_rng(1))
    assert [len(pool.near) for pool in dealt] == [3, 9]
    assert [len(pool.far) for pool in dealt] == [7, 21]


def test_where_all_is_scarce_the_rest_is_shared_in_proportion():
    dealt = deal(np.arange(12), np.repeat(D, 12), [A, C], [10, 30], {}, np.random.default_rng(1))
    assert [len(pool.far) for pool in dealt] == [3, 9]


@pytest.fixture
def clothes_and_shoes(tmp_path):
    rows = catalog_rows(40, categories=("dresses", "skirts", "boots", "sandals"))
    vectors = random_vectors(len(rows))
    shod = np.array([one["category"] in ("boots", "sandals") for one in rows])
    for values in vectors.values():
        values[shod, 0] += 6
    root = write_project(tmp_path, rows, vectors=vectors)
    catalog = Catalog.read(root / "data/curated/catalog/catalog.parquet")
    return catalog, Described.find(root / "data/features", catalog.image_id), fit(root)


def params(near=1, per_query=6, cap=24) -> MineParams:
    return MineParams(14, 4, 5, 0.05, 1.0, near, per_query, cap, seed=1)


def test_near_categories_are_those_whose_means_are_near(clothes_and_shoes):
    catalog, described, similarity = clothes_and_shoes
    category = codes(catalog.category)
    name = dict(zip(category.tolist(), catalog.category, strict=True))
    found = near_categories(catalog, category, described, similarity, params())
    assert {name[own]: [name[other] for other in near] for own, near in found.items()} == {
        "boots": ["sandals"],
        "sandals": ["boots"],
        "dresses": ["skirts"],
        "skirts": ["dresses"],
    }
    everything = near_categories(catalog, category, described, similarity, params(near=9))
    assert all(len(near) == 3 and own not in near for own, near in everything.items())
    assert [near[0] for near in everything.values()] == [found[own][0] for own in everything]


def test_pools_are_of_the_split_and_grow_with_what_is_asked(clothes_and_shoes, monkeypatch):
    catalog, described, similarity = clothes_and_shoes
    found = groups(catalog)
    dealt = pools(catalog, described, similarity, params(), found)
    for group, pool in zip(found, dealt, strict=True):
        assert set(catalog.split[np.concatenate([pool.near, pool.far])]) <= {group.split}
    monkeypatch.setattr("triplets.pools._LEAST", 1)
    sizes = [
        [len(pool.near) + len(pool.far) for pool in pools(catalog, described, similarity, one, found)]
        for one in (params(per_query=1, cap=6), params(per_query=2, cap=6), params(per_query=2, cap=12))
    ]
    assert all(small < large for small, large in zip(sizes[0], sizes[1], strict=True))
    assert sizes[0] == sizes[2]


def test_what_one_cannot_take_another_does():
    category = np.array([A] * 30 + [B] * 30)
    dealt = deal(np.arange(60), category, [A, B, A, B], [15] * 4, {}, np.random.default_rng(1))
    assert [len(pool.far) for pool in dealt] == [15] * 4
