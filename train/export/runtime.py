"""What runs a network here: a function from photos to embeddings, and Keras as one."""

import os
from collections.abc import Callable
from contextlib import suppress

import keras
import numpy as np

from core.images import Pixels
from core.similarity import Floats

Embed = Callable[[Pixels], Floats]  # RGB uint8 (n, size, size, 3) to float32 (n, d)

_BATCH = 32


def keras_runtime(model: keras.Model) -> Embed:
    """`model` as such a function, at most 32 photos at a time."""

    def run(photos: Pixels) -> Floats:
        parts = [photos[start : start + _BATCH] for start in range(0, len(photos), _BATCH)]
        return np.concatenate([model.predict_on_batch(part) for part in parts])

    return run


def in_float32(model: keras.Model) -> keras.Model:
    """`model` with every layer computing in float32, which it may not have been trained in; converters ask for it."""

    def alike(layer: keras.Layer) -> keras.Layer:
        return type(layer).from_config({**layer.get_config(), "dtype": "float32"})

    copy = keras.models.clone_model(model, clone_function=alike, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def one_thread() -> int:
    """Let TensorFlow compute on one thread, where it has not begun to compute; say on how many it does."""
    import tensorflow as tf

    with suppress(RuntimeError):  # it has begun
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1
