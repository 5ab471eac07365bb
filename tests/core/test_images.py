"""Photos shrunk and encoded, and the pixel store."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from core.decoding import decode
from core.errors import TableError
from core.images import PixelStore, encode, shrink, squared, write_store


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


def plainly_squared(encoded, size):
    pixels = cv2.cvtColor(cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    if pixels.shape[:2] == (size, size):
        return pixels
    method = cv2.INTER_AREA if max(pixels.shape) > size else cv2.INTER_LINEAR
    return cv2.resize(pixels, (size, size), interpolation=method)


def test_squares_are_those_of_a_plain_loop_from_every_thread(tmp_path):
    rng = np.random.default_rng(7)
    shapes = [(16, 16), (12, 16), (16, 12), (8, 16), (40, 30), (33, 5), (1, 1), (15, 17)]
    photos = [
        (f"{height} x {width}, {quality}", encode(rng.integers(0, 256, (height, width, 3), np.uint8), quality))
        for height, width in shapes
        for quality in (None, 60, 95)
    ]
    write_store(tmp_path / "s.arrow", photos, per_batch=5)
    store = PixelStore.open(tmp_path / "s.arrow")
    names = [name for name, _ in photos]
    assert [store.encoded(name) for name in names] == [encoded for _, encoded in photos]
    sizes = (16, 7, 20) * 4
    with ThreadPoolExecutor(4) as pool:
        for size, squares in zip(sizes, pool.map(lambda size: store.square(names, size), sizes), strict=True):
            assert squares.dtype == np.uint8
            np.testing.assert_array_equal(squares, [plainly_squared(encoded, size) for _, encoded in photos])
            squares += 1  # the caller may write into them


def test_no_photos_are_an_empty_array():
    assert PixelStore([]).square([], 6).shape == (0, 6, 6, 3)


def test_squared_writes_into_a_place():
    pixels = np.random.default_rng(8).integers(0, 256, (9, 5, 3), np.uint8)
    places = np.zeros((3, 4, 4, 3), np.uint8)
    squared(pixels, 4, places[1])
    np.testing.assert_array_equal(places[1], squared(pixels, 4))
    assert places[1].any()
    assert not places[[0, 2]].any()


def test_jpeg_keeps_colors_and_png_keeps_every_value():
    rng = np.random.default_rng(4)
    smooth = cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (80, 60), interpolation=cv2.INTER_CUBIC)
    np.testing.assert_array_equal(decode(encode(smooth, None), max_pixels=5000).pixels, smooth)
    error = np.abs(decode(encode(smooth, 95), max_pixels=5000).pixels.astype(int) - smooth)
    assert error.mean() < 1.5
    assert len(encode(smooth, 50)) < len(encode(smooth, 95)) < len(encode(smooth, None))


@pytest.mark.parametrize("damaged", [b"garbage", b"", b"\xff\xd8\xff\xe0"])
def test_a_damaged_stored_photo_is_one_line(tmp_path, damaged):
    write_store(tmp_path / "s.arrow", [("x", damaged)])
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
