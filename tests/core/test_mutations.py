"""Damaged photos: whatever bytes change, a photo is accepted or rejected with a reason, soon and in little memory."""

import resource
import signal
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from photo_files import encoded, matrix_profile
from PIL import Image

from core.decoding import decode
from core.errors import PhotoError

MUTATIONS = 500
MAX_PIXELS = 200_000
SECONDS = 2  # for one photo
MEGABYTES = 150  # for all of them
REASONS = {"zero_size", "not_an_image", "unsupported_mode", "truncated", "too_large"}
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])


def photo(seed):
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(cv2.resize(coarse, (64, 48), interpolation=cv2.INTER_CUBIC))


def exif():
    tags = Image.Exif()
    tags[0x0112] = 6
    tags[0x010E] = "a red dress"
    return tags


def whole_photos():
    """Valid files: per kind several that use different parts of its reader."""
    icc = matrix_profile(SRGB, 1.8)
    rest = {"save_all": True, "append_images": [photo(2), photo(3)]}
    gray, palette, clear = photo(1).convert("L"), photo(1).quantize(16), photo(1).convert("RGBA")
    clear.putalpha(gray)
    return {
        "JPEG": [
            encoded(photo(1), "JPEG", exif=exif(), icc_profile=icc),
            encoded(photo(1), "JPEG", progressive=True),
            encoded(photo(1).convert("CMYK"), "JPEG"),
            encoded(photo(1), "MPO", **rest),
        ],
        "PNG": [
            encoded(photo(1), "PNG", exif=exif(), icc_profile=icc),
            encoded(palette, "PNG", transparency=3),
            encoded(clear, "PNG"),
            encoded(photo(1), "PNG", **rest),
        ],
        "WEBP": [
            encoded(photo(1), "WEBP", exif=exif(), icc_profile=icc),
            encoded(clear, "WEBP", lossless=True),
            encoded(photo(1), "WEBP", **rest),
        ],
        "GIF": [encoded(palette, "GIF", transparency=3), encoded(photo(1), "GIF", **rest)],
        "TIFF": [
            encoded(photo(1), "TIFF", exif=exif(), icc_profile=icc),
            encoded(photo(1), "TIFF", compression="tiff_deflate"),
            encoded(palette, "TIFF", compression="tiff_lzw"),
        ],
        "BMP": [encoded(photo(1), "BMP"), encoded(palette, "BMP")],
        "AVIF": [encoded(photo(1), "AVIF", exif=exif(), icc_profile=icc), encoded(clear, "AVIF")],
    }


def flip(data, rng):
    place = rng.integers(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.integers(8)]) + data[place + 1 :]


def cut(data, rng):
    return data[: rng.integers(len(data))]


def drop(data, rng):
    start = rng.integers(len(data))
    return data[:start] + data[start + rng.integers(1, 40) :]


def insert(data, rng):
    place = rng.integers(len(data))
    return data[:place] + rng.bytes(rng.integers(1, 40)) + data[place:]


def swap(data, rng):
    first, second, third = sorted(rng.integers(len(data) + 1, size=3))
    return data[:first] + data[second:third] + data[first:second] + data[third:]


def edit_header(data, rng):
    """Other numbers where sizes, counts and offsets stand."""
    place = rng.integers(min(len(data), 160))
    extremes = [
        b"\0",
        b"\xff",
        b"\0\0",
        b"\xff\xff",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        rng.bytes(4),
    ]
    new = extremes[rng.integers(len(extremes))]
    return data[:place] + new + data[place + len(new) :]


MUTATORS = (flip, flip, cut, drop, insert, swap, edit_header, edit_header)


def mutants(kind, count, seed):
    """`count` files with one to four mutations each, all kinds of mutation in turn."""
    rng = np.random.default_rng(seed)
    whole = whole_photos()[kind]
    for number in range(count):
        data = whole[number % len(whole)]
        for step in range(rng.integers(1, 5)):
            data = MUTATORS[(number // len(whole) + step) % len(MUTATORS)](data or b"\0", rng)
        yield data


@contextmanager
def deadline():
    def late(number, frame):
        raise BaseException("a photo took too long")  # decode must not catch it

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(data):
    """`accepted`, or the reason why not; anything else fails."""
    try:
        with deadline():
            pixels, _, _, frames = decode(data, max_pixels=MAX_PIXELS)
    except PhotoError as error:
        assert error.detail == " ".join(error.detail.split()) != ""  # noqa: PT017
        return error.reason
    height, width, channels = pixels.shape
    assert pixels.dtype == np.uint8
    assert channels == 3
    assert 0 < height * width <= MAX_PIXELS
    assert 1 <= frames <= len(data)
    return "accepted"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_damaged_photos(kind):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert {outcome(data) for data in whole_photos()[kind]} == {"accepted"}
    outcomes = {outcome(data) for data in mutants(kind, MUTATIONS, seed=1)}
    assert {"accepted", "not_an_image"} < outcomes <= {"accepted"} | REASONS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1024


def test_the_same_damage_has_the_same_outcome():
    def told(data):
        try:
            return decode(data, max_pixels=MAX_PIXELS).pixels.tobytes()
        except PhotoError as error:
            return str(error)

    files = [data for kind in ("JPEG", "PNG", "WEBP", "TIFF") for data in mutants(kind, 60, seed=2)]
    assert [told(data) for data in files] == [told(data) for data in files]
