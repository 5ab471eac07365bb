"""Which pixels count: against planted garments and the truth of rendered ones, with skin and without a garment."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.color_mask import garment
from core.color_params import MaskParams
from core.decoding import decode
from core.foreground import background_flood
from core.images import shrink
from curate.drawn import backgrounds
from curate.drawn.drawing import View, draw
from curate.drawn.products import CATALOG, generators, product
from curate.drawn.silhouettes import PARTITIONS

PARAMS = MaskParams(confidence=0.3, skin=0.4)
SIDE = 160
CLOTHING = Path(__file__).parents[3] / "shared/datasets/clothing/images"
TEAL, TAN = (20, 110, 120), (205, 160, 130)


def grounds() -> dict[str, np.ndarray]:
    y, x = (np.mgrid[:SIDE, :SIDE] / SIDE)[..., None]
    noise = np.random.default_rng(1).normal(0, 3, (SIDE, SIDE, 3))
    return {
        "white": np.full((SIDE, SIDE, 3), 254.0),
        "plain": np.array([186, 170, 150]) + noise,
        "gradient": 235 - 45 * y - 20 * x + noise / 3,
        "lamp": 205 + 40 * np.exp(-((x - 0.5) ** 2 + (y - 0.35) ** 2) / 0.08) + noise / 3,
    }


def on_ground(ground: str, colour: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A top of `colour` as RGB uint8, and its true mask."""
    truth = np.zeros((SIDE, SIDE), np.uint8)
    cv2.rectangle(truth, (50, 40), (110, 130), 1, -1)
    cv2.fillPoly(truth, [np.array([(50, 40), (25, 75), (38, 85), (60, 60)])], 1)
    cv2.fillPoly(truth, [np.array([(110, 40), (135, 75), (122, 85), (100, 60)])], 1)
    soft = cv2.GaussianBlur(truth.astype(np.float64), (0, 0), 0.7)[..., None]
    photo = grounds()[ground] * (1 - soft) + np.array(colour) * soft
    return np.clip(photo, 0, 255).astype(np.uint8), truth > 0


def worn(skin: tuple[int, int, int] = TAN) -> tuple[np.ndarray, np.ndarray]:
    """The top of `on_ground`, with bare arms and a neck; and where these are."""
    photo, truth = on_ground("plain", TEAL)
    body = np.zeros((SIDE, SIDE), np.uint8)
    cv2.line(body, (33, 80), (28, 120), 1, 10)
    cv2.line(body, (127, 80), (132, 120), 1, 10)
    cv2.rectangle(body, (70, 22), (90, 40), 1, -1)
    body[truth] = 0
    photo[body > 0] = skin
    return photo, body > 0


def shrunk(mask: np.ndarray, width: int) -> np.ndarray:
    return cv2.erode(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))) > 0


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union."""
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("ground", grounds())
def test_a_planted_garment_is_found_less_its_rim(ground):
    photo, truth = on_ground(ground, TEAL)
    mask, confidence = garment(photo, PARAMS)
    assert mask.dtype == bool
    assert not (mask & ~truth).any()
    assert overlap(mask, shrunk(truth, 9)) > 0.9
    assert confidence > 0.9


@pytest.mark.parametrize("scene", ["white", "grey", "gradient", "wall"])
def test_rendered_garments_are_found(scene):
    overlaps = []
    for index in range(2 * len(PARTITIONS)):
        rng, photo_rng = generators(5, CATALOG, index, 2)
        turn, place = divmod(index, len(PARTITIONS))
        look = product(*PARTITIONS[place], turn + 31 * place, SIDE, rng).look
        left, top, right, bottom = look.garment.box
        view = View(look.middle, (SIDE / 2, SIDE / 2), 0.8 * SIDE / max(right - left, bottom - top), 5.0)
        layer = draw(look, view, (SIDE, SIDE), photo_rng)
        photo = layer[..., :3] + getattr(backgrounds, scene)((SIDE, SIDE), photo_rng) * (1 - layer[..., 3:])
        mask, confidence = garment(np.clip(photo, 0, 255).astype(np.uint8), PARAMS)
        assert confidence > PARAMS.confidence
        truth = layer[..., 3] > 0.5
        # Of thin garments, the deepest part is kept.
        assert 0.25 * truth.sum() < mask.sum() < truth.sum()
        overlaps.append((mask & truth).sum() / mask.sum())
    assert np.mean(overlaps) > 0.95
    assert min(overlaps) > 0.75


def test_bare_arms_are_left_out():
    photo, body = worn()
    mask = garment(photo, PARAMS).mask
    assert not mask[body].any()
    assert mask[50:120, 60:100].all()
    # Not looked for, they stay.
    assert garment(photo, MaskParams(confidence=0.3, skin=0.0)).mask[shrunk(body, 7)].any()


def test_a_garment_of_the_colour_of_skin_is_kept():
    photo, truth = on_ground("white", TAN)
    assert overlap(garment(photo, PARAMS).mask, shrunk(truth, 9)) > 0.9
    assert garment(photo, MaskParams(confidence=0.3, skin=1.0)).mask.any()


def test_a_print_of_the_colour_of_skin_is_kept():
    photo, _ = on_ground("white", TEAL)
    cv2.circle(photo, (80, 90), 15, TAN, -1)
    assert garment(photo, PARAMS).mask[78:102, 68:92].all()


def test_specks_and_the_seam_of_wall_and_floor_do_not_count():
    photo, truth = on_ground("plain", TEAL)
    photo[134:138] = (110, 90, 70)
    photo[138:] = (150, 115, 85)
    photo[8:22, 8:22] = (10, 10, 10)
    mask = garment(photo, PARAMS).mask
    assert not (mask & ~truth).any()
    assert overlap(mask, shrunk(truth, 9)) > 0.85


@pytest.mark.parametrize(("coloured", "apart"), [(False, 6), (True, 16)])
def test_a_garment_nearly_of_the_ground_s_colours_is_found(coloured, apart):
    """On a rug, the flood runs into the garment unless it takes fewer colours for the ground's."""
    rng = np.random.default_rng(2)
    weave = rng.normal(0, 1, (SIDE, SIDE, 3 if coloured else 1)) * np.ones(3)
    weave = cv2.GaussianBlur(weave, (0, 0), 1.5)
    weave *= 10 / weave.std()
    truth = np.zeros((SIDE, SIDE), bool)
    truth[30:130, 40:120] = True
    photo = np.array([170, 160, 150]) + weave
    photo[truth] = np.array([170 - apart, 160, 150 + apart]) + weave[truth] / 4
    photo = np.clip(photo, 0, 255).astype(np.uint8)
    assert background_flood(photo)[truth].mean() > 0.8
    mask, confidence = garment(photo, PARAMS)
    assert confidence > 0.9
    assert not (mask & ~truth).any()
    assert overlap(mask, shrunk(truth, 9)) > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (5, 5), (9, 300), (120, 90), (400, 300)])
