import cv2
import numpy as np
import pytest

from features.color import lab_histogram


def test_matches_a_count_pixel_by_pixel():
    pixels = np.random.default_rng(1).integers(0, 256, (9, 7, 3), np.uint8)
    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    expected = np.zeros(3 * 10)
    for row in lab.reshape(-1, 3):
        for channel, (low, high) in enumerate([(0, 100.001), (-127, 127.001), (-127, 127.001)]):
            expected[channel * 10 + int((row[channel] - low) / (high - low) * 10)] += 1
    np.testing.assert_allclose(lab_histogram(pixels, 10), expected / (3 * 63), atol=1e-6)


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_lie_inside_the_range(value):
    histogram = lab_histogram(np.full((4, 4, 3), value, np.uint8), 180)
    assert histogram.shape == (540,)
    assert histogram.dtype == np.float32
    assert histogram.sum() == pytest.approx(1)
    assert histogram[0 if value == 0 else 179] == pytest.approx(1 / 3)


def test_red_and_green_differ_and_the_size_of_the_photo_does_not_matter():
    red = np.full((8, 8, 3), (255, 0, 0), np.uint8)
    green = np.full((8, 8, 3), (0, 255, 0), np.uint8)
    assert np.abs(lab_histogram(red, 180) - lab_histogram(green, 180)).sum() > 1
    np.testing.assert_allclose(lab_histogram(red, 180), lab_histogram(red[:3, :5], 180), atol=1e-6)
