"""The mask of a product photo: against the truth of rendered garments, and where there is nothing to cut out."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.decoding import decode
from core.foreground import background_flood, foreground
from core.images import shrink
from curate.drawn import backgrounds
from curate.drawn.drawing import View, draw
from curate.drawn.products import CATALOG, generators, product
from curate.drawn.silhouettes import PARTITIONS

SIDE = 160
PRODUCTS = 28
CLOTHING = Path(__file__).parents[3] / "shared/datasets/clothing/images"


def rendered(index: int, scene: str) -> tuple[np.ndarray, np.ndarray]:
    """A garment with a soft shadow in a studio, as RGB uint8, and its true mask."""
    rng, photo_rng = generators(5, CATALOG, index, 2)
    turn, place = divmod(index, len(PARTITIONS))
    gender, category = PARTITIONS[place]
    it = product(gender, category, turn + 31 * place, SIDE, rng)
    left, top, right, bottom = it.look.garment.box
    view = View(it.look.middle, (SIDE / 2, SIDE / 2), 0.8 * SIDE / max(right - left, bottom - top), 5.0)
    layer = draw(it.look, view, (SIDE, SIDE), photo_rng)
    shadow = 1 - 0.25 * cv2.GaussianBlur(layer[..., 3:], (0, 0), 4)[..., None]
    photo = layer[..., :3] + getattr(backgrounds, scene)((SIDE, SIDE), photo_rng) * shadow * (1 - layer[..., 3:])
    photo += photo_rng.normal(0, 1, photo.shape)
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8), layer[..., 3] > 0.5


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union."""
    return float((one & other).sum() / (one | other).sum())


def square(side: int = 100) -> np.ndarray:
    photo = np.full((side, side, 3), 220, np.uint8)
    photo[side * 3 // 10 : side * 7 // 10, side // 4 : side * 3 // 4] = (180, 30, 40)
    return photo


@pytest.mark.parametrize(
    ("scene", "mean", "flood_mean"), [("white", 0.95, 0.88), ("grey", 0.95, 0.88), ("gradient", 0.93, 0.85)]
)
def test_the_mask_is_nearly_the_truth(scene, mean, flood_mean):
    overlaps, floods, trusted = [], [], 0
    for index in range(PRODUCTS):
        photo, truth = rendered(index, scene)
        mask, confidence = foreground(photo)
        assert mask.shape == truth.shape
        assert mask.dtype == bool
        assert 0 <= confidence <= 1
        trusted += confidence > 0.5
        overlaps.append(overlap(mask, truth))
        floods.append(overlap(~background_flood(photo), truth))
    assert np.mean(overlaps) > mean
    assert np.mean(floods) > flood_mean
    assert trusted >= 0.9 * PRODUCTS


def test_a_plain_square_is_found_to_the_pixel():
    photo = square()
    truth = (photo[..., 0] == 180).astype(np.uint8)
    inner, outer = (change(truth, np.ones((3, 3), np.uint8)) > 0 for change in (cv2.erode, cv2.dilate))
    for mask in (foreground(photo).mask, ~background_flood(photo)):
        assert mask[inner].all()
        assert not mask[~outer].any()
    assert foreground(photo).confidence == 1


def test_a_patch_of_the_background_s_colour_inside_the_garment_belongs_to_it():
    photo = square()
    photo[45:55, 40:60] = 220
    assert not background_flood(photo)[45:55, 40:60].any()


def test_a_garment_that_leaves_the_photo_is_not_background():
    photo = square()
    photo[60:, 40:60] = (180, 30, 40)  # 5 % of the border
    assert foreground(photo).mask[75:99, 42:58].all()
    assert foreground(photo).confidence > 0.5


def test_uneven_light_is_still_background():
    y, x = np.mgrid[:120, :120] / 120
    photo = np.repeat((235 - 40 * y - 25 * x)[..., None], 3, axis=2)
    photo[40:90, 30:80] = (40, 60, 150)
    truth = np.zeros((120, 120), bool)
    truth[40:90, 30:80] = True
    assert overlap(foreground(photo.astype(np.uint8)).mask, truth) > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 5), (9, 300), (120, 90), (400, 300)])
def test_without_a_garment_there_is_no_confidence(shape):
    rng = np.random.default_rng(1)
    flat = np.full((*shape, 3), 200, np.uint8)
    noise = rng.integers(0, 256, (*shape, 3)).astype(np.uint8)
    soft = cv2.resize(rng.integers(0, 256, (12, 12, 3)).astype(np.uint8), shape[::-1], interpolation=cv2.INTER_CUBIC)
    for photo in (flat, noise, soft):
        mask, confidence = foreground(photo)
        assert mask.shape == shape
        assert confidence < 0.5
    assert foreground(flat).confidence == 0
    assert not foreground(flat).mask.any()


def test_a_larger_photo_has_the_same_mask_at_its_own_size():
    photo = np.kron(square(), np.ones((5, 5, 1), np.uint8))[:, :450]
    mask, confidence = foreground(photo)
    assert mask.shape == (500, 450)
    assert overlap(mask, photo[..., 0] == 180) > 0.95
    assert confidence == 1


def test_neither_threads_nor_earlier_randomness_change_the_mask():
    photo, _ = rendered(3, "gradient")
    before, first = photo.copy(), foreground(photo)
    threads = cv2.getNumThreads()
    try:
        for count, seed in ((1, 99), (2, 7)):
            cv2.setNumThreads(count)
            cv2.setRNGSeed(seed)
            again = foreground(photo)
            np.testing.assert_array_equal(again.mask, first.mask)
            assert again.confidence == first.confidence
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(photo, before)


@pytest.mark.skipif(not CLOTHING.is_dir(), reason="shared/datasets/clothing is not here")
def test_most_garments_on_beds_and_floors_are_found():
    photos = [
        shrink(decode(path.read_bytes(), max_pixels=10**8).pixels, SIDE) for path in sorted(CLOTHING.iterdir())[:40]
    ]
    found = [foreground(photo) for photo in photos]
    sure = [mask.mean() for mask, confidence in found if confidence > 0.5]
    assert 0.7 < len(sure) / len(photos) < 1
    assert 0.2 < np.median(sure) < 0.6
