"""The mix: its shares, and how evenly it takes from the queries."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.tables import KINDS, SPLITS, Triplets
from triplets.mix import asked, evenly, mix, takes
from triplets.params import MixParams, Totals
from triplets.reports.shares import console, shares


def params(in_class=0.3, wild=0.3, seed=1, totals=(None, None, None)) -> MixParams:
    return MixParams(
        in_class, wild, Totals(*totals), per_pair=1, margin=None, gap=0, hardness=0, negative_cap=9, seed=seed
    )


def triplets(split="train", **counts: int) -> Triplets:
    """`counts` triplets per kind, five of each query."""
    rows = []
    for kind, count in counts.items():
        for number in range(count):
            distances = {
                f"{pair}_{name}": 1.0
                for pair in ("positive", "negative")
                for name in ("distance", "structure", "pattern", "color")
            }
            ids = {"query_id": f"{split}{kind}{number // 5}", "positive_id": "p", "negative_id": f"n{number}"}
            why = {"rules": "2", "params": "0", "positive_rank": 1, "negative_rank": 9}
            rows.append({**ids, "kind": kind, "split": split, **why, **distances})
    return Triplets.from_rows(rows)


def test_the_asked_shares_are_those_of_the_paper():
    assert asked(params()) == pytest.approx({"in_class": 0.21, "out_of_class": 0.49, "wild": 0.3})


@given(
    supply=st.lists(st.integers(0, 5000), min_size=3, max_size=3),
    in_class=st.floats(0, 1),
    wild=st.floats(0, 1),
)
def test_without_a_total_shares_are_met_by_the_largest_that_the_supply_allows(supply, in_class, wild):
    each = asked(params(in_class, wild))
    there = dict(zip(KINDS, supply, strict=True))
    taken = takes(there, each, None)
    total = sum(taken.values())
    active = {kind for kind in KINDS if there[kind] and each[kind] > 0}
    assert all(0 <= taken[kind] <= there[kind] for kind in KINDS)
    assert all(taken[kind] == 0 for kind in set(KINDS) - active)
    whole = sum(each[kind] for kind in active)
    for kind in active:
        assert abs(taken[kind] - total * each[kind] / whole) <= 1
        if total >= 100:
            assert taken[kind] / total == pytest.approx(each[kind] / whole, abs=0.01)
    if active:  # one more would ask some kind for more than there is
        assert any((total + 1) * each[kind] / whole > there[kind] * (1 - 1e-9) for kind in active)


@pytest.mark.parametrize(
    ("supply", "expected"),
    [
        ((2100, 4900, 3000), (2100, 4900, 3000)),
        ((9000, 9000, 30), (21, 49, 30)),  # wild is scarce for its share and sets the total
        ((300, 9000, 0), (300, 700, 0)),  # no wild: the others keep 30 : 70
        ((0, 9000, 9000), (0, 9000, 5510)),  # 49 : 30
        ((0, 0, 8), (0, 0, 8)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_what_a_supply_gives_without_a_total(supply, expected):
    taken = takes(dict(zip(KINDS, supply, strict=True)), asked(params()), None)
    assert tuple(taken.values()) == expected


@pytest.mark.parametrize(
    ("total", "supply", "expected"),
    [
        (1000, (9000, 9000, 9000), (210, 490, 300)),
        (400, (9000, 9000, 32), (110, 258, 32)),  # 368 over 30 : 70
        (400, (9000, 9000, 0), (120, 280, 0)),
        (400, (100, 9000, 32), (100, 268, 32)),  # in-class has its 84, and then falls short of 110
        (400, (10, 20, 30), (10, 20, 30)),
        (400, (0, 0, 500), (0, 0, 400)),
        (400, (0, 0, 0), (0, 0, 0)),
        (10, (9, 9, 9), (2, 5, 3)),  # 2.1, 4.9, 3
        (1, (9, 9, 9), (0, 1, 0)),
        (100, (21, 49, 30), (21, 49, 30)),
    ],
)
def test_what_a_supply_gives_of_a_total(total, supply, expected):
    taken = takes(dict(zip(KINDS, supply, strict=True)), asked(params()), total)
    assert tuple(taken.values()) == expected


@given(
    supply=st.lists(st.integers(0, 3000), min_size=3, max_size=3),
    in_class=st.sampled_from([0, 0.1, 0.3, 1 / 3, 0.5, 1]),
    wild=st.sampled_from([0, 0.1, 0.3, 1 / 3, 0.7, 1]),
    total=st.integers(1, 5000),
)
def test_a_total_is_filled_like_vessels_with_water(supply, in_class, wild, total):
    each = asked(params(in_class, wild))
    there = dict(zip(KINDS, supply, strict=True))
    taken = takes(there, each, total)
    wanted = {kind: there[kind] if each[kind] > 0 else 0 for kind in KINDS}
    assert all(taken[kind] <= wanted[kind] for kind in KINDS)
    assert sum(taken.values()) == min(total, sum(wanted.values()))  # exactly, whatever is rounded
    low, high = 0.0, 1e9  # each kind is filled to share x level; by halving, the level that gives the total
    for _ in range(200):
        level = (low + high) / 2
        if sum(min(wanted[kind], each[kind] * level) for kind in KINDS) < total:
            low = level
        else:
            high = level
    for kind in KINDS:
        assert abs(taken[kind] - min(wanted[kind], each[kind] * low)) < 1 + 1e-6
    if all(there[kind] >= each[kind] * total for kind in KINDS) and total >= 100:
        assert all(taken[kind] / total == pytest.approx(each[kind], abs=0.01) for kind in KINDS)


@given(queries=st.lists(st.integers(0, 6), max_size=40), count=st.integers(0, 45), seed=st.integers(0, 99))
def test_every_query_gives_one_before_any_gives_a_second(queries, count, seed):
    ids = np.array([f"q{query}" for query in queries], object)
    rows = evenly(ids, count, np.random.default_rng(seed))
    assert len(rows) == len(set(rows.tolist())) == min(count, len(ids))
    supply, taken = Counter(ids), Counter(ids[rows])
    most = max(taken.values(), default=0)
    assert all(taken[query] >= min(supply[query], most - 1) for query in supply)


def test_which_rows_are_taken_depends_on_the_seed_alone():
    all_of_them = triplets(in_class=300, out_of_class=300, wild=60)
    first, again, other = (mix(all_of_them, params(seed=seed)) for seed in (1, 1, 2))
    assert first.negative_id.tolist() == again.negative_id.tolist()
    assert first.negative_id.tolist() != other.negative_id.tolist()
    assert len(first) == len(other) == 200


def test_each_split_is_mixed_on_its_own():
    both = Triplets.concat([triplets("train", in_class=30, out_of_class=70), triplets("test", out_of_class=9, wild=6)])
    mixed = mix(both, params())
    assert Counter(zip(mixed.split, mixed.kind, strict=True)) == {
        ("train", "in_class"): 30,
        ("train", "out_of_class"): 70,
        ("test", "out_of_class"): 9,
        ("test", "wild"): 5,
    }


def test_each_split_has_its_own_total():
    both = Triplets.concat([triplets(split, in_class=90, out_of_class=90, wild=6) for split in SPLITS])
    mixed = mix(both, params(totals=(100, 10, None)))
    assert Counter(zip(mixed.split, mixed.kind, strict=True)) == {
        ("train", "in_class"): 28,
        ("train", "out_of_class"): 66,
        ("train", "wild"): 6,
        ("val", "in_class"): 2,
        ("val", "out_of_class"): 5,
        ("val", "wild"): 3,
        ("test", "in_class"): 4,
        ("test", "out_of_class"): 10,
        ("test", "wild"): 6,
    }


@pytest.mark.parametrize(
    ("total", "supply", "line"),
    [
        (100, (50, 50, 50), "100 of 100 triplets, 21% / 49% / 30%"),
        (None, (40, 49, 90), "100 triplets, 21% / 49% / 30%, the largest mix that out-of-class allows"),
        (
            100,
            (90, 90, 9),
            "100 of 100 triplets, 27% / 64% / 9%; wild is short (9 of 30), the rest renormalised",
        ),
        (100, (90, 90, 0), "100 of 100 triplets, 30% / 70% / 0%; wild is absent, the rest renormalised"),
        (
            100,
            (0, 9, 9),
            "18 of 100 triplets, 0% / 50% / 50%; in-class is absent, out-of-class is short (9 of 49),"
            " wild is short (9 of 30), so everything is taken",
        ),
        (
            None,
            (30, 90, 0),
            "100 triplets, 30% / 70% / 0%, the largest mix that in-class allows; wild is absent, the rest renormalised",
        ),
        (100, (0, 0, 0), "0 of 100 triplets; in-class is absent, out-of-class is absent, wild is absent"),
        (None, (0, 0, 0), "0 triplets; in-class is absent, out-of-class is absent, wild is absent"),
    ],
)
def test_the_line_of_a_split_says_what_was_asked_and_reached(total, supply, line):
    val = triplets("val", **dict(zip(KINDS, supply, strict=True)))
    mined = Triplets.concat([triplets("train", out_of_class=1), val])
    asked_for = params(totals=(None, total, None))
    text = console(shares(mined, mix(mined, asked_for), asked_for))
    assert text.startswith("Asked: in-class 21%, out-of-class 49%, wild 30%. train: ")
    assert f" val: {line}. test: " in text


def test_a_training_split_without_triplets_is_an_error():
    with pytest.raises(InputError) as caught:
        mix(triplets("val", wild=9), params())
    assert str(caught.value) == (
        "the training split has 0 in_class, 0 out_of_class, 0 wild triplets, so its mix is empty."
        " Raise triplets.mine.positives, lower triplets.mine.margin, or add photos."
    )


def test_shares_that_ask_only_for_what_is_not_there_are_an_error():
    with pytest.raises(InputError) as caught:
        mix(triplets(in_class=9), params(wild=1.0))
    assert str(caught.value) == (
        "the training split has 9 in_class, 0 out_of_class, 0 wild triplets, so its mix is empty."
        " Change the shares triplets.mix.in_class and wild."
    )
