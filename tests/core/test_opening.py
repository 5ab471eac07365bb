"""What a header tells: no photo, no pixels, too many of them; and that no file makes the decoder work long."""

import struct
import subprocess
import sys
import warnings
import zlib
from io import BytesIO
from threading import Thread
from time import process_time

import numpy as np
import pytest
from photo_files import chunk, encoded, gif, png, tiff
from PIL import Image

from core.decoding import decode
from core.errors import PhotoError


def refusal(data, max_pixels=10_000):
    with pytest.raises(PhotoError) as error:
        decode(data, max_pixels=max_pixels)
    return str(error.value)


@pytest.mark.parametrize(
    "data",
    [b"no photo at all", b"<html>not found</html>", b"\xff\xd8", b"BM, the maker of cars", b"II*", b"RIFF1234WAVEfmt "],
)
def test_garbage(data):
    assert refusal(data) == f"not_an_image: {len(data)} bytes of no known image format"


def test_a_header_that_breaks_off_is_no_image():
    assert refusal(b"\x89PNG\r\n\x1a\n").startswith("not_an_image: its PNG header cannot be read: ")
    assert refusal(b"GIF89a\1\0\1\0\0\0\0") == (
        "not_an_image: its GIF header cannot be read: no more images in GIF file"
    )


@pytest.mark.parametrize("kind", ["EPS", "PDF", "ICO", "ICNS", "TGA", "PCX", "PPM", "DDS", "SGI", "JPEG2000"])
def test_other_formats_are_never_tried(kind):
    data = encoded(Image.new("RGB", (32, 32), "red"), kind)
    assert refusal(data) == f"not_an_image: {len(data)} bytes of no known image format"


def test_no_reader_of_other_formats_is_loaded():
    # The one of EPS starts Ghostscript.
    script = """
import sys
from core.decoding import decode
from core.errors import PhotoError
try:
    decode(b"%!PS-Adobe-3.0 EPSF-3.0\\n%%BoundingBox: 0 0 10 10\\n", max_pixels=100)
except PhotoError as error:
    print(error.reason, "PIL.EpsImagePlugin" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "not_an_image False\n"


def test_an_empty_file_has_no_pixels():
    assert refusal(b"") == "zero_size: an empty file"


def height_zero(kind):
    data = encoded(Image.new("RGB", (16, 16)), kind)
    place, width = {"JPEG": (data.find(b"\xff\xc0") + 5, 2), "BMP": (22, 4)}[kind]
    return data[:place] + b"\0" * width + data[place + width :]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (png(0, 3), "0 x 3"),
        (png(3, 0), "3 x 0"),
        (tiff(0, 2, b""), "0 x 2"),
        (gif((0, 0), (0, 0)), "0 x 0"),
        (height_zero("JPEG"), "16 x 0"),
        (height_zero("BMP"), "16 x 0"),
    ],
)
def test_photos_without_pixels(data, shown):
    assert refusal(data) == f"zero_size: {shown} pixels"


def test_too_large_is_told_by_the_header():
    assert refusal(encoded(Image.new("RGB", (101, 100)), "PNG")) == "too_large: 101 x 100 pixels, at most 10000"
    assert decode(encoded(Image.new("RGB", (100, 100)), "PNG"), max_pixels=10_000).pixels.shape == (100, 100, 3)


def webp_canvas(side):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    return data[:24] + struct.pack("<I", side - 1)[:3] * 2 + data[30:]


def many_scans(count):
    data = encoded(Image.new("RGB", (3000, 3000)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def looped(tags):
    """A TIFF whose directory says that it goes on with itself, and whose `tags` point to it."""
    data = tiff(2, 2, b"\x40" * 12, extra={tag: ("I", [8]) for tag in tags}.items())
    place = 10 + 12 * struct.unpack("<H", data[8:10])[0]
    return data[:place] + struct.pack("<I", 8) + data[place + 4 :]


def crowded(count, size):
    """EXIF of `count` entries, each with the same `size` bytes."""
    entries = b"".join(struct.pack("<HHII", 1000 + number, 2, size, 8) for number in range(count))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", count) + entries + b"\0" * (size + 4)


ZEROS = zlib.compress(b"\0" * 50_000_000)
TEXT = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 50_000_000))
BOMBS = {
    "a PNG of no pixels that says 8,000 x 8,000": (png(8000, 8000), "too_large"),
    "a PNG that says 50,000 x 50,000": (png(50_000, 50_000), "too_large"),
    "a tiny PNG that unpacks to much": (png(1, 1, b"\0" * 50_000_000), None),
    "a PNG with a text that unpacks to much": (png(1, 1, b"\0" * 4, extra=TEXT), "truncated"),
    "a PNG with a profile that unpacks to much": (
        png(1, 1, b"\0" * 4, extra=chunk(b"iCCP", b"x\0\0" + ZEROS)),
        "truncated",
    ),
    "a GIF of one pixel with a frame of many": (gif((1, 1), (60_000, 60_000)), "too_large"),
    "a GIF of one pixel with a frame of some": (gif((1, 1), (5000, 5000)), "too_large"),
    "a WebP of small frames on a large canvas": (webp_canvas(16_384), "too_large"),
    "a WebP of small frames on some canvas": (webp_canvas(5000), "too_large"),
    "a small TIFF of a large tile": (tiff(64, 64, ZEROS, tile=(16_000, 16_000), compression=8), "too_large"),
    "a small TIFF of an endless tile": (tiff(64, 64, b"\0", tile=(2**31, 2**31 - 16)), "too_large"),
    "a TIFF of endless strips": (tiff(64, 64, ZEROS, compression=8, extra={278: ("I", [2**31])}.items()), "truncated"),
    "a TIFF that goes on with itself": (looped([330, 0x8769, 0x8825]), None),
    "a TIFF of many entries": (crowded(5000, 1_000_000), "not_an_image"),
    "a PNG with EXIF of many entries": (png(1, 1, b"\0" * 4, extra=chunk(b"eXIf", crowded(5000, 1_000_000))), None),
    "a JPEG that goes over its pixels often": (many_scans(1000), "too_large"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_little(name):
    data, reason = BOMBS[name]
    start = process_time()
    if reason is None:
        assert decode(data, max_pixels=10_000_000).pixels.nbytes <= 12
    else:
        assert refusal(data, 10_000_000).startswith(f"{reason}: ")
    assert process_time() - start < 1


def test_tiles_and_scans_are_named():
    data = tiff(64, 64, b"\0", tile=(16_000, 32_000))
    assert refusal(data) == "too_large: tiles of 16000 x 32000 pixels, at most 10000"
    assert refusal(many_scans(100), 9_000_000) == "too_large: 109 scans, at most 100"
    assert decode(many_scans(20), max_pixels=9_000_000).pixels.shape == (3000, 3000, 3)


def test_no_warning_escapes_and_other_warnings_stay():
    broken = png(1, 1, b"\0" * 4, extra=chunk(b"acTL", struct.pack(">II", 0, 0)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Image.open(BytesIO(broken)).load()
        assert len(caught) == 1
        decode(broken, max_pixels=1)
        assert len(caught) == 1
        warnings.warn("of another package", stacklevel=1)
        assert len(caught) == 2


def test_threads_decode_side_by_side():
    photos = [encoded(Image.new("RGB", (64, 64), (shade, 0, 0)), "PNG") for shade in range(40)]
    found = {}

    def work(first):
        for shade in range(first, 40, 4):
            found[shade] = decode(photos[shade], max_pixels=4096).pixels

    threads = [Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.all(found[shade] == (shade, 0, 0)) for shade in range(40))
