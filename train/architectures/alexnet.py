"""The convolutions of AlexNet, as a trunk; Keras has no AlexNet, and so no weights of it."""

import keras
from keras import layers

from core.errors import ModelError
from core.trunks import Trunk
from train.layers import LocalResponseNormalization


def network(
    *,
    weights: str | None,
    input_tensor: keras.KerasTensor | None = None,
    input_shape: tuple[int, int, int] | None = None,
) -> keras.Model:
    """Photos (n, side, side, 3) to maps of 256 channels, the output of `pool5`: 6 x 6 at the paper's 227 pixels.

    The paper halves three of the convolutions over two GPUs; here each sees all channels.

    Source: Krizhevsky et al., ImageNet classification with deep convolutional neural networks, 2012.

    Raises:
        ModelError: `weights` is not None.
    """
    if weights is not None:
        raise ModelError(f"Keras has no {weights} weights of AlexNet. Name a weights file, or null for random ones.")
    photos = keras.Input(input_shape) if input_tensor is None else input_tensor
    maps = layers.Conv2D(96, 11, strides=4, activation="relu", name="conv1")(photos)  # 227 pixels: (n, 55, 55, 96)
    maps = LocalResponseNormalization(name="norm1")(maps)
    maps = layers.MaxPooling2D(3, strides=2, name="pool1")(maps)  # (n, 27, 27, 96)
    maps = layers.Conv2D(256, 5, padding="same", activation="relu", name="conv2")(maps)
    maps = LocalResponseNormalization(name="norm2")(maps)
    maps = layers.MaxPooling2D(3, strides=2, name="pool2")(maps)  # (n, 13, 13, 256)
    for name, channels in (("conv3", 384), ("conv4", 384), ("conv5", 256)):
        maps = layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(maps)
    maps = layers.MaxPooling2D(3, strides=2, name="pool5")(maps)  # (n, 6, 6, 256)
    return keras.Model(keras.utils.get_source_inputs(maps), maps, name="AlexNet")


ALEXNET = Trunk("AlexNet", "caffe", 67, network)
