"""Photos through networks: in order, ahead of the network, each of them once."""

import threading
from dataclasses import dataclass, field
from typing import Self

import keras
import numpy as np
import numpy.typing as npt
import pytest

from core.errors import TableError
from core.images import PixelStore, encode, write_store
from core.predict import StoredPhotos, forward, predict

SIDE = 12


def two_outputs(dtype="float32"):
    """(n, 5) and (n, 3)."""
    keras.utils.set_random_seed(2)
    pixels = keras.Input((SIDE, SIDE, 3))
    first = keras.layers.Conv2D(5, 3, activation="relu", dtype=dtype)(pixels / 255)
    second = keras.layers.Conv2D(3, 3, dtype=dtype)(first)
    return keras.Model(pixels, [keras.layers.GlobalAveragePooling2D(dtype=dtype)(part) for part in (first, second)])


@pytest.fixture
def model():
    return two_outputs()


@pytest.fixture
def single(model):
    return keras.Model(model.input, model.outputs[1])


@dataclass
class Plain:
    """Photos of one colour, which tells their row; `loaded` are the rows that were asked for."""

    count: int
    loaded: list[list[int]] = field(default_factory=list)

    def __len__(self) -> int:
        return self.count

    def take(self, rows: npt.NDArray) -> Self:
        raise NotImplementedError

    def load(self, rows: npt.NDArray, size: int) -> npt.NDArray[np.uint8]:
        self.loaded.append(rows.tolist())
        return np.broadcast_to(rows[:, None, None, None], (len(rows), size, size, 3)).astype(np.uint8)


