"""Splits: no product, copy or group falls into two of them, and nothing old ever moves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.tables import NO_SPLIT
from curate.duplicates import Copies
from curate.params import SplitParams
from curate.split import Photos, assign, uniform

PARAMS = SplitParams(val=0.25, test=0.35, seed=7)
# Product, class of copies, further group.
ROWS = st.lists(st.tuples(st.integers(0, 12).map(str), st.integers(0, 20), st.integers(0, 4)), max_size=40)
NEAR = st.frozensets(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=12)
NAMES = st.frozensets(st.integers(0, 12).map(str), max_size=4)


def column(values):
    values = list(values)
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def copies(classes, near=()):
    links = sorted({(min(pair), max(pair)) for pair in near if pair[0] != pair[1]})
    labels = column(str(one) for one in classes)
    return Copies(labels, np.array(classes, np.int64), np.array(links, np.int64).reshape(-1, 2))


def split(rows, near=(), settled=(), grouped=False, paths=None, **divided):
    photos = Photos(
        product_id=column(product for product, *_ in rows),
        partition=column("women/tops" for _ in rows),
        path=column(range(len(rows))) if paths is None else column(paths),
        # A photo of group 0 has none.
        groups=[(f"sender={group}",) if grouped and group else () for _, _, group in rows],
        split=column([*settled, *[None] * (len(rows) - len(settled))]),
    )
    return assign(photos, copies([one for _, one, _ in rows], near), PARAMS, **divided).tolist()


def related(one, other, near, grouped=False):
    """Whether two photos must not stand in two splits."""
    links = {frozenset(pair) for pair in near}
    return (
        one[0] == other[0]
        or one[1] == other[1]
        or frozenset((one[1], other[1])) in links
        or (grouped and one[2] == other[2] != 0)
    )


@settings(deadline=None)
@given(ROWS, NEAR, st.booleans())
def test_related_photos_share_a_split_or_have_none(rows, near, grouped):
    splits = split(rows, near, grouped=grouped)
    for place, one in enumerate(rows):
        for earlier, other in enumerate(rows[:place]):
            if NO_SPLIT not in (splits[place], splits[earlier]) and related(one, other, near, grouped):
                assert splits[place] == splits[earlier]


@settings(deadline=None)
@given(ROWS, NEAR)
def test_only_a_photo_between_two_splits_has_none(rows, near):
    splits = split(rows, near)
    for place, one in enumerate(rows):
        around = {
            splits[earlier]
            for earlier, other in enumerate(rows[:place])
            if splits[earlier] != NO_SPLIT and related(one, other, near)
        }
        assert (splits[place] == NO_SPLIT) == (len(around) > 1)


@settings(deadline=None)
@given(ROWS, ROWS, NEAR, st.booleans())
def test_added_photos_never_move_an_old_one(old, added, near, grouped):
    assert split(old + added, near, grouped=grouped)[: len(old)] == split(old, near, grouped=grouped)


@settings(deadline=None)
@given(ROWS, ROWS, NEAR)
def test_settled_photos_stay_and_are_followed(old, new, near):
    settled = split(old, near)
    assert split(old + new, near, settled=settled) == split(old + new, near)


@settings(deadline=None)
@given(ROWS, NEAR, NAMES, NAMES)
def test_the_division_of_the_source_is_kept(rows, near, train, test):
    splits = split(rows, near, train=train, test=test)
    for (product, *_), name in zip(rows, splits, strict=True):
        if product in test:
            assert name in ("test", NO_SPLIT)
        elif product in train:
            assert name in ("train", "val", NO_SPLIT)


@settings(deadline=None)
@given(st.frozensets(st.integers(0, 99).map(str)), st.randoms())
def test_the_order_matters_to_copies_alone(products, random):
    rows = [(product, number, 0) for number, product in enumerate(sorted(products))]
    order = list(range(len(rows)))
    random.shuffle(order)
    assert split([rows[row] for row in order]) == [split(rows)[row] for row in order]


def strangers(count, name="p"):
    return [(f"{name}{number}", number, 0) for number in range(count)]


def test_new_products_between_old_ones_move_nothing():
    old = strangers(400)
    new = [(f"q{number}", 400 + number, 0) for number in range(400)]
    mixed = [row for pair in zip(new, old, strict=True) for row in pair]
    assert split(mixed)[1::2] == split(old)


def test_shares_are_met_in_every_partition():
    count = 12_000
    partition = column(["men/shoes", "women/tops", "women/hats"] * (count // 3))
    names = column(f"p{n}" for n in range(count))
    photos = Photos(names, partition, names, [()] * count, column([None] * count))
    splits = assign(photos, copies(range(count)), PARAMS)
    for name in set(partition):
        inside = splits[partition == name]
        assert np.mean(inside == "val") == pytest.approx(0.25, abs=0.03)
        assert np.mean(inside == "test") == pytest.approx(0.35, abs=0.03)


def test_products_of_the_source_s_train_keep_the_proportion_of_train_and_val():
    rows = strangers(20_000)
    splits = split(rows, train={product for product, *_ in rows})
    assert splits.count("val") / 20_000 == pytest.approx(0.25 / 0.65, abs=0.01)
    assert "test" not in splits


def test_a_group_decides_where_there_is_one():
    rows = [(f"p{number}", number, 1 + number % 50) for number in range(2000)]
    splits = split(rows, grouped=True)
    assert len({(row[2], name) for row, name in zip(rows, splits, strict=True)}) == 50
    assert set(splits) == {"train", "val", "test"}


def test_parts_of_one_file_share_a_split():
    rows = strangers(200)
    splits = split(rows, paths=[f"{number // 2}.jpg" for number in range(200)])
    assert splits[0::2] == splits[1::2]
    assert len(set(splits)) == 3


def test_another_seed_splits_otherwise():
    rows = strangers(200)
    names = column(product for product, *_ in rows)
    photos = Photos(names, column("a/b" for _ in rows), names, [()] * 200, column([None] * 200))
    one, other = (assign(photos, copies(range(200)), SplitParams(val=0.25, test=0.35, seed=seed)) for seed in (7, 8))
    assert one.tolist() != other.tolist()


def test_the_hash_is_the_same_on_every_machine():
    # printf 1:p | b2sum -l 64
    assert uniform(1, "p") == (0x6DFB1663C0B5B6BA >> 11) / 2**53
    assert all(0 <= uniform(1, str(n)) < 1 for n in range(1000))


def test_no_photos_no_splits():
    assert split([]) == []
