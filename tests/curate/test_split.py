"""Splits by product and duplicate group: nothing falls into two, and nothing old moves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.duplicates import groups
from curate.params import SplitParams
from curate.split import assign, components_of, uniform

PARAMS = SplitParams(val=0.25, test=0.35, seed=7)
LINKS = st.lists(st.tuples(st.integers(0, 15).map(str), st.integers(0, 25).map(str)), max_size=40)
NAMES = st.frozensets(st.integers(0, 15).map(str), max_size=5)


def column(values):
    return np.array(list(values), dtype=object)


def split(links, **divided):
    return assign(column(p for p, _ in links), column(g for _, g in links), PARAMS, **divided).tolist()


def walked(links):
    """The components by walking from row to row."""
    names = []
    for start in range(len(links)):
        seen, waiting = {start}, [start]
        while waiting:
            product, group = links[waiting.pop()]
            near = {row for row, link in enumerate(links) if link[0] == product or link[1] == group} - seen
            seen |= near
            waiting += near
        names.append(min(links[row][0] for row in seen))
    return names


@settings(deadline=None)
@given(LINKS)
def test_components_are_those_of_a_walk(links):
    assert components_of(column(p for p, _ in links), column(g for _, g in links)) == walked(links)


@settings(deadline=None)
@given(LINKS, NAMES, NAMES)
def test_no_product_and_no_group_falls_into_two_splits(links, train, test):
    splits = split(links, train=train, test=test)
    for place in (0, 1):
        of = {}
        for link, name in zip(links, splits, strict=True):
            assert of.setdefault(link[place], name) == name


@settings(deadline=None)
@given(LINKS, NAMES, NAMES)
def test_the_division_of_the_source_is_kept(links, train, test):
    splits = split(links, train=train, test=test)
    components = walked(links)
    for component, name in zip(components, splits, strict=True):
        members = {links[row][0] for row, other in enumerate(components) if other == component}
        if members & test:
            assert name == "test"
        elif members & train:
            assert name in ("train", "val")


@settings(deadline=None)
@given(LINKS, LINKS)
def test_added_rows_move_an_old_one_only_where_they_join_components(old, added):
    before, after = split(old), split(old + added)[: len(old)]
    named, renamed = walked(old), walked(old + added)[: len(old)]
    for was, now, name, new_name in zip(before, after, named, renamed, strict=True):
        assert was == now or name != new_name


@settings(deadline=None)
@given(LINKS, st.randoms())
def test_the_order_of_the_rows_does_not_matter(links, random):
    order = list(range(len(links)))
    random.shuffle(order)
    assert split([links[row] for row in order]) == [split(links)[row] for row in order]


def test_new_products_alone_move_nothing():
    links = [(f"p{n}", f"g{n}") for n in range(400)]
    assert split(links + [(f"q{n}", f"h{n}") for n in range(400)])[:400] == split(links)


def test_shares_are_met():
    splits = split([(f"p{n}", f"g{n}") for n in range(20_000)])
    assert splits.count("val") / 20_000 == pytest.approx(0.25, abs=0.01)
    assert splits.count("test") / 20_000 == pytest.approx(0.35, abs=0.01)


def test_products_of_the_source_s_train_keep_the_proportion_of_train_and_val():
    links = [(f"p{n}", f"g{n}") for n in range(20_000)]
    splits = split(links, train={product for product, _ in links})
    assert splits.count("val") / 20_000 == pytest.approx(0.25 / 0.65, abs=0.01)
    assert "test" not in splits


def test_another_seed_splits_otherwise():
    ids = column(f"p{n}" for n in range(200))
    assert assign(ids, ids, PARAMS).tolist() != assign(ids, ids, SplitParams(val=0.25, test=0.35, seed=8)).tolist()


def test_the_hash_is_the_same_on_every_machine():
    # printf 1:p | b2sum -l 64
    assert uniform(1, "p") == (0x6DFB1663C0B5B6BA >> 11) / 2**53
    assert all(0 <= uniform(1, str(n)) < 1 for n in range(1000))


def test_no_photos_no_splits():
    assert split([]) == []


def test_copies_share_a_group_that_stays_when_a_copy_is_added():
    labels = groups(column(["b", "a", "b"]))
    assert labels[0] == labels[2] != labels[1]
    assert groups(column(["a", "b", "a", "b"]))[1] == labels[0]
