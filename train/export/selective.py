"""8-bit quantisation that leaves in float the few layers that do not bear it.

A layer whose weights differ much in size, such as a depthwise convolution behind a batch normalisation that scaled
some channels up, loses more by rounding than all others together. TensorFlow's quantisation debugger compares each
layer with itself in float, on the same inputs; the worst ones by this measure are left as they were.

Source: "Selective Quantization", https://www.tensorflow.org/lite/performance/quantization_debugger.
"""

import csv
import io
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from core.images import Pixels
from train.export.nearness import cosines
from train.export.runtime import Embed, keras_runtime

# On the photos that it is calibrated with, a network has to be nearer than on new ones.
ENOUGH = 0.99
_COUNTS = (1, 2, 4, 8, 16)  # layers left in float, tried in this order
_DEBUGGED = 20  # photos by which layers are put in order
_IN_FLOAT = ["L2_NORMALIZATION"]  # int8 would give every value in steps of 1/128


def quantized(converter: Any, model: keras.Model, photos: Pixels, opened: Callable[[bytes], Embed]) -> bytes:
    """The int8 file with the fewest layers in float whose embeddings of `photos` all have a cosine of `ENOUGH`.

    Where no count of them suffices, the last one's file: the caller compares it with Keras anyway.

    Args:
        converter: a `tf.lite.TFLiteConverter` of `model`.
        photos: uint8 (n, size, size, 3); the ranges of the activations are those on them.
        opened: gives the function that a file computes.
    """
    from tensorflow import lite

    wanted = keras_runtime(model)(photos)
    converter.representative_dataset = lambda: _singly(photos)
    with warnings.catch_warnings():
        # TensorFlow's debugger runs by the interpreter that TensorFlow deprecates.
        warnings.filterwarnings("ignore", "\\s*Warning: tf.lite.Interpreter is deprecated", UserWarning)
        debugger = lite.experimental.QuantizationDebugger(
            converter=converter,
            debug_dataset=lambda: _singly(photos[:_DEBUGGED]),
            debug_options=lite.experimental.QuantizationDebugOptions(denylisted_ops=_IN_FLOAT),
        )
        content = debugger.get_nondebug_quantized_model()
        worst: list[str] = []
        for count in _COUNTS:
            if cosines(wanted, opened(content)(photos)).min() >= ENOUGH:
                break
            worst = worst or _worst_first(debugger)
            debugger.options = lite.experimental.QuantizationDebugOptions(
                denylisted_ops=_IN_FLOAT, denylisted_nodes=worst[:count]
            )
            content = debugger.get_nondebug_quantized_model()
    return content


def _singly(photos: Pixels) -> Iterator[list[Pixels]]:
    for photo in photos:
        yield [photo[np.newaxis]]  # (1, size, size, 3)


def _worst_first(debugger: Any) -> list[str]:
    """The layers' outputs by the error that rounding makes in them, in steps of their own int8 numbers."""
    debugger.run()
    table = io.StringIO()
    debugger.layer_statistics_dump(table)
    table.seek(0)
    errors = {
        row["tensor_name"]: math.sqrt(float(row["mean_squared_error"])) / float(row["scale"])
        for row in csv.DictReader(table)
    }
    return sorted(errors, key=lambda name: (-errors[name], name))