def test_without_a_garment_the_whole_photo_counts(shape):
    for value in (0, 128, 255):
        mask, confidence = garment(np.full((*shape, 3), value, np.uint8), PARAMS)
        assert mask.shape == shape
        assert mask.all()
        assert confidence == 0


def test_a_photo_that_is_all_border_counts_as_a_whole():
    strip = np.full((7, 12, 3), 240, np.uint8)
    strip[2:5, 4:8] = TEAL
    assert garment(strip, PARAMS).mask.all()
    assert not garment(np.kron(strip, np.ones((10, 10, 1), np.uint8)), PARAMS).mask.all()


def test_below_the_confidence_the_whole_photo_counts():
    photo = on_ground("white", TEAL)[0]
    photo[:, 45:115] = TEAL
    mask, confidence = garment(photo, MaskParams(confidence=0.0, skin=0.4))
    assert 0 < confidence < 1
    assert not mask.all()
    for threshold, whole in ((confidence - 0.01, False), (confidence + 0.01, True)):
        again = garment(photo, MaskParams(confidence=threshold, skin=0.4))
        assert again.mask.all() == whole
        assert again.confidence == confidence


def test_a_larger_photo_has_the_mask_of_its_small_copy():
    photo, _ = worn()
    small, large = garment(photo, PARAMS), garment(np.kron(photo, np.ones((2, 2, 1), np.uint8)), PARAMS)
    np.testing.assert_array_equal(large.mask, np.kron(small.mask, np.ones((2, 2), bool)))
    assert large.confidence == small.confidence


def test_neither_threads_nor_the_photo_are_changed_by_it():
    photo, _ = worn()
    before, first = photo.copy(), garment(photo, PARAMS)
    threads = cv2.getNumThreads()
    try:
        for count in (1, 2):
            cv2.setNumThreads(count)
            np.testing.assert_array_equal(garment(photo, PARAMS).mask, first.mask)
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(photo, before)


@pytest.mark.skipif(not CLOTHING.is_dir(), reason="shared/datasets/clothing is not here")
def test_most_garments_on_beds_and_floors_are_found():
    photos = [
        shrink(decode(path.read_bytes(), max_pixels=10**8).pixels, 224) for path in sorted(CLOTHING.iterdir())[:60]
    ]
    found = [garment(photo, PARAMS) for photo in photos]
    sure = [mask.mean() for mask, confidence in found if confidence >= PARAMS.confidence]
    assert len(sure) / len(photos) > 0.95
    assert 0.15 < np.median(sure) < 0.5
    # The garment lies about the middle.
    assert np.mean([mask[mask.shape[0] // 2, mask.shape[1] // 2] for mask, _ in found]) > 0.85
