"""The one decoder on every kind of photo: its colours, where they stand, and how many frames there are."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from photo_files import chunk, encoded, gif, png, tiff
from PIL import Image

from core.decoding import decode
from core.errors import PhotoError
from core.images import shrink

RED = (200, 30, 40)


def read(data, max_pixels=10_000):
    return decode(data, max_pixels=max_pixels).pixels


def reason(data, max_pixels=10_000):
    with pytest.raises(PhotoError) as error:
        decode(data, max_pixels=max_pixels)
    return error.value.reason


def assert_near(pixels, color, tolerance=4):
    assert np.abs(pixels.astype(int) - color).max() <= tolerance


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF"])
def test_every_usual_format(kind):
    pixels, _, _, frames = decode(encoded(Image.new("RGB", (20, 12), RED), kind), max_pixels=240)
    assert pixels.shape == (12, 20, 3)
    assert pixels.dtype == np.uint8
    assert_near(pixels, RED)
    assert frames == 1


def test_channels_are_in_the_order_red_green_blue():
    assert read(encoded(Image.new("RGB", (2, 2), (255, 0, 0)), "PNG"))[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "1", "P"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_lossless_modes_give_exact_colors(mode, kind):
    values = [[0, 255], [255, 0]] if mode == "1" else [[0, 60], [120, 255]]
    gray = Image.fromarray(np.array(values, np.uint8))
    assert read(encoded(gray.convert(mode), kind)).tolist() == [[[value] * 3 for value in row] for row in values]


def test_lossless_webp_is_exact_with_and_without_alpha():
    photo = Image.new("RGB", (4, 4), RED)
    assert read(encoded(photo, "WEBP", lossless=True))[1, 1].tolist() == list(RED)
    photo.putalpha(0)
    assert read(encoded(photo, "WEBP", lossless=True, exact=True))[1, 1].tolist() == [255, 255, 255]


def test_cmyk_as_adobe_writes_it_inverted():
    for color in (RED, (255, 255, 255), (0, 0, 0), (10, 200, 90)):
        pixels = read(encoded(Image.new("RGB", (20, 12), color).convert("CMYK"), "JPEG", quality=95))
        assert_near(pixels, color, 8)
        assert read(encoded(Image.new("RGB", (2, 2), color).convert("CMYK"), "TIFF"))[0, 0].tolist() == list(color)


def test_ycck():
    inks = Image.new("RGB", (16, 16), RED).convert("CMYK").split()
    brightness_and_hue = Image.merge("RGB", inks[:3]).convert("YCbCr").split()
    stored = [Image.eval(band, lambda value: 255 - value) for band in brightness_and_hue]
    data = encoded(Image.merge("CMYK", [*stored, inks[3]]), "JPEG", quality=95)
    place = data.index(b"Adobe") + 11
    assert_near(read(data[:place] + b"\x02" + data[place + 1 :]), RED, 8)


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bits_are_scaled_not_clipped(order):
    gray = np.array([0, 0x1234, 0x8000, 0xFFFF], f"{order}u2")
    expected = [0, 0x12, 0x80, 0xFF]
    assert read(tiff(4, 1, gray.tobytes(), order=order, bits=(16,), kind=1))[0, :, 0].tolist() == expected
    colors = np.repeat(gray, 3).tobytes()
    assert read(tiff(4, 1, colors, order=order, bits=(16, 16, 16)))[0, :, 1].tolist() == expected
    packed = zlib.compress(gray.tobytes())
    assert read(tiff(4, 1, packed, order=order, bits=(16,), kind=1, compression=8))[0, :, 0].tolist() == expected


def test_sixteen_bits_of_png():
    gray = struct.pack(">x4H", 0, 0x1234, 0x8000, 0xFFFF)
    assert read(png(4, 1, gray, bits=16, color=0))[0, :, 2].tolist() == [0, 0x12, 0x80, 0xFF]
    assert read(png(1, 1, struct.pack(">x3H", 0x1234, 0x8000, 0xFFFF), bits=16))[0, 0].tolist() == [0x12, 0x80, 0xFF]
    assert read(png(1, 1, struct.pack(">x2H", 0x1234, 0xFFFF), bits=16, color=4))[0, 0].tolist() == [0x12] * 3


def test_lab():
    assert_near(read(tiff(1, 1, bytes([138, 81, 67]), kind=8)), (255, 0, 0), 12)
    assert_near(read(tiff(1, 1, bytes([255, 0, 0]), kind=8)), (255, 255, 255), 1)


def test_palette():
    assert_near(read(encoded(Image.new("RGB", (8, 8), RED).quantize(4), "PNG")), RED)


def test_alpha_stands_on_white():
    photo = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    photo.putpixel((1, 0), (255, 0, 0, 128))
    assert read(encoded(photo, "PNG"))[0].tolist() == [[255, 255, 255], [255, 127, 127]]
    gray = Image.new("LA", (2, 1), (100, 0))
    gray.putpixel((1, 0), (100, 255))
    assert read(encoded(gray, "PNG"))[0, :, 0].tolist() == [255, 100]


def test_a_palette_with_transparency_stands_on_white():
    photo = Image.new("P", (3, 1))
    photo.putdata([0, 1, 2])
    photo.putpalette([0, 0, 0, *RED, 0, 0, 0])
    one = read(encoded(photo, "PNG", transparency=0))[0]
    assert one.tolist() == [[255, 255, 255], list(RED), [0, 0, 0]]
    several = read(encoded(photo, "PNG", transparency=b"\x00\xff\x80"))[0]
    assert several.tolist() == [[255, 255, 255], list(RED), [127, 127, 127]]
    assert read(encoded(photo, "GIF", transparency=0))[0].tolist() == one.tolist()


def test_one_transparent_color():
    photo = Image.new("RGB", (2, 1), RED)
    photo.putpixel((1, 0), (1, 2, 3))
    assert read(encoded(photo, "PNG", transparency=(1, 2, 3)))[0].tolist() == [list(RED), [255, 255, 255]]
    assert read(encoded(photo.convert("L"), "PNG", transparency=2))[0, 1].tolist() == [255, 255, 255]


def test_a_palette_with_alpha_beside_it():
    colors = [0] * 256 + [0] * 256 + [0] * 256
    colors[1], colors[257], colors[513] = (value * 257 for value in RED)
    data = tiff(2, 1, bytes([1, 255, 1, 0]), bits=(8, 8), kind=3, extra={320: ("H", colors), 338: ("H", [2])}.items())
    assert read(data)[0].tolist() == [list(RED), [255, 255, 255]]


# Where the pixel of the upper left corner, of 6 x 4 (width x height), comes to stand: (row, column).
CORNERS = {1: (0, 0), 2: (0, 5), 3: (3, 5), 4: (3, 0), 5: (0, 0), 6: (0, 3), 7: (5, 3), 8: (5, 0)}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(orientation, kind):
    photo = Image.new("RGB", (48, 32))
    photo.paste("white", (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = read(encoded(photo, kind, exif=exif))
    assert pixels.shape == ((32, 48, 3) if orientation < 5 else (48, 32, 3))
    assert [tuple(place) for place in np.argwhere(pixels[4::8, 4::8, 0] > 200)] == [CORNERS[orientation]]


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert read(encoded(Image.new("RGB", (6, 4)), "PNG", exif=exif)).shape == (4, 6, 3)


@pytest.mark.parametrize("exif", [b"", b"garbage", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"])
def test_damaged_exif_turns_nothing(exif):
    assert read(png(2, 1, b"\0" + bytes([*RED, *RED]), extra=chunk(b"eXIf", exif)))[0, 1].tolist() == list(RED)


@pytest.mark.parametrize(("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("AVIF", {})])
def test_of_an_animation_the_first_frame_is_kept_and_all_are_counted(kind, options):
    frames = [Image.new("RGB", (8, 8), color) for color in (RED, (0, 0, 255), (0, 255, 0))]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    pixels, _, _, count = decode(data, max_pixels=64)
    assert_near(pixels, RED, 8)
    assert count == 3


def test_the_preview_of_a_phone_photo_and_the_pages_of_a_tiff_are_no_frames():
    for kind in ("MPO", "TIFF"):
        frames = [Image.new("RGB", (8, 8), color) for color in (RED, (0, 0, 255))]
        pixels, _, _, count = decode(encoded(frames[0], kind, save_all=True, append_images=frames[1:]), max_pixels=64)
        assert_near(pixels, RED, 8)
        assert count == 1


def test_a_damaged_later_frame_is_no_harm():
    frames = [Image.new("RGB", (8, 8), color) for color in (RED, (0, 0, 255), (0, 255, 0))]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    place = [spot for spot in range(len(data)) if data.startswith(b",\0\0\0\0", spot)][2]
    pixels, _, _, count = decode(data[: place + 5], max_pixels=64)
    assert_near(pixels, RED, 8)
    assert count == 2


def test_the_number_of_frames_is_bounded_by_the_file():
    many = struct.pack(">II", 2**31, 0)
    data = png(2, 1, b"\0" + bytes([*RED, *RED]), extra=chunk(b"acTL", many))
    assert decode(data, max_pixels=2).frames == len(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_truncated(kind):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    assert reason(data[: len(data) // 2]) == "truncated"


@pytest.mark.parametrize(
    "data",
    [
        tiff(1, 1, b"\0" * 4, bits=(32,), kind=1),
        tiff(1, 1, b"\0" * 4, bits=(32,), kind=1, extra={339: ("H", [3])}.items()),
        tiff(1, 1, b"\0" * 2, bits=(16,), kind=1, extra={339: ("H", [2])}.items()),
        tiff(1, 1, b"\0" * 5, bits=(8,) * 5),
        tiff(1, 1, b"\0" * 8, bits=(8,) * 8),
        tiff(1, 1, b"\0" * 2, bits=(8, 8), kind=1, extra={338: ("H", [1])}.items()),
    ],
    ids=["32-bit integers", "floats", "signed integers", "five bands", "eight bands", "premultiplied gray"],
)
def test_pixels_with_no_one_reading_as_rgb(data):
    assert reason(data) == "unsupported_mode"


def test_the_mode_is_named():
    with pytest.raises(PhotoError) as error:
        decode(tiff(1, 1, b"\0" * 4, bits=(32,), kind=1), max_pixels=9)
    assert str(error.value) == "unsupported_mode: pixels of the mode I have no one reading as RGB"
    with pytest.raises(PhotoError) as error:
        decode(tiff(1, 1, b"\0" * 5, bits=(8,) * 5), max_pixels=9)
    assert str(error.value) == "unsupported_mode: TIFF: unknown pixel mode"
    whole = encoded(Image.new("RGB", (8, 8)), "JPEG")
    place = whole.index(b"\xff\xc0") + 4
    with pytest.raises(PhotoError) as error:
        decode(whole[:place] + b"\x0c" + whole[place + 1 :], max_pixels=64)
    assert str(error.value) == "unsupported_mode: JPEG: cannot handle 12-bit layers"


def test_many_frames_are_counted_within_a_second():
    assert decode(gif((1, 1), *[(1, 1)] * 100_000), max_pixels=1).frames == 100_000


def detailed(width, height):
    """A photo of soft shapes with grain."""
    rng = np.random.default_rng(8)
    soft = cv2.resize(rng.uniform(0, 255, (9, 12, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(soft + rng.normal(0, 6, soft.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("size", "enough", "decoded"),
    [
        ((640, 480), 160, (160, 120)),
        ((640, 480), 161, (320, 240)),
        ((640, 480), 500, (640, 480)),
        ((641, 333), 80, (161, 84)),
        ((300, 900), 100, (38, 113)),
        ((90, 70), 160, (90, 70)),
    ],
)
def test_a_jpeg_is_decoded_as_large_as_needed(size, enough, decoded):
    data = encoded(Image.fromarray(detailed(*size)), "JPEG", quality=90)
    photo = decode(data, max_pixels=10**6, enough=enough)
    assert photo.pixels.shape == (decoded[1], decoded[0], 3)
    assert (photo.width, photo.height) == size


@pytest.mark.parametrize("size", [(640, 480), (500, 700)])
def test_a_smaller_decode_looks_like_the_whole_one(size):
    data = encoded(Image.fromarray(detailed(*size)), "JPEG", quality=90)
    whole, less = (shrink(decode(data, max_pixels=10**6, enough=enough).pixels, 160) for enough in (None, 160))
    assert whole.shape == less.shape
    assert np.abs(whole.astype(int) - less).mean() < 1.5


@pytest.mark.parametrize("orientation", [1, 3, 5, 6, 8])
def test_the_size_is_that_of_the_upright_photo(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(detailed(640, 320)), "JPEG", exif=exif)
    photo = decode(data, max_pixels=10**6, enough=160)
    assert (photo.width, photo.height) == ((320, 640) if orientation >= 5 else (640, 320))
    assert photo.pixels.shape == ((160, 80, 3) if orientation >= 5 else (80, 160, 3))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP"])
def test_other_kinds_are_decoded_whole(kind):
    data = encoded(Image.fromarray(detailed(64, 48)), kind)
    assert decode(data, max_pixels=10**6, enough=16).pixels.shape == (48, 64, 3)


def test_a_truncated_jpeg_is_found_at_any_scale():
    data = encoded(Image.fromarray(detailed(640, 480)), "JPEG")
    with pytest.raises(PhotoError) as error:
        decode(data[: len(data) // 2], max_pixels=10**6, enough=80)
    assert error.value.reason == "truncated"
