"""MILDNet on MobileNet: five depthwise layers tapped, 2016 pooled values."""

import keras

from core import trunks
from train.architectures.mildnet import assemble

TAPS = ("conv_dw_1_relu", "conv_dw_2_relu", "conv_dw_4_relu", "conv_dw_6_relu", "conv_dw_12_relu")


def build(*, size: int, weights: str | None, preprocessing: str, units: int, dropout: float) -> keras.Model:
    """6,343,872 parameters at 1024 units. The paper: 1024 units, dropout 0.5."""
    trunk = trunks.build("MobileNet", size=size, weights=weights, preprocessing=preprocessing)
    return assemble("mildnet_mobilenet", trunk, TAPS, units=units, dropout=dropout)
