"""The trunks: which `keras.applications` networks can carry a classifier or a MILDNet, and their preprocessing."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np

from core.errors import ModelError
from core.models import first_line


@dataclass(frozen=True)
class Trunk:
    """A network without its classifier; `pixels` names the preprocessing that its ImageNet weights were trained with.

    `pixels`: `signed` [-1, 1]; `caffe` BGR minus the ImageNet means; `inside` 0..255, the network scales itself.
    `network` makes it; its arguments `weights`, `input_tensor` and `input_shape` are those of `keras.applications`.
    """

    name: str
    pixels: str
    smallest_side: int
    network: Callable[..., keras.Model]


TRUNKS = {
    name: Trunk(name, pixels, smallest_side, partial(getattr(keras.applications, name), include_top=False))
    for name, pixels, smallest_side in (
        ("InceptionV3", "signed", 75),
        ("MobileNet", "signed", 32),
        ("VGG16", "caffe", 32),
        ("VGG19", "caffe", 32),
        ("EfficientNetV2B0", "inside", 32),
        ("ConvNeXtTiny", "inside", 32),
    )
}


@keras.saving.register_keras_serializable("mildnet")
class Preprocess(keras.layers.Layer):
    """Turn RGB 0..255 into what a trunk was trained on. Input and output (n, height, width, 3), float32.

    Args:
        mode: `signed`, `caffe` or `inside` (see `Trunk`), or `rescale` for 1/255, as the MILDNet paper did.
    """

    def __init__(self, mode: str, **kwargs: object) -> None:
        if mode not in ("signed", "caffe", "inside", "rescale"):
            raise ValueError(f"mode must be signed, caffe, inside or rescale. Received: mode={mode}")
        super().__init__(**kwargs)
        self.mode = mode

    def call(self, pixels: keras.KerasTensor) -> keras.KerasTensor:
        pixels = keras.ops.cast(pixels, self.compute_dtype)
        match self.mode:
            case "signed":
                return pixels / 127.5 - 1.0
            case "rescale":
                return pixels / 255.0
            case "caffe":
                # The per-channel ImageNet means, B, G, R, that Keras' VGG weights were trained with.
                means = np.array([103.939, 116.779, 123.68], np.float32)
                return keras.ops.flip(pixels, axis=-1) - keras.ops.cast(means, self.compute_dtype)
            case _:
                return pixels

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "mode": self.mode}


def build(name: str, *, size: int, weights: str | None, preprocessing: str = "trunk") -> keras.Model:
    """Build the trunk of `TRUNKS` that is called `name`, as `construct` does.

    Raises:
        ModelError: an unknown trunk, or one that cannot be built.
    """
    if name not in TRUNKS:
        raise ModelError(f"unknown trunk {name}. Choose one of {', '.join(TRUNKS)}.")
    return construct(TRUNKS[name], size=size, weights=weights, preprocessing=preprocessing)


def construct(trunk: Trunk, *, size: int, weights: str | None, preprocessing: str) -> keras.Model:
    """Build `trunk` without its classifier, for RGB 0..255 of size x size, preprocessing included.

    The layers of the trunk stand in the returned model under their own names, so that taps are found
    with `get_layer`.

    Args:
        weights: `imagenet` (Keras downloads them), the path of a Keras weights file without the classifier, or
            None for random ones.
        preprocessing: `trunk` for what its ImageNet weights expect, `rescale` for 1/255.

    Raises:
        ModelError: a side that is too small, or weights that are missing or of another network.
    """
    name = trunk.name
    if size < trunk.smallest_side:
        raise ModelError(f"{name} needs photos of at least {trunk.smallest_side} pixels. Received: size {size}")
    if preprocessing == "rescale" and trunk.pixels == "inside":
        raise ModelError(f"{name} scales pixels itself, rescale would do it twice. Set preprocessing to trunk.")
    pixels = keras.Input((size, size, 3), name="pixels")
    scaled = Preprocess(trunk.pixels if preprocessing == "trunk" else preprocessing, name="preprocess")(pixels)
    try:
        model = trunk.network(weights=None, input_tensor=scaled)
        if weights is not None:
            model.set_weights(_pretrained(trunk.network, size, weights))
    except ModelError:
        raise
    except Exception as error:  # Keras raises a bare Exception where a download fails.
        raise ModelError(
            f"{name} with weights {weights} cannot be built: {first_line(error)}. Name a weights file of {name}."
        ) from error
    # Keras' own model lists its source inputs and so wants a list; ours takes one array.
    return keras.Model(pixels, model.output, name=name)


def tapped(trunk: keras.Model, taps: tuple[str, ...]) -> list[keras.KerasTensor]:
    """The outputs of the layers named `taps`, each (n, height, width, channels).

    Raises:
        ModelError: the trunk has no such layer.
    """
    # The first two are the photos and their preprocessing.
    names = [layer.name for layer in trunk.layers[2:]]
    for tap in taps:
        if tap not in names:
            raise ModelError(f"the trunk has no layer {tap}. Its last ones are {', '.join(names[-8:])}.")
    return [trunk.get_layer(tap).output for tap in taps]


def _pretrained(network: Callable[..., keras.Model], size: int, weights: str) -> list[np.ndarray]:
    if weights == "imagenet":
        return network(weights="imagenet", input_shape=(size, size, 3)).get_weights()
    if not Path(weights).is_file():
        named = weights or repr(weights)
        raise ModelError(f"the weights file {named} does not exist. Name a file, imagenet, or null for random ones.")
    # A weights file counts layers, so it is read into the network as Keras builds it, without our input layers.
    model = network(weights=None, input_shape=(size, size, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # What does not fit raises; the warnings before it say the same many times.
        model.load_weights(weights)
    return model.get_weights()
