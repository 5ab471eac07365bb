"""Squares that are kept: the same pixels, decoded once, in no more room than there is."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.errors import TableError
from core.images import PixelStore, encode, write_store
from train.squares import KeptSquares


class Counted(PixelStore):
    """Counts the photos that are decoded."""

    decoded = 0

    def __getitem__(self, image_id):
        self.decoded += 1
        return super().__getitem__(image_id)


@pytest.fixture
def store(tmp_path) -> Counted:
    rng = np.random.default_rng(0)
    photos = ((name, encode(rng.integers(0, 256, (20, 30, 3), np.uint8), None)) for name in "abcd")
    write_store(tmp_path / "images.arrow", photos)
    return Counted.open(tmp_path / "images.arrow")


def test_pixels_are_those_of_the_store_and_decoded_once(store):
    kept = KeptSquares(store)
    expected = {size: store.square("abca", size) for size in (8, 16)}
    store.decoded = 0
    for _ in range(3):
        for size in (8, 16):
            np.testing.assert_array_equal(kept.square("abca", size), expected[size])
    assert store.decoded == 6


def test_no_more_is_kept_than_there_is_room_for(store):
    kept = KeptSquares(store, room=2 * 8 * 8 * 3)
    for _ in range(3):
        np.testing.assert_array_equal(kept.square("abcd", 8), store.square("abcd", 8))
    assert store.decoded - 3 * 4 == 4 + 2 + 2


def test_who_changes_squares_does_not_change_what_is_kept(store):
    kept = KeptSquares(store)
    kept.square("a", 8)[:] = 0
    np.testing.assert_array_equal(kept.square("a", 8), store.square("a", 8))


def test_threads_may_ask_at_once(store):
    kept = KeptSquares(store, room=3 * 8 * 8 * 3)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: kept.square("abcd", 8), range(40)))
    for squares in found:
        np.testing.assert_array_equal(squares, store.square("abcd", 8))


def test_a_photo_without_pixels_is_named(store):
    with pytest.raises(TableError) as caught:
        KeptSquares(store).square("x", 8)
    assert str(caught.value) == "no pixels for the image x. Run dvc repro."
