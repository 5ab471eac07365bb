"""LiteRT files (once TensorFlow Lite): half-precision or 8-bit weights, one photo at a time, for phones."""

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.images import Pixels
from core.similarity import Floats
from train.export import selective
from train.export.runtime import Embed


def float16(model: keras.Model, photos: Pixels) -> bytes:
    """`model` with its weights in float16 and its arithmetic in float32; `photos` are not needed."""
    import tensorflow as tf

    with _converter(model) as converter:
        converter.target_spec.supported_types = [tf.float16]
        return converter.convert()


def int8(model: keras.Model, photos: Pixels) -> bytes:
    """`model` with weights and activations in int8, as far as it keeps near Keras; its last normalisation in float32.

    Args:
        photos: uint8 (n, size, size, 3) of the training split: the ranges of the activations are those on them.
    """
    with _converter(model) as converter:
        return selective.quantized(converter, model, photos, opened)


def opened(content: bytes) -> Embed:
    """The file as a function: RGB uint8 (n, size, size, 3) to float32 (n, d), photo by photo, on one thread."""
    from ai_edge_litert.interpreter import Interpreter

    network = Interpreter(model_content=content, num_threads=1)
    network.allocate_tensors()
    source, target = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]

    def run(photos: Pixels) -> Floats:
        embeddings = np.empty((len(photos), network.get_output_details()[0]["shape"][-1]), np.float32)
        for photo, place in zip(photos, embeddings, strict=True):
            network.set_tensor(source, photo[np.newaxis])
            network.invoke()
            place[:] = network.get_tensor(target)[0]
        return embeddings

    return run


@contextmanager
def _converter(model: keras.Model) -> Iterator[Any]:
    """A converter of `model` with the input uint8 (1, size, size, 3) and operations that every LiteRT has."""
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    archive.track(model)
    photo = tf.TensorSpec((1, *model.input_shape[1:]), tf.uint8, name="photo")
    archive.add_endpoint("serve", functools.partial(model.__call__, training=False), input_signature=[photo])
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(Path(folder, "saved"), verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(Path(folder, "saved")))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        yield converter
