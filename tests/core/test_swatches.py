from itertools import combinations

import cv2
import numpy as np
import pytest

from core.kinds import KINDS
from core.motifs import LAYERS
from core.swatches import COLORS, PATTERNS, fabric, ink_on, lab, render, swatch, vary

SIDE = 128


def cloth(pattern: str, number: int) -> tuple[tuple[int, int, int], np.ndarray]:
    rng = np.random.default_rng([PATTERNS.index(pattern), number])
    ground = tuple(COLORS.values())[number % len(COLORS)]
    return ground, render(pattern, ground, ink_on(ground, rng), SIDE, rng)


def distance(pixels: np.ndarray, rgb: tuple[int, int, int]) -> np.ndarray:
    return np.linalg.norm(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) - lab(rgb), axis=2)


def test_the_patterns_are_the_published_list():
    assert PATTERNS == ("solid", "striped", "checked", "printed", "polka_dot", "floral", "melange")


def test_the_twelve_colours_stand_apart():
    assert len(COLORS) == 12
    assert min(np.linalg.norm(lab(a) - lab(b)) for a, b in combinations(COLORS.values(), 2)) > 30


def test_lab_of_white_black_and_red():
    np.testing.assert_allclose(lab((255, 255, 255)), [100, 0, 0], atol=0.5)
    np.testing.assert_allclose(lab((0, 0, 0)), [0, 0, 0], atol=0.5)
    np.testing.assert_allclose(lab((255, 0, 0)), [53.24, 80.09, 67.2], atol=0.5)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_fabric_is_mostly_its_ground(pattern):
    shares = []
    for number in range(24):
        ground, pixels = cloth(pattern, number)
        assert pixels.shape == (SIDE, SIDE, 3)
        assert pixels.dtype == np.uint8
        shares.append(float((distance(pixels, ground) < 25).mean()))
    assert np.mean(shares) > 0.6
    assert min(shares) > 0.45


@pytest.mark.parametrize("pattern", PATTERNS)
def test_only_solid_fabric_is_plain(pattern):
    far = [float((distance(pixels, ground) > 20).mean()) for ground, pixels in (cloth(pattern, n) for n in range(12))]
    assert max(far) < 0.01 if pattern == "solid" else min(far) > 0.03


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_seed_gives_one_fabric_and_another_seed_another(pattern):
    first, again, other = (swatch(pattern, 64, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.1


@pytest.mark.parametrize("name", COLORS)
def test_ink_stands_out_and_a_varied_colour_keeps_its_name(name):
    rng = np.random.default_rng(3)
    for _ in range(20):
        assert np.linalg.norm(lab(ink_on(COLORS[name], rng)) - lab(COLORS[name])) >= 42
        shade = lab(vary(COLORS[name], 4.0, rng))
        assert min(COLORS, key=lambda other: np.linalg.norm(lab(COLORS[other]) - shade)) == name


def test_an_unknown_pattern_is_named():
    with pytest.raises(ValueError, match=r"^pattern must be one of solid, .*, melange\. Received: 'paisley'$"):
        render("paisley", (0, 0, 0), (9, 9, 9), 32, np.random.default_rng(1))


def test_every_pattern_has_kinds_and_the_sample_s_own_is_among_them():
    assert tuple(KINDS) == PATTERNS
    assert all(LAYERS[pattern] in kinds for pattern, kinds in KINDS.items())


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.6])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_kind_covers_some_of_the_fabric_but_not_most(pattern, scale):
    for draw in KINDS[pattern]:
        shares = []
        for seed in range(8):
            ink, accent = draw(SIDE, np.random.default_rng(seed), scale)
            assert ink.shape == accent.shape == (SIDE, SIDE)
            assert ink.dtype == accent.dtype == np.float32
            assert min(ink.min(), accent.min()) >= 0
            assert max(ink.max(), accent.max()) <= 1
            shares.append(float(np.maximum(ink, accent).mean()))
        assert np.mean(shares) == 0 if pattern == "solid" else 0.01 < np.mean(shares) < 0.6


@pytest.mark.parametrize("pattern", [pattern for pattern in PATTERNS if pattern not in ("solid", "printed")])
def test_a_larger_scale_has_fewer_edges(pattern):
    def edges(scale: float) -> float:
        drawn = [
            layer
            for draw in KINDS[pattern]
            for seed in range(6)
            for layer in draw(256, np.random.default_rng(seed), scale)
        ]
        return float(
            np.mean([abs(np.diff(layer, axis=0)).mean() + abs(np.diff(layer, axis=1)).mean() for layer in drawn])
        )

    assert edges(2.0) < 0.75 * edges(1.0)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_flat_fabric_is_float_in_range_and_its_own_choice(pattern):
    first, again, other = (fabric(pattern, 64, np.random.default_rng(seed), 1.0) for seed in (5, 5, 6))
    assert first.shape == (64, 64, 3)
    assert first.dtype == np.float32
    assert first.min() >= 0
    assert first.max() <= 255.001
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    if pattern == "solid":
        assert np.ptp(first, axis=(0, 1)).max() < 1e-3


def test_fabric_comes_in_every_named_colour_and_in_muted_ones():
    solids = [fabric("solid", 8, np.random.default_rng(seed), 1.0).mean(axis=(0, 1)) for seed in range(200)]
    nearest = {min(COLORS, key=lambda name: np.linalg.norm(lab(COLORS[name]) - lab(tuple(rgb)))) for rgb in solids}
    assert nearest == set(COLORS)
    chroma = [float(np.hypot(*lab(tuple(rgb))[1:])) for rgb in solids]
    assert 0.2 < np.mean([10 < one < 35 for one in chroma]) < 0.7
