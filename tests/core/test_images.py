"""The one decoder on every kind of photo, and the pixel store."""

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import PhotoError, TableError
from core.images import PixelStore, decode, encode, shrink, write_store

RED = (200, 30, 40)


def encoded(photo, kind, **options):
    file = BytesIO()
    photo.save(file, kind, **options)
    return file.getvalue()


def read(data, max_pixels=10_000):
    return decode(data, max_pixels=max_pixels)


def assert_near(pixels, color, tolerance=4):
    assert np.abs(pixels.astype(int) - color).max() <= tolerance


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_every_usual_format(kind):
    pixels = read(encoded(Image.new("RGB", (20, 12), RED), kind))
    assert pixels.shape == (12, 20, 3)
    assert pixels.dtype == np.uint8
    assert_near(pixels, RED)


def test_channels_are_in_the_order_red_green_blue():
    assert read(encoded(Image.new("RGB", (2, 2), (255, 0, 0)), "PNG"))[0, 0].tolist() == [255, 0, 0]


def test_cmyk():
    pixels = read(encoded(Image.new("RGB", (20, 12), RED).convert("CMYK"), "JPEG", quality=95))
    assert_near(pixels, RED, 8)


def test_gray_becomes_three_channels():
    assert read(encoded(Image.new("L", (3, 2), 77), "PNG")).tolist() == [[[77] * 3] * 3] * 2


def test_sixteen_bits_are_scaled_not_clipped():
    gray = np.array([[0, 0x1234, 0x8000, 0xFFFF]], np.uint16)
    pixels = read(encoded(Image.fromarray(gray), "PNG"))
    assert pixels[0, :, 0].tolist() == [0, 0x12, 0x80, 0xFF]


def test_palette():
    assert_near(read(encoded(Image.new("RGB", (8, 8), RED).quantize(4), "PNG")), RED)


def test_alpha_stands_on_white():
    photo = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    photo.putpixel((1, 0), (255, 0, 0, 128))
    assert read(encoded(photo, "PNG"))[0].tolist() == [[255, 255, 255], [255, 127, 127]]


def test_a_transparent_palette_stands_on_white():
    photo = Image.new("P", (1, 1), 0)
    photo.putpalette([0, 0, 0, *RED])
    assert read(encoded(photo, "PNG", transparency=0))[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (3, 5)), (6, (0, 3)), (8, (5, 0)), (2, (0, 5))])
