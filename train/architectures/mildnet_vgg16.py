"""MILDNet on VGG16: the first four blocks tapped, 1472 pooled values, the first ten layers frozen."""

import keras

from core import trunks
from train.architectures.mildnet import assemble

TAPS = ("block1_pool", "block2_pool", "block3_pool", "block4_pool")
LAST_FROZEN = "block3_conv3"  # the tenth layer of Keras' VGG16, whose first is its input


def build(*, size: int, weights: str | None, preprocessing: str, units: int, dropout: float) -> keras.Model:
    """21,927,744 parameters at 2048 units. The paper: 2048 units, dropout 0.6."""
    trunk = trunks.build("VGG16", size=size, weights=weights, preprocessing=preprocessing)
    for layer in trunk.layers:
        layer.trainable = False
        if layer.name == LAST_FROZEN:
            break
    return assemble("mildnet_vgg16", trunk, TAPS, units=units, dropout=dropout)
