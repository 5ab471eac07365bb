"""Batches: what they hold, and that nothing but seed, epoch and place decides it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core import augment
from core.decoding import decode
from core.images import PixelStore, encode, write_store
from train.batches import SPREAD, TripletBatches

CLOTHING = Path(__file__).parents[3] / "shared/datasets/clothing/images"
IDS = np.array([["a", "b", "c"], ["a", "c", "d"], ["b", "a", "e"], ["e", "d", "a"], ["d", "e", "c"]], dtype=object)


class CountingStore(PixelStore):
    """Notes every photo that is read."""

    def __getitem__(self, image_id):
        self.__dict__.setdefault("read", []).append(image_id)
        return super().__getitem__(image_id)


@pytest.fixture
def store(tmp_path) -> CountingStore:
    rng = np.random.default_rng(0)
    photos = [(name, encode(rng.integers(0, 256, (20, 30, 3), np.uint8), None)) for name in "abcde"]
    write_store(tmp_path / "images.arrow", photos)
    return CountingStore.open(tmp_path / "images.arrow")


def batches(store: PixelStore, **changes: object) -> TripletBatches:
    options = {"size": 16, "batch": 2, "steps": None, "seed": 1, "epoch": 1, **changes}
    return TripletBatches(IDS, store, **options)


def test_same_seed_and_epoch_give_the_same_batches_in_any_order(store):
    first, second = batches(store), batches(store, workers=2)
    for step in reversed(range(len(first))):
        np.testing.assert_array_equal(first[step][0], second[step][0])


@pytest.mark.parametrize("change", [{"seed": 2}, {"epoch": 2}])
def test_another_seed_or_epoch_gives_others(store, change):
    assert not np.array_equal(batches(store)[0][0], batches(store, **change)[0][0])


def test_an_epoch_holds_every_triplet_and_full_batches(store):
    whole = batches(store)
    assert len(whole) == 3
    assert whole.ids.shape == (6, 3)
    assert {tuple(ids) for ids in whole.ids} == {tuple(ids) for ids in IDS}
    photos, _ = whole[2]
    assert photos.shape == (6, 16, 16, 3)
    assert photos.dtype == np.uint8


def test_steps_cap_an_epoch(store):
    assert len(batches(store, steps=2)) == 2
    assert len(batches(store, steps=9)) == 3


def test_each_distinct_photo_of_a_batch_is_prepared_once(store):
    whole = batches(store, batch=5)
    photos, _ = whole[0]
    assert sorted(store.read) == list("abcde")
    ids = whole.ids.reshape(-1)
    for one in range(len(ids)):
        for other in range(one):
            assert (ids[one] == ids[other]) == np.array_equal(photos[one], photos[other])


def test_maps_stay_in_their_ranges():
    linear = augment.draw(4000, 64, SPREAD, np.random.default_rng(1))[:, :, :2]
    areas = np.linalg.det(linear)
    assert np.abs(areas).min() == pytest.approx(0.8**2, abs=0.01)
    assert np.abs(areas).max() == pytest.approx(1.2**2, abs=0.01)
    assert 0.45 < np.mean(areas < 0) < 0.55  # one flip of the two
    angles = np.rad2deg(np.arctan2(linear[:, 1, 0], linear[:, 0, 0]))
    assert np.abs((angles + 90) % 180 - 90).max() == pytest.approx(30, abs=0.1)


def test_centre_stays_and_the_border_goes_on():
    maps = augment.draw(50, 33, SPREAD, np.random.default_rng(2))
    np.testing.assert_allclose(maps @ np.array([16.0, 16.0, 1.0]), np.full((50, 2), 16.0))
    gray = np.full((50, 33, 33, 3), 77, np.uint8)
    np.testing.assert_array_equal(augment.warp(gray, maps), gray)


@pytest.mark.skipif(not CLOTHING.is_dir(), reason="the clothing photos are not here")
def test_a_photo_warped_there_and_back_is_the_photo_away_from_its_border():
    data = sorted(CLOTHING.glob("*.jpg"))[0].read_bytes()
    photo = cv2.GaussianBlur(cv2.resize(decode(data, max_pixels=10**7).pixels, (128, 128)), (0, 0), 2)
    maps = augment.draw(1, 128, SPREAD, np.random.default_rng(4))
    there = augment.warp(photo[None], maps)
    back = augment.warp(there, cv2.invertAffineTransform(maps[0])[None])[0]
    inner = slice(48, 80)
    assert np.abs(there[0].astype(int) - photo).mean() > 5
    assert np.abs(back[inner, inner].astype(int) - photo[inner, inner]).mean() < 3