def test_exif_orientation_is_applied(orientation, corner):
    photo = Image.new("RGB", (6, 4))
    photo.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read(encoded(photo, "PNG", exif=exif))
    assert [tuple(place) for place in np.argwhere(pixels[:, :, 0] == 255)] == [corner]


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_of_an_animation_the_first_frame_counts(kind):
    frames = [Image.new("RGB", (8, 8), color) for color in (RED, (0, 0, 255))]
    assert_near(read(encoded(frames[0], kind, save_all=True, append_images=frames[1:])), RED, 8)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_truncated(kind):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(PhotoError) as error:
        read(data[: len(data) // 2])
    assert error.value.reason == "truncated"


@pytest.mark.parametrize(
    "data", [b"", b"no photo at all", b"<html>not found</html>", b"\xff\xd8", b"\x89PNG\r\n\x1a\n"]
)
def test_garbage(data):
    with pytest.raises(PhotoError) as error:
        read(data)
    assert error.value.reason == "not_an_image"
    assert error.value.detail == f"{len(data)} bytes of no known image format"


def test_too_large_is_told_by_the_header():
    with pytest.raises(PhotoError) as error:
        read(encoded(Image.new("RGB", (101, 100)), "PNG"))
    assert str(error.value) == "too_large: 101 x 100 pixels, at most 10000"


def bomb(side):
    """A PNG of a few bytes that says that it has `side` x `side` pixels."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_000, 50_000])
def test_a_bomb_is_too_large_before_it_is_decoded(side):
    with pytest.raises(PhotoError) as error:
        read(bomb(side))
    assert error.value.reason == "too_large"


def test_shrink_keeps_the_aspect_and_never_enlarges():
    pixels = np.zeros((30, 90, 3), np.uint8)
    assert shrink(pixels, 45).shape == (15, 45, 3)
    assert shrink(pixels, 90) is pixels
    assert shrink(np.zeros((2, 900, 3), np.uint8), 45).shape == (1, 45, 3)


def test_shrink_averages_the_area():
    pixels = np.zeros((2, 4, 3), np.uint8)
    pixels[0, :2] = 200
    assert shrink(pixels, 2).tolist() == [[[100] * 3, [0] * 3]]


def photos(count):
    rng = np.random.default_rng(3)
    for number in range(count):
        height, width = rng.integers(1, 9, 2)
        yield f"{number:03d}", rng.integers(0, 256, (height, width, 3), np.uint8)


def stored(count):
    return [(name, encode(pixels, None)) for name, pixels in photos(count)]


def test_the_store_gives_back_what_it_took(tmp_path):
    write_store(tmp_path / "one.arrow", stored(7), per_batch=3)
    write_store(tmp_path / "two.arrow", [("x", encode(np.full((2, 2, 3), 9, np.uint8), 95))])
    store = PixelStore.open(tmp_path / "one.arrow", tmp_path / "two.arrow")
    assert len(store) == 8
    for image_id, pixels in photos(7):
        np.testing.assert_array_equal(store[image_id], pixels)
    assert store["x"].max() == 9
    assert store.square(["x", "003"], 5).shape == (2, 5, 5, 3)


def test_jpeg_keeps_colors_and_png_keeps_every_value():
    rng = np.random.default_rng(4)
    smooth = cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (80, 60), interpolation=cv2.INTER_CUBIC)
    np.testing.assert_array_equal(decode(encode(smooth, None), max_pixels=5000), smooth)
    error = np.abs(decode(encode(smooth, 95), max_pixels=5000).astype(int) - smooth)
    assert error.mean() < 1.5
    assert len(encode(smooth, 50)) < len(encode(smooth, 95)) < len(encode(smooth, None))


def test_a_damaged_stored_photo_is_one_line(tmp_path):
    write_store(tmp_path / "s.arrow", [("x", b"garbage")])
    with pytest.raises(TableError) as error:
        PixelStore.open(tmp_path / "s.arrow")["x"]
    assert str(error.value) == "the stored photo of x is damaged. Remove the store and run dvc repro."


def test_the_store_repeats_and_may_be_empty(tmp_path):
    write_store(tmp_path / "one.arrow", stored(5))
    write_store(tmp_path / "two.arrow", stored(5))
    assert (tmp_path / "one.arrow").read_bytes() == (tmp_path / "two.arrow").read_bytes()
    write_store(tmp_path / "none.arrow", [])
    assert len(PixelStore.open(tmp_path / "none.arrow")) == 0


def test_a_store_that_breaks_off_leaves_the_old_one(tmp_path):
    def broken():
        yield from stored(3)
        raise RuntimeError("power cut")

    write_store(tmp_path / "s.arrow", stored(2))
    before = (tmp_path / "s.arrow").read_bytes()
    with pytest.raises(RuntimeError, match="power cut"):
        write_store(tmp_path / "s.arrow", broken(), per_batch=1)
    assert (tmp_path / "s.arrow").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["s.arrow"]


def test_an_unknown_image_and_a_missing_store_are_one_line(tmp_path):
    write_store(tmp_path / "s.arrow", stored(1))
    with pytest.raises(TableError) as error:
        PixelStore.open(tmp_path / "s.arrow")["nobody"]
    assert str(error.value) == "no pixels for the image nobody. Run dvc repro."
    with pytest.raises(TableError) as error:
        PixelStore.open(tmp_path / "none.arrow")
    assert str(error.value) == f"{tmp_path}/none.arrow does not exist. Run the stage that writes it: dvc repro."
