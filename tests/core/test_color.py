"""The colour descriptor: against a count pixel by pixel, and what has to hold for every photo."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.color import descriptor, dimensions, histogram
from core.color_params import ColorParams, MaskParams
from core.swatches import lab

MARGINAL = ColorParams("marginal", 12, 5, 0.0, 1.0, MaskParams(0.3, 0.4))
JOINT = replace(MARGINAL, histogram="joint")
NAMED = replace(MARGINAL, bins=180, cells=32, smoothing=8.0, dominance=2.5)


def weights(value: int, bins: int, sigma: float) -> list[float]:
    """What one pixel of `value` adds to each bin."""
    width = 256 / bins
    apart = [abs(value + 0.5 - width * (place + 0.5)) for place in range(bins)]
    if sigma:
        added = [math.exp(-(each**2) / (2 * sigma**2)) for each in apart]
    else:
        added = [max(0.0, 1 - each / width) for each in apart]
    return [each / sum(added) for each in added]


def shares(counts: np.ndarray, dominance: float) -> np.ndarray:
    return counts**dominance / (counts**dominance).sum()


def counted(pixels: np.ndarray, mask: np.ndarray, params: ColorParams) -> np.ndarray:
    """The descriptor by plain loops over pixels, channels, bins and cells."""
    in_lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    marginals, plane = np.zeros((3, params.bins)), np.zeros((params.cells, params.cells))
    for y, x in zip(*np.nonzero(mask), strict=True):
        for channel, scale in enumerate((2.55, 1, 1)):
            for place, added in enumerate(weights(int(in_lab[y, x, channel]), params.bins, params.smoothing * scale)):
                marginals[channel, place] += added
        in_a, in_b = (weights(int(in_lab[y, x, channel]), params.cells, params.smoothing) for channel in (1, 2))
        for row, of_a in enumerate(in_a):
            for column, of_b in enumerate(in_b):
                plane[row, column] += of_a * of_b
    light, a, b = (shares(counts, params.dominance) / 3 for counts in marginals)
    if params.histogram == "marginal":
        return np.concatenate([light, a, b])
    return np.concatenate([2 / 3 * shares(plane, params.dominance).ravel(), light])


@pytest.mark.parametrize("dominance", [1.0, 2.5])
@pytest.mark.parametrize("smoothing", [0.0, 3.0, 20.0])
@pytest.mark.parametrize("params", [MARGINAL, JOINT])
def test_matches_a_count_pixel_by_pixel(params, smoothing, dominance):
    rng = np.random.default_rng(1)
    pixels, mask = rng.integers(0, 256, (9, 7, 3), np.uint8), rng.random((9, 7)) < 0.6
    params = replace(params, smoothing=smoothing, dominance=dominance)
    values = histogram(pixels, mask, params)
    assert values.shape == (dimensions(params),)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, counted(pixels, mask, params), atol=1e-6)


def test_a_garment_is_counted_without_its_ground():
    photo = np.full((100, 100, 3), 255, np.uint8)
    photo[30:70, 25:75] = (180, 30, 40)
    alone = np.full((20, 20, 3), (180, 30, 40), np.uint8)
    np.testing.assert_allclose(descriptor(photo, NAMED), descriptor(alone, NAMED), atol=1e-6)


@pytest.mark.parametrize(("value", "place"), [(0, 0), (255, 179)])
def test_black_and_white_lie_inside_the_range(value, place):
    values = histogram(np.full((4, 4, 3), value, np.uint8), np.ones((4, 4), bool), replace(NAMED, smoothing=0.0))
    light, a, b = values.reshape(3, 180)
    assert light[place] == pytest.approx(1 / 3)
    # Neither has a hue: a and b lie about 128, in the middle.
    for hue in (a, b):
        assert hue[89:91].sum() == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.parametrize("rgb", [(220, 30, 90), (250, 220, 20), (30, 60, 200)])
def test_a_and_b_are_the_rows_and_the_columns_of_the_plane(rgb):
    _, a, b = lab(rgb)
    plane = descriptor(np.full((4, 4, 3), rgb, np.uint8), replace(NAMED, histogram="joint"))[: 32 * 32].reshape(32, 32)
    assert plane.sum() == pytest.approx(2 / 3)
    # Cells of 8 units from -128 on; 8-bit LAB is rounded.
    assert np.abs(np.unravel_index(plane.argmax(), plane.shape) - np.array([(a + 128) / 8, (b + 128) / 8])).max() < 1.2


def test_smoothing_brings_shades_together_and_keeps_colours_apart():
    def distance(one: tuple[int, int, int], other: tuple[int, int, int], smoothing: float) -> float:
        params = replace(NAMED, smoothing=smoothing, dominance=1.0)
        first, second = (descriptor(np.full((4, 4, 3), rgb, np.uint8), params) for rgb in (one, other))
        return float(np.linalg.norm(np.sqrt(first) - np.sqrt(second)))

    red, shade, blue = (190, 30, 40), (176, 32, 44), (30, 40, 170)
    assert distance(red, shade, 0.0) > 0.9 * distance(red, blue, 0.0)
    assert distance(red, shade, 8.0) < 0.4 * distance(red, blue, 8.0)


def test_dominance_makes_the_main_colour_say_more():
    photo = np.full((4, 4, 3), (190, 30, 40), np.uint8)
    photo[0] = (30, 40, 170)
    mask, params = np.ones((4, 4), bool), replace(JOINT, cells=32)
    once, squared = (histogram(photo, mask, replace(params, dominance=power))[: 32 * 32] for power in (1.0, 2.0))
    assert squared.max() > 1.1 * once.max()


@pytest.mark.parametrize("params", [NAMED, replace(NAMED, histogram="joint")])
def test_the_size_of_the_photo_does_not_matter(params):
    photo = np.full((80, 60, 3), 230, np.uint8)
    photo[20:60, 15:45] = (40, 90, 60)
    photo[30:50, 15:45] = (200, 180, 60)
    larger = [np.kron(photo, np.ones((times, times, 1), np.uint8)) for times in (2, 4)]
    for pixels in larger:
        values = descriptor(pixels, params)
        assert 0.5 * np.abs(values - descriptor(larger[0], params)).sum() < 0.02
        assert values.shape == (dimensions(params),)


@settings(deadline=None, max_examples=60)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24), st.just(3))),
    st.sampled_from(["marginal", "joint"]),
    st.sampled_from([0.0, 0.01, 8.0, 60.0]),
    st.sampled_from([0.5, 2.5, 9.0]),
)
def test_any_photo_gives_shares(pixels, kind, smoothing, dominance):
    params = replace(NAMED, histogram=kind, smoothing=smoothing, dominance=dominance)
    values = descriptor(pixels, params)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert values.sum() == pytest.approx(1, abs=1e-5)
