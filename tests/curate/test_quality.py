"""Measures against plain sums over pixels, what changes them, and ten photos with one planted fault each."""

import cv2
import numpy as np
import pytest

from curate.params import QualityParams
from curate.quality import FLAGS, Quality, flags, measure

PARAMS = QualityParams(dark=0.6, blurry=8.0, low_information=1.0, odd_aspect=0.3)
GOOD = Quality(brightness=0.9, sharpness=30.0, entropy=7.0, aspect=0.75, range=220.0)


def scene(seed=1, height=120, width=160):
    """Something like a photo: broad shapes, edges and grain."""
    rng = np.random.default_rng(seed)
    pixels = cv2.resize(rng.integers(0, 256, (9, 12, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    cv2.rectangle(pixels, (40, 20), (120, 100), (240, 235, 230), -1)
    cv2.rectangle(pixels, (60, 40), (100, 90), (30, 20, 60), 3)
    return np.clip(pixels + rng.normal(0, 4, pixels.shape), 0, 255).astype(np.uint8)


def measured(pixels, width=160, height=120):
    return measure(pixels, width, height)


def gray_of(pixels):
    weighted = pixels.astype(float) @ [0.299, 0.587, 0.114]
    return np.floor(weighted + 0.5)


def plainly(pixels):
    """Brightness, sharpness, entropy and range by their definitions, pixel by pixel."""
    gray = gray_of(pixels)
    around = np.pad(gray, 1, mode="reflect")
    height, width = gray.shape
    second = np.array(
        [
            [
                around[y, x + 1] + around[y + 2, x + 1] + around[y + 1, x] + around[y + 1, x + 2] - 4 * gray[y, x]
                for x in range(width)
            ]
            for y in range(height)
        ]
    )
    entropy = 0.0
    for level in range(256):
        share = (gray == level).mean()
        entropy -= share * np.log2(share) if share else 0.0
    ranges, brights = [], []
    for channel in np.moveaxis(pixels, 2, 0):
        ordered = sorted(channel.ravel().tolist())
        lowest, bright, highest = (ordered[int(np.ceil(len(ordered) * q - 1e-9)) - 1] for q in (0.001, 0.99, 0.999))
        ranges.append(highest - lowest)
        brights.append(bright)
    return max(brights) / 255, second.std(), entropy, max(ranges)


@pytest.mark.parametrize(("height", "width"), [(30, 40), (17, 9), (1, 30), (120, 160)])
@pytest.mark.parametrize("seed", [1, 2])
def test_measures_are_what_they_say(height, width, seed):
    pixels = scene(seed, height, width)
    quality = measured(pixels)
    brightness, sharpness, entropy, spread = plainly(pixels)
    assert quality.brightness == brightness
    assert quality.sharpness == pytest.approx(sharpness, rel=2e-3)
    assert quality.entropy == pytest.approx(entropy, abs=0.01)
    assert quality.range == spread
    assert all(type(value) is float for value in quality)


def test_the_aspect_is_of_the_photo_before_it_was_shrunk():
    assert measured(scene(), 4000, 1000).aspect == measured(scene(), 1000, 4000).aspect == 0.25


def test_blurring_lowers_sharpness():
    found = [measured(cv2.GaussianBlur(scene(), (0, 0), sigma)).sharpness for sigma in (0.5, 1, 1.5, 2, 3, 4)]
    assert [measured(scene()).sharpness, *found] == sorted([measured(scene()).sharpness, *found], reverse=True)


def test_darkening_lowers_brightness_and_no_hue_counts_as_dark():
    found = [measured((scene() * share).astype(np.uint8)).brightness for share in (1, 0.8, 0.6, 0.4, 0.2, 0)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == 0
    for color in ((255, 0, 0), (0, 255, 0), (0, 0, 255)):
        assert measured(np.full((8, 8, 3), color, np.uint8)).brightness == 1


def test_fewer_grays_lower_entropy():
    gray = np.repeat(scene()[..., :1], 3, axis=2)
    found = [measured(gray // step * step).entropy for step in (1, 4, 16, 64, 128)]
    assert found == sorted(found, reverse=True)
    halves = np.zeros((10, 10, 3), np.uint8)
    halves[:5] = 255
    assert measured(halves).entropy == 1
    assert measured(halves[:5]) == Quality(1.0, 0.0, 0.0, 0.75, 0.0)


def test_a_few_dead_pixels_do_not_count_as_range():
    flat = np.full((120, 160, 3), 90, np.uint8)
    assert measured(flat).range == 0
    flat[5, 5], flat[80, 7] = 255, 0
    assert measured(flat).range == 0
    flat[20:40, 30:50, 1] = 130
    assert measured(flat).range == 40


def test_the_compression_of_one_color_leaves_little_range():
    for quality in (30, 75, 95):
        file = cv2.imencode(".jpg", np.full((99, 160, 3), (13, 90, 200), np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert measured(cv2.imdecode(file[1], cv2.IMREAD_COLOR_RGB)).range <= 3


def planted():
    """(pixels, width, height, frames, the flags that a person would give)."""
    photo = scene()
    blank = np.full((120, 160, 3), 255, np.uint8)
    logo = blank.copy()
    cv2.putText(logo, "no image", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (120, 120, 120), 2)
    dress = np.where(scene(3)[..., :1] > 128, blank, scene(3) // 6)
    gradient = np.broadcast_to(np.linspace(60, 240, 160).astype(np.uint8)[:, None], (120, 160, 3)).copy()
    return {
        "good": (photo, 160, 120, 1, ()),
        "a black dress on white": (dress, 160, 120, 1, ()),
        "underexposed": ((photo * 0.3).astype(np.uint8), 160, 120, 1, ("dark",)),
        "out of focus": (cv2.GaussianBlur(photo, (0, 0), 5), 160, 120, 1, ("blurry",)),
        "nothing but a shade": (gradient, 160, 120, 1, ("blurry",)),
        "a placeholder": (logo, 160, 120, 1, ("low_information",)),
        "a banner": (photo, 1600, 300, 1, ("odd_aspect",)),
        "a strip": (photo, 100, 400, 1, ("odd_aspect",)),
        "an animation": (photo, 160, 120, 12, ("animated",)),
        "a black animated banner": (blank * 0, 900, 90, 2, FLAGS),
    }


@pytest.mark.parametrize("name", planted())
def test_each_planted_fault_is_flagged_alone(name):
    pixels, width, height, frames, expected = planted()[name]
    assert flags(measure(pixels, width, height), frames, PARAMS) == expected


def test_a_threshold_itself_is_good_enough():
    at = GOOD._replace(brightness=0.6, sharpness=8.0, entropy=1.0, aspect=0.3)
    assert flags(at, 1, PARAMS) == ()
    below = GOOD._replace(brightness=0.599, sharpness=7.99, entropy=0.99, aspect=0.299)
    assert flags(below, 2, PARAMS) == FLAGS == ("dark", "blurry", "low_information", "odd_aspect", "animated")
