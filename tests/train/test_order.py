"""The order of triplets over the epochs."""

import numpy as np
import pytest

from train.order import Order

ROWS = np.random.default_rng(0).permuted(np.tile(np.arange(20), (100, 1)), axis=1)[:, :3]
KIND = np.array(["in_class", "out_of_class"] * 50, dtype=object)


def order(**changes: object) -> Order:
    options = {"batch": 8, "steps": None, "share": True, "seed": 1, **changes}
    return Order(ROWS, KIND, **options)


def test_an_epoch_without_a_cap_holds_every_triplet():
    for share in (True, False):
        whole = order(share=share)
        assert set(whole.epoch(1).reshape(-1)) == set(range(100))
        assert whole.epoch(1).shape == (whole.steps, 8)
        assert whole.epoch(2).shape == whole.epoch(1).shape
        assert not np.array_equal(whole.epoch(2), whole.epoch(1))


def test_capped_epochs_see_other_triplets_until_all_were_seen():
    capped = order(share=False, steps=4)
    seen = [set(capped.epoch(number).reshape(-1)) for number in range(1, 5)]
    assert capped.steps == 4
    assert all(len(one) == 32 for one in seen[:3])
    assert not seen[0] & seen[1]
    assert set.union(*seen) == set(range(100))
    assert len(order(steps=1000).epoch(1)) == order().steps


@pytest.mark.parametrize("share", [True, False])
def test_an_epoch_does_not_depend_on_those_asked_for_before(share):
    one, other = order(share=share, steps=5), order(share=share, steps=5)
    for number in (1, 2, 3, 9):
        one.epoch(number)
    np.testing.assert_array_equal(one.epoch(4), other.epoch(4))
    assert not np.array_equal(order(share=share, seed=2).epoch(1), order(share=share).epoch(1))


def test_room_for_photos():
    assert order(batch=8).photos == 10
    assert order(batch=8, share=False).photos == 20  # there are no more
    assert order(batch=4, share=False).photos == 12
    assert order(batch=1).photos == 3
    assert order(batch=8, devices=4).photos == 12
    assert order(batch=8, share=False, devices=8).photos == 16


def test_unshared_triplets_come_in_random_order():
    batches = order(share=False).epoch(1)
    assert batches.shape == (13, 8)
    assert sorted(batches.reshape(-1)[:100]) == list(range(100))
    assert list(batches.reshape(-1)[100:]) == list(batches.reshape(-1)[:4])
