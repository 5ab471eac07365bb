"""How much a worker takes at once, and how many threads its network has."""

import os

import keras
import pytest

from core.engines import LOCAL, Engine
from features.forwarding import threads
from features.networks import batch


@pytest.mark.parametrize(("mebibytes", "photos"), [(1024, 64), (48, 64), (47.9, 32), (12, 16), (0.1, 4)])
def test_photos_go_into_a_network_as_memory_allows(mebibytes, photos):
    inputs = keras.Input((64, 64, 3))
    # The largest output has 64 * 64 * 16 numbers, 256 KiB, and three of its size are held at a time.
    output = keras.layers.Conv2D(8, 3, strides=2)(keras.layers.Conv2D(16, 3, padding="same")(inputs))
    assert batch(keras.Model(inputs, output), mebibytes / 1024) == photos


@pytest.mark.parametrize(
    ("engine", "count"),
    [
        (LOCAL, None),
        (Engine("processes", 1), None),
        (Engine("processes", 2), max(1, (os.cpu_count() or 1) // 2)),
        (Engine("processes", 4096), 1),
        (Engine("spark", 1), 1),
    ],
)
def test_workers_share_the_cores(engine, count):
    assert threads(engine) == count
