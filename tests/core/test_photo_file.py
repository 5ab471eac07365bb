import os
from dataclasses import replace

import cv2
import numpy as np
import pytest
from photo_files import encoded, gif
from PIL import Image

from core import photo_file
from core.errors import InputError
from core.images import restored
from core.photo_params import PhotoParams
from curate.photos import Cut, look

PARAMS = PhotoParams(min_side=8, max_pixels=90_000, max_bytes=400_000, min_range=8, largest_side=64, quality=90)
FORMATS = {"JPEG": {"quality": 92}, "PNG": {}, "WEBP": {}, "BMP": {}, "TIFF": {}, "GIF": {}}


def grainy(mode="RGB", size=(200, 150)):
    rng = np.random.default_rng(5)
    rough = cv2.resize(rng.integers(0, 256, (9, 12, 4), np.uint8), size, interpolation=cv2.INTER_CUBIC)
    return Image.fromarray(rough[..., :3]).convert(mode) if mode != "RGBA" else Image.fromarray(rough, "RGBA")


@pytest.mark.parametrize("quality", [90, 60, None])
@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_gives_the_pixels_that_ingest_would_store(tmp_path, kind, quality):
    data = encoded(grainy("P" if kind == "GIF" else "RGB"), kind, **FORMATS[kind])
    path = tmp_path / "photo"
    path.write_bytes(data)
    params = replace(PARAMS, quality=quality)
    ingested = look(data, Cut(None, crop=False), params)
    pixels = photo_file.read(path, params)
    assert pixels.shape == (48, 64, 3)
    np.testing.assert_array_equal(pixels, restored(ingested.encoded))


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("L", "JPEG"), ("RGBA", "PNG"), ("P", "PNG"), ("1", "TIFF")]
)
def test_every_mode_becomes_rgb(tmp_path, mode, kind):
    path = tmp_path / "photo"
    path.write_bytes(encoded(grainy(mode), kind))
    pixels = photo_file.read(path, PARAMS)
    assert pixels.shape == (48, 64, 3)
    assert pixels.dtype == np.uint8


def test_what_is_transparent_is_white(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGBA", (30, 20), (200, 0, 0, 0)).save(path)
    assert (photo_file.read(path, PARAMS) == 255).all()


def test_of_an_animation_the_first_frame_is_read(tmp_path):
    path = tmp_path / "photo.gif"
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    red, _, blue = photo_file.read(path, PARAMS).mean(axis=(0, 1))
    assert red > 250
    assert blue < 5


def test_a_photo_that_ingest_would_leave_out_for_its_looks_is_read(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", (1, 1), "gray").save(path)
    assert photo_file.read(path, PARAMS).shape == (1, 1, 3)


JPEG = encoded(grainy(), "JPEG")
FORMATS_TOLD = "Name a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no photo to use: an empty file. Copy the file again."),
        (b"<html>404</html>", f"is no photo to use: 16 bytes of no known image format. {FORMATS_TOLD}"),
        (
            encoded(Image.new("L", (301, 300)), "PNG"),
            "is no photo to use: 301 x 300 pixels, at most 90000. Save it smaller, or raise curate.photos.max_pixels.",
        ),
        (
            encoded(Image.new("F", (20, 20)), "TIFF"),
            "is no photo to use: pixels of the mode F have no one reading as RGB."
            " Save it with 8 bits per channel, as RGB or grey.",
        ),
        (gif((0, 0), (0, 0)), "is no photo to use: 0 x 0 pixels. Copy the file again."),
        (
            bytes(400_001),
            "has 400,001 bytes, at most 400,000 are read. Save it smaller, or raise curate.photos.max_bytes.",
        ),
    ],
)
def test_a_file_that_is_of_no_use_is_told_on_one_line(tmp_path, data, said):
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        photo_file.read(path, PARAMS)
    assert str(error.value) == f"{path} {said}"


@pytest.mark.parametrize("kept", [3, 100, 700, len(JPEG) - 400])
def test_a_truncated_file_is_told_on_one_line(tmp_path, kept):
    path = tmp_path / "photo.jpg"
    path.write_bytes(JPEG[:kept])
    with pytest.raises(InputError) as error:
        photo_file.read(path, PARAMS)
    message = str(error.value)
    assert message.startswith(f"{path} is no photo to use: ")
    assert message.endswith((". Copy or save it again.", FORMATS_TOLD))
    assert "\n" not in message


def test_what_is_no_file_is_told_on_one_line(tmp_path):
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    said = {
        tmp_path / "none.jpg": "does not exist. Name a photo file.",
        tmp_path: "is a folder. Name a photo file in it.",
        pipe: "is no regular file. Name a photo file.",
        loop: "cannot be read: Too many levels of symbolic links. Name a photo file that can.",
        tmp_path / ("long" * 100): "cannot be read: File name too long. Name a photo file that can.",
        tmp_path / "null\0": "cannot be read: embedded null byte. Name a photo file that can.",
    }
    for path, rest in said.items():
        with pytest.raises(InputError) as error:
            photo_file.read(path, PARAMS)
        assert str(error.value) == f"{path} {rest}"
