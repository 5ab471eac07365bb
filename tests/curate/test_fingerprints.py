"""Fingerprints: against transforms by plain loops, on edits that a copy goes through, and on colour variants."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.decoding import decode
from core.images import encode, shrink
from core.swatches import PATTERNS
from curate.drawn.products import product
from curate.drawn.scenes import catalog_photo
from curate.fingerprints import cells, color_distance, fingerprint

PHOTOS = Path("../shared/datasets/clothing/images")


def noise(height, width, seed=1):
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def bits_apart(one, other):
    return (one.perceptual_hash ^ other.perceptual_hash).bit_count()


def colors_apart(one, other):
    return float(color_distance(cells(np.array([one.colors], object)), cells(np.array([other.colors], object)))[0])


def transformed(greys, row, column):
    """One frequency of the orthonormal cosine transform (DCT-II) of 32 x 32 greys."""
    total = 0.0
    for y in range(32):
        for x in range(32):
            total += greys[y, x] * np.cos(np.pi * row * (2 * y + 1) / 64) * np.cos(np.pi * column * (2 * x + 1) / 64)
    return total * np.sqrt((2 if row else 1) / 32) * np.sqrt((2 if column else 1) / 32)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_hash_is_that_of_a_cosine_transform_by_loops(mirrored):
    pixels = noise(32, 32)
    if mirrored:
        pixels = np.concatenate([pixels[:, :16], pixels[:, 15::-1]], axis=1)
    greys = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(float)
    places = [(row, column) for row in range(8) for column in range(8)]
    places[0] = 0, 8
    frequencies = [round(transformed(greys, *place), 2) for place in places]
    expected = "".join(str(int(frequency > np.median(frequencies))) for frequency in frequencies)
    assert f"{fingerprint(pixels).perceptual_hash:064b}" == expected
    assert 10 < expected.count("1") <= 32


def test_the_colors_are_the_means_of_the_cells():
    pixels = noise(48, 64)
    means = pixels.reshape(8, 6, 8, 8, 3).mean(axis=(1, 3)) / 255
    real = cv2.cvtColor(means.astype(np.float32), cv2.COLOR_RGB2LAB)
    stored = cells(np.array([fingerprint(pixels).colors], object))[0].astype(float)
    np.testing.assert_allclose(stored * [100 / 255, 1, 1] - [0, 128, 128], real, atol=1.5)


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (31, 33), (300, 20)])
def test_photos_of_every_size_have_a_fingerprint(size):
    found = fingerprint(noise(*size))
    assert 0 <= found.perceptual_hash < 2**64
    assert len(found.colors) == 192
    assert found == fingerprint(noise(*size))


def test_a_frequency_that_is_not_there_is_no_bit():
    assert fingerprint(np.full((160, 120, 3), 201, np.uint8)).perceptual_hash == 0
    half = noise(32, 16)
    symmetrical = fingerprint(np.concatenate([half, half[:, ::-1]], axis=1))
    bits = np.array(list(f"{symmetrical.perceptual_hash:064b}")).reshape(8, 8)
    # A photo that equals its mirror image has no odd frequency across.
    assert len(set(bits[:, 1::2].ravel())) == 1
    assert len(set(bits[:, 2::2].ravel())) == 2


def test_color_distance_is_that_of_loops_in_real_lab():
    rng = np.random.default_rng(3)
    one, other = rng.integers(0, 256, (2, 9, 8, 8, 3), np.uint8)
    other[0] = one[0]
    for row in range(9):
        largest = 0.0
        for y in range(8):
            for x in range(8):
                light, a, b = one[row, y, x].astype(float) - other[row, y, x]
                largest = max(largest, ((light * 100 / 255) ** 2 + a**2 + b**2) ** 0.5)
        assert color_distance(one, other)[row] == pytest.approx(largest, rel=1e-5)
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    assert colors_apart(fingerprint(black), fingerprint(white)) == pytest.approx(100)


def test_color_distance_of_many_pairs_is_that_of_each():
    one, other = np.random.default_rng(4).integers(0, 256, (2, 8_200, 8, 8, 3), np.uint8)
    rows = [0, 8_191, 8_192, 8_199]
    np.testing.assert_array_equal(color_distance(one, other)[rows], color_distance(one[rows], other[rows]))


def test_no_fingerprints():
    assert cells(np.array([], object)).shape == (0, 8, 8, 3)
    assert color_distance(np.empty((0, 8, 8, 3), np.uint8), np.empty((0, 8, 8, 3), np.uint8)).shape == (0,)


def test_colors_tell_apart_what_the_hash_does_not():
    prints = {}
    for turn in range(0, 12 * len(PATTERNS), len(PATTERNS)):  # the plain cloth, in all colours
        shirt = product("men", "shirts", turn, 128, np.random.default_rng(5))
        photo = catalog_photo(shirt.look, "shirts", "men", 0, 128, np.random.default_rng(6))
        prints[shirt.color] = fingerprint(photo)
    assert len(prints) == 12
    assert bits_apart(prints["black"], prints["navy"]) <= 2
    assert min(colors_apart(prints[one], prints[other]) for one in prints for other in prints if one < other) > 30
    assert colors_apart(prints["black"], prints["navy"]) == pytest.approx(38, abs=6)


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="no photos in ../shared")
def test_copies_of_real_photos_stay_near():
    missed = 0
    for file in sorted(PHOTOS.iterdir())[:60]:
        pixels = decode(file.read_bytes(), max_pixels=10**7).pixels
        height, width = pixels.shape[:2]
        copies = [
            decode(encode(shrink(pixels, 160), 50), max_pixels=10**7).pixels,
            cv2.resize(pixels, (width * 7 // 10, height * 7 // 10), interpolation=cv2.INTER_AREA),
            np.clip(pixels * 1.03, 0, 255).astype(np.uint8),
            pixels[height // 200 : height - height // 200, width // 200 : width - width // 200],
        ]
        own = fingerprint(shrink(pixels, 160))
        for copy in copies:
            again = fingerprint(shrink(np.ascontiguousarray(copy), 160))
            missed += bits_apart(own, again) > 6 or colors_apart(own, again) > 7
    assert missed <= 2
