"""The mix: its shares, and how evenly it takes from the queries."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.tables import KINDS, Triplets
from triplets.mix import asked, evenly, mix, takes
from triplets.params import MixParams


def params(in_class=0.3, wild=0.3, seed=1) -> MixParams:
    return MixParams(in_class, wild, per_pair=1, margin=None, gap=0, seed=seed)


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
            rows.append({**ids, "kind": kind, "split": split, "positive_rank": 1, **distances})
    return Triplets.from_rows(rows)


def test_the_asked_shares_are_those_of_the_paper():
    assert asked(params()) == pytest.approx({"in_class": 0.21, "out_of_class": 0.49, "wild": 0.3})


@given(
    supply=st.lists(st.integers(0, 5000), min_size=3, max_size=3),
    in_class=st.floats(0, 1),
    wild=st.floats(0, 1),
)
def test_shares_are_met_by_the_largest_total_that_the_supply_allows(supply, in_class, wild):
    shares = asked(params(in_class, wild))
    there = dict(zip(KINDS, supply, strict=True))
    taken = takes(there, shares)
    total = sum(taken.values())
    active = {kind for kind in KINDS if there[kind] and shares[kind] > 0}
    assert all(0 <= taken[kind] <= there[kind] for kind in KINDS)
    assert all(taken[kind] == 0 for kind in set(KINDS) - active)
    whole = sum(shares[kind] for kind in active)
    for kind in active:
        assert abs(taken[kind] - total * shares[kind] / whole) <= 1
        if total >= 100:
            assert taken[kind] / total == pytest.approx(shares[kind] / whole, abs=0.01)
    if active:  # one more would ask some kind for more than there is
        assert any((total + 1) * shares[kind] / whole > there[kind] * (1 - 1e-9) for kind in active)


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
def test_what_a_supply_gives(supply, expected):
    taken = takes(dict(zip(KINDS, supply, strict=True)), asked(params()))
    assert tuple(taken.values()) == expected


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
