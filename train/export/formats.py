"""What a network can be exported to: the file, who writes and reads it, and how near to Keras it has to stay."""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras

from core.errors import ModelError
from core.images import Pixels
from train.export import litert, onnx
from train.export.runtime import Embed


@dataclass(frozen=True)
class Format:
    """A kind of file.

    `written` turns a network and photos to calibrate with into the file's bytes, `opened` these into the function that
    the file computes, in the file's own runtime. `least` is the cosine that each photo's embedding must have with
    Keras', `otherwise` what to do where it has not.
    """

    name: str
    file: str
    least: float
    otherwise: str
    needs: tuple[str, ...]
    written: Callable[[keras.Model, Pixels], bytes]
    opened: Callable[[bytes], Embed]


_LITERT = ("ai_edge_litert",)
_ONNX = ("tf2onnx", "onnx", "onnxruntime")
_UPDATE = "Update the libraries: pip install --upgrade 'mildnet-triplets[export]'."

FORMATS = {
    form.name: form
    for form in (
        Format(
            "litert-float16",
            "model.float16.tflite",
            0.999,
            "Take onnx, whose weights are float32.",
            _LITERT,
            litert.float16,
            litert.opened,
        ),
        Format(
            "litert-int8",
            "model.int8.tflite",
            0.98,
            "Calibrate it with more --photos, or take litert-float16.",
            _LITERT,
            litert.int8,
            litert.opened,
        ),
        Format("onnx", "model.onnx", 0.999, _UPDATE, _ONNX, onnx.float32, onnx.opened),
    )
}


def chosen(names: Sequence[str]) -> list[Format]:
    """The formats `names`, each once; all where none is named.

    Raises:
        ModelError: an unknown format, a library that it needs and is missing, or a backend other than TensorFlow.
    """
    for name in names:
        if name not in FORMATS:
            raise ModelError(f"unknown format {name}. Choose from {', '.join(FORMATS)}.")
    forms = [FORMATS[name] for name in dict.fromkeys(names)] or list(FORMATS.values())
    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            f"only TensorFlow converts networks, and Keras runs on {keras.backend.backend()}. Set"
            " KERAS_BACKEND=tensorflow for this command alone: the model file is the same on both."
        )
    for form in forms:
        for library in form.needs:
            if importlib.util.find_spec(library) is None:
                raise ModelError(
                    f"{library}, which {form.name} needs, is not installed."
                    " Install the extra: pip install 'mildnet-triplets[export]'."
                )
    return forms
