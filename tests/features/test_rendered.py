"""Rendered photos: fabric laid onto garments keeps the light and the ground of the photo."""

import cv2
import numpy as np
import pytest

from core.images import PixelStore, encode, write_store
from core.swatches import PATTERNS
from features.garments import Garment, find, on_photo
from features.pasted import paste
from features.rendered import RenderedPhotos

SIDE = 96
SKIN = (214, 170, 138)


def shirt(rgb=(70, 90, 200), ground=(235, 235, 235), height=SIDE, width=SIDE) -> tuple[np.ndarray, np.ndarray]:
    """A photo of a rectangular garment, and where it is."""
    truth = np.zeros((height, width), bool)
    truth[height // 5 : height * 4 // 5, width // 4 : width * 3 // 4] = True
    pixels = np.full((height, width, 3), ground, np.uint8)
    pixels[truth] = rgb
    return pixels, truth


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.fixture
def shirts(tmp_path):
    """A store of eight plain garments, `g0` to `g7`."""
    rng = np.random.default_rng(4)
    photos = {f"g{n}": shirt(tuple(int(v) for v in rng.integers(20, 180, 3)))[0] for n in range(8)}
    write_store(tmp_path / "images.arrow", ((name, encode(pixels, None)) for name, pixels in photos.items()))
    return PixelStore.open(tmp_path / "images.arrow")


def photos(shirts, rows=28, swatches=0.0, view="whole", seed=1) -> RenderedPhotos:
    worn = find(shirts, [f"g{n}" for n in range(8)], 8, view)
    assert len(worn) == 8
    return RenderedPhotos(np.arange(rows), seed, swatches, shirts, worn, view)


# -- the garment


def test_a_plain_garment_is_found_where_it_is():
    pixels, truth = shirt()
    garment = on_photo("a", pixels, "whole")
    assert garment.window == (0, 1, 0, 1)
    assert overlap(garment.cloth, truth) > 0.93


def test_the_garment_view_is_the_square_about_it():
    pixels, _ = shirt(height=120, width=160)
    top, bottom, left, right = on_photo("a", pixels, "garment").window
    assert abs((bottom - top) * 120 - (right - left) * 160) <= 2
    assert top * 120 <= 120 / 5 < bottom * 120
    assert 0.9 < (right - left) * 160 / 80 < 1.15


def test_skin_and_other_garments_are_not_its_fabric():
    pixels, _ = shirt()
    pixels[60:90, 30:66] = (40, 60, 40)
    pixels[8:20, 40:56] = SKIN
    garment = on_photo("a", pixels, "whole")
    assert not garment.cloth[8:18, 40:56].any()
    assert not garment.cloth[63:90, 32:64].any()
    assert garment.cloth[22:57, 28:68].mean() > 0.95


@pytest.mark.parametrize("period", [4, 8, 16])
def test_a_striped_garment_wears_no_other_pattern(period):
    pixels, truth = shirt()
    stripes = truth & (np.arange(SIDE)[:, None] % period < period // 2)
    pixels[stripes] = (250, 220, 40)
    assert on_photo("a", pixels, "whole") is None


def test_nor_does_a_printed_one_nor_a_photo_without_a_garment():
    pixels, _ = shirt()
    cv2.circle(pixels, (48, 48), 12, (240, 220, 40), -1)
    assert on_photo("a", pixels, "whole") is None
    assert on_photo("a", np.full((SIDE, SIDE, 3), 200, np.uint8), "whole") is None
    assert on_photo("a", np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8), "whole") is None


def test_find_stops_at_the_most_and_keeps_the_order(shirts):
    assert [garment.image_id for garment in find(shirts, ["g5", "g1", "g7"], 2, "whole")] == ["g5", "g1"]
    assert find(shirts, [], 2, "whole") == []


# -- the fabric on it


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pixels_away_from_the_garment_stay(pattern):
    pixels, truth = shirt(ground=(180, 200, 190))
    pasted = paste(pixels, truth.astype(np.float32), pattern, 1.0, np.random.default_rng(2))
    away = cv2.dilate(truth.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    np.testing.assert_array_equal(pasted[away], pixels[away])
    assert (pasted[truth] != pixels[truth]).any(axis=1).mean() > 0.9


def test_the_bright_half_stays_the_brighter_one():
    pixels, truth = shirt(rgb=(60, 80, 150))
    pixels[:, :48][truth[:, :48]] = (90, 120, 225)
    for seed in range(20):
        pasted = paste(pixels, truth.astype(np.float32), "solid", 1.0, np.random.default_rng(seed))
        left, right = pasted[25:70, 28:44].mean(), pasted[25:70, 52:68].mean()
        assert left > 1.15 * right


def test_a_fold_keeps_its_place():
    pixels, truth = shirt()
    pixels[30:70, 46:50] = (35, 45, 100)
    pasted = paste(pixels, truth.astype(np.float32), "solid", 1.0, np.random.default_rng(11))
    across = pasted[32:68].mean(axis=(0, 2))
    assert across[46:50].mean() < 0.85 * across[[38, 39, 40, 56, 57, 58]].mean()


def departure(pixels: np.ndarray) -> float:
    """How far pixels stand from the mean colour."""
    return float(np.linalg.norm(pixels - pixels.mean(axis=(0, 1)), axis=2).mean())


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_but_solid_can_be_seen(pattern):
    pixels, truth = shirt()
    seen = [
        departure(paste(pixels, truth.astype(np.float32), pattern, 1.0, np.random.default_rng(seed))[25:70, 30:66])
        for seed in range(12)
    ]
    assert max(seen) < 9 if pattern == "solid" else np.median(seen) > 14


def test_the_pattern_is_squeezed_with_the_photo():
    """On a photo twice as high as wide, shown as a square, what is round lies flat: steps down are the larger ones."""
    pixels, truth = shirt()
    steps = {}
    for aspect in (0.5, 2.0):
        down = across = 0.0
        for seed in range(16):
            pasted = paste(pixels, truth.astype(np.float32), "polka_dot", aspect, np.random.default_rng(seed))
            grey = cv2.cvtColor(pasted, cv2.COLOR_RGB2GRAY).astype(float)[25:70, 30:66]
            down, across = down + abs(np.diff(grey, axis=0)).mean(), across + abs(np.diff(grey, axis=1)).mean()
        steps[aspect] = down / across
    assert steps[0.5] > 1.3
    assert steps[2.0] < 1 / 1.3


# -- the photos


@pytest.mark.parametrize("swatches", [0.0, 0.5, 1.0])
def test_each_pattern_is_drawn_and_the_same_row_gives_the_same_bytes(shirts, swatches):
    some = photos(shirts, swatches=swatches)
    assert some.labels().tolist() == [*PATTERNS] * 4
    first = some.load(np.arange(28), 48)
    assert first.shape == (28, 48, 48, 3)
    assert first.dtype == np.uint8
    assert len({one.tobytes() for one in first}) == 28
    np.testing.assert_array_equal(first, some.load(np.arange(28), 48))  # from what was kept
    afresh = photos(shirts, swatches=swatches).take(np.array([20, 3]))
    np.testing.assert_array_equal(afresh.load(np.array([0, 1]), 48), first[[20, 3]])
    assert afresh.labels().tolist() == [PATTERNS[6], PATTERNS[3]]
    other = photos(shirts, swatches=swatches, seed=2).load(np.arange(28), 48)
    assert (other != first).any(axis=(1, 2, 3)).all()


def test_a_photo_is_drawn_at_each_size_that_is_asked_for(shirts):
    some = photos(shirts)
    small, large = some.load(np.array([4]), 48)[0], some.load(np.array([4]), 96)[0]
    assert abs(cv2.resize(large, (48, 48), interpolation=cv2.INTER_AREA).mean() - small.mean()) < 12


def test_the_share_of_bare_fabric(shirts):
    """Garments lie on a light ground, whose corners are seen."""
    pasted = []
    for share in (0.0, 0.3, 1.0):
        corners = photos(shirts, 140, share).load(np.arange(140), 32)[:, :3, :3].reshape(140, -1, 3)
        pasted.append(int((abs(corners.mean(axis=1) - 235) < 10).all(axis=1).sum()))
    assert pasted[0] == 140, pasted
    assert 80 <= pasted[1] <= 116
    assert pasted[2] <= 10


def test_without_garments_all_is_fabric(shirts):
    bare = RenderedPhotos(np.arange(14), 1, 0.0, shirts, [], "whole")
    alone = RenderedPhotos(np.arange(14), 1, 0.0, shirts, [Garment("g0", (0, 1, 0, 1), np.ones((9, 9), bool))], "whole")
    assert (bare.load(np.arange(14), 32) != alone.load(np.arange(14), 32)).any()
    assert bare.keys() == [None] * 14


def test_no_photos(shirts):
    none = photos(shirts).take(np.array([], int))
    assert len(none) == 0
    assert none.keys() == []
    assert none.load(np.array([], int), 32).shape == (0, 32, 32, 3)