class Counting(keras.layers.Layer):
    """Gives on what comes in; `batches` are the numbers of photos that it was compiled for."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: set[int] = set()

    def call(self, pixels: keras.KerasTensor) -> keras.KerasTensor:
        if isinstance(pixels.shape[0], int):
            self.batches.add(pixels.shape[0])
        return pixels


@pytest.fixture
def told():
    """A network that tells the row of a photo of one colour, and counts the photos of a batch."""
    pixels = keras.Input((SIDE, SIDE, 3))
    return keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(Counting()(pixels))[:, :1])


def helpers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


def stored(path, count, damaged=()):
    """Photos of many sizes, as JPEG and PNG; the JPEGs in `damaged` lack their tables."""
    rng = np.random.default_rng(5)
    photos = []
    for number in range(count):
        height, width = rng.integers(8, 30, 2)
        photo = encode(rng.integers(0, 256, (height, width, 3), np.uint8), 95 if number % 2 else None)
        photos.append((f"{number:03}", photo[:20] + bytes(300) + photo[320:] if number in damaged else photo))
    write_store(path, photos)
    return StoredPhotos(PixelStore.open(path), np.array([name for name, _ in photos], object))


def test_every_output_of_every_photo_is_that_of_a_plain_loop(tmp_path, model):
    photos = stored(tmp_path / "s.arrow", 19)
    rows = np.random.default_rng(6).permutation(np.tile(np.arange(19), 2))[:30]
    batches = list(forward(model, photos, rows, batch=4, label=""))
    np.testing.assert_array_equal(np.concatenate([done for done, _ in batches]), rows)
    for place, width in enumerate((5, 3)):
        values = np.concatenate([outputs[place] for _, outputs in batches])
        assert (values.shape, values.dtype) == ((30, width), np.float32)
        for row, value in zip(rows, values, strict=True):
            alone = model.predict_on_batch(photos.store.square([photos.image_id[row]], SIDE))[place][0]
            np.testing.assert_allclose(value, alone, atol=1e-5)


def test_the_values_do_not_depend_on_the_batch(tmp_path, single):
    photos = stored(tmp_path / "s.arrow", 11)
    expected = single.predict_on_batch(photos.load(np.arange(11), SIDE))
    assert np.ptp(expected, axis=0).min() > 0.01
    for batch in (1, 3, 11, 64):
        values = predict(single, photos, batch=batch, label="")
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, expected, atol=1e-4)


def test_nor_on_the_company_of_a_photo(tmp_path, single):
    photos = stored(tmp_path / "s.arrow", 11)
    expected = predict(single, photos, batch=4, label="")
    for row in range(11):
        ((_, (alone,)),) = forward(single, photos, np.array([row]), batch=4, label="")
        np.testing.assert_array_equal(alone[0], expected[row])


@pytest.mark.parametrize("count", [1, 4, 6, 8])
def test_a_short_batch_is_filled_up_without_loading_a_photo_twice(told, count):
    plain = Plain(count)
    batches = list(forward(told, plain, np.arange(count), batch=4, label=""))
    assert [len(rows) for rows, _ in batches] == [min(4, count - start) for start in range(0, count, 4)]
    assert np.concatenate([values for _, (values,) in batches])[:, 0].tolist() == list(range(count))
    assert told.layers[1].batches == {4}
    assert sorted(row for part in plain.loaded for row in part) == list(range(count))


def test_the_order_is_that_of_the_rows_whichever_batch_is_loaded_first(told, monkeypatch):
    second = threading.Event()

    class Crossed(Plain):
        def load(self, rows: npt.NDArray, size: int) -> npt.NDArray[np.uint8]:
            if 0 in rows:
                assert second.wait(30)
            second.set()
            return super().load(rows, size)

    monkeypatch.setattr("core.predict._THREADS", 2)
    photos = Crossed(9)
    assert predict(told, photos, batch=3, label="")[:, 0].tolist() == list(range(9))
    assert photos.loaded[0] == [3, 4, 5]


def test_the_next_photos_are_loaded_meanwhile_but_not_all(told, monkeypatch):
    third = threading.Event()

    class Heard(Plain):
        def load(self, rows: npt.NDArray, size: int) -> npt.NDArray[np.uint8]:
            if 2 in rows:
                third.set()
            return super().load(rows, size)

    monkeypatch.setattr("core.predict._THREADS", 1)
    photos = Heard(40)
    batches = forward(told, photos, np.arange(40), batch=1, label="")
    next(batches)
    assert third.wait(30)
    batches.close()
    assert photos.loaded == [[0], [1], [2]]


def test_closing_ends_the_threads(tmp_path, model):
    photos = stored(tmp_path / "s.arrow", 30)
    predict(keras.Model(model.input, model.outputs[0]), photos, batch=2, label="")  # the progress bar keeps a thread
    before = threading.active_count()
    batches = forward(model, photos, np.arange(30), batch=2, label="")
    next(batches)
    assert helpers()
    batches.close()
    assert not helpers()
    assert threading.active_count() == before


def test_a_damaged_photo_is_told_after_the_batches_before_it(tmp_path, model):
    photos = stored(tmp_path / "s.arrow", 30, damaged=(13,))
    assert photos.store.encoded("013")[:2] == b"\xff\xd8"
    batches = forward(model, photos, np.arange(30), batch=4, label="")
    assert [next(batches)[0].tolist() for _ in range(3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    with pytest.raises(TableError) as error:
        next(batches)
    assert str(error.value) == "the stored photo of 013 is damaged. Remove the store and run dvc repro."
    assert list(batches) == []
    assert not helpers()


def test_a_network_that_fails_ends_the_threads(told):
    class Large(Plain):
        def load(self, rows: npt.NDArray, size: int) -> npt.NDArray[np.uint8]:
            return super().load(rows, size + 1)

    with pytest.raises(ValueError, match="shape"):
        predict(told, Large(9), batch=2, label="")
    assert not helpers()


def test_no_photos_are_no_batches(single):
    nothing = Plain(0)
    assert list(forward(single, nothing, np.arange(0), batch=4, label="")) == []
    assert predict(single, nothing, batch=4, label="").shape == (0, 3)


def test_half_precision_comes_out_as_float32(tmp_path, model):
    photos = stored(tmp_path / "s.arrow", 5)
    half = two_outputs("mixed_float16")
    assert keras.backend.standardize_dtype(half.outputs[0].dtype) == "float16"
    for (_, outputs), (_, expected) in zip(
        forward(half, photos, np.arange(5), batch=2, label=""),
        forward(model, photos, np.arange(5), batch=2, label=""),
        strict=True,
    ):
        assert [output.dtype for output in outputs] == [np.float32] * 2
        np.testing.assert_allclose(outputs[0], expected[0], atol=0.01)
