"""Embedded colour profiles: what was made from sRGB comes back, and what is no profile changes nothing."""

import numpy as np
import pytest
from photo_files import cmyk_profile, encoded, gamma, matrix_profile, profile, xyz
from PIL import Image, ImageCms

from core.decoding import decode
from core.icc import to_srgb

SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
ADOBE = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
COLORS = np.array([[(200, 30, 40), (60, 180, 100)], [(120, 120, 120), (255, 255, 255)]], np.uint8)


def linear(srgb):
    """Levels of sRGB (IEC 61966-2-1) as linear light, of 1."""
    value = srgb / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def in_space(srgb, matrix, power):
    """The same colours as levels of the space of `matrix` and `power`, by their formulas."""
    light = linear(srgb) @ SRGB.T @ np.linalg.inv(matrix).T
    return np.round(np.clip(light, 0, 1) ** (1 / power) * 255).astype(np.uint8)


def decoded(photo, icc, kind="PNG", **options):
    image = photo if isinstance(photo, Image.Image) else Image.fromarray(photo)
    return decode(encoded(image, kind, icc_profile=icc, **options), max_pixels=10_000).pixels


@pytest.mark.parametrize(("matrix", "power"), [(ADOBE, 2.19921875), (DISPLAY_P3, 2.2), (SRGB, 1.8)])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_colors_come_back_from_wider_spaces(matrix, power, kind):
    stored = in_space(COLORS, matrix, power)
    assert np.abs(stored.astype(int) - COLORS).max() > 10
    assert np.abs(decoded(stored, matrix_profile(matrix, power), kind).astype(int) - COLORS).max() <= 2


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95}), ("AVIF", {})])
def test_lossy_formats_carry_profiles_too(kind, options):
    flat = np.broadcast_to(np.array([200, 60, 50], np.uint8), (16, 16, 3))
    stored = in_space(flat, ADOBE, 2.19921875)
    assert np.abs(decoded(stored, matrix_profile(ADOBE, 2.19921875), kind, **options).astype(int) - flat).max() <= 6


def test_alpha_and_palettes_have_profiles_too():
    icc = matrix_profile(ADOBE, 2.19921875)
    stored = Image.fromarray(in_space(COLORS, ADOBE, 2.19921875))
    assert np.abs(decoded(stored.quantize(4), icc).astype(int) - COLORS).max() <= 2
    stored.putalpha(Image.fromarray(np.array([[255, 0], [255, 255]], np.uint8)))
    pixels = decoded(stored, icc)
    assert np.abs(pixels[1].astype(int) - COLORS[1]).max() <= 2
    assert pixels[0, 1].tolist() == [255, 255, 255]


def test_gray():
    icc = profile(b"GRAY", [(b"kTRC", gamma(1.0)), (b"wtpt", xyz((0.9642, 1.0, 0.8249)))])
    levels = np.array([[0, 64, 128, 255]], np.uint8)
    light = np.round(linear(levels) * 255).astype(np.uint8)
    assert np.abs(decoded(light, icc).astype(int) - levels[..., None]).max() <= 3


def test_cmyk():
    lab = np.zeros((2, 2, 2, 2, 3), np.uint8)
    lab[..., :] = 0, 128, 128
    lab[0, 0, 0, 0] = 255, 128, 128
    lab[1, 0, 0, 0] = 140, 90, 90
    inks = Image.new("CMYK", (48, 16))
    inks.paste((255, 0, 0, 0), (16, 0, 32, 16))
    inks.paste((0, 0, 0, 255), (32, 0, 48, 16))
    for kind in ("JPEG", "TIFF"):
        white, cyan, black = decoded(inks, cmyk_profile(lab), kind)[8, 8::16].astype(int)
        assert white.min() >= 253
        assert black.max() <= 3
        # CIELAB 54.9, -38, -38 in sRGB; without a profile it would be 0, 255, 255.
        assert np.abs(cyan - (0, 150, 196)).max() <= 6


@pytest.mark.parametrize(
    "icc",
    [
        None,
        b"garbage",
        matrix_profile(ADOBE, 2.2)[:200],
        profile(b"RGB ", []),
        profile(b"GRAY", [(b"kTRC", gamma(1.0))]),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ],
    ids=["none", "garbage", "cut", "empty", "of gray", "of another space", "sRGB"],
)
def test_no_profile_a_useless_one_and_srgb_change_nothing(icc):
    photo = Image.fromarray(COLORS)
    assert to_srgb(photo, icc) is photo
    np.testing.assert_array_equal(decoded(COLORS, icc), COLORS)
