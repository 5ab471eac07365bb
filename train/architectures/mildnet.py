"""The MILDNets: a trunk's taps pooled and joined, then dense layers; and the pooled trunk alone."""

import keras

from core.trunks import TRUNKS
from train.architectures.design import POOLED, Design
from train.layers import L2Normalize

VGG_TAPS = ("block1_pool", "block2_pool", "block3_pool", "block4_pool")
_MOBILENET_TAPS = ("conv_dw_1_relu", "conv_dw_2_relu", "conv_dw_4_relu", "conv_dw_6_relu", "conv_dw_12_relu")


def dense(
    joined: keras.KerasTensor, pixels: keras.KerasTensor, *, hidden: int, dropout: float, units: int
) -> keras.KerasTensor:
    """The pooled maps (n, channels) through two dense layers: (n, units). This head does not look at the pixels.

    Source: MILDNet, arXiv 1903.00905, section 4.1.2.
    """
    vectors = keras.layers.Dense(hidden, activation="relu", name="dense_1")(joined)
    vectors = keras.layers.Dropout(dropout, name="dropout")(vectors)
    return keras.layers.Dense(units, activation="relu", name="dense_2")(vectors)


def linear(joined: keras.KerasTensor, pixels: keras.KerasTensor, *, units: int) -> keras.KerasTensor:
    """The pooled maps (n, channels), each channel standardised, through one linear layer: (n, units).

    The taps have very different ranges, and the widest would decide alone. Random and linear, the layer keeps most of
    what distances between the taps say, so that training starts from them (Johnson and Lindenstrauss, 1984).
    """
    standard = keras.layers.BatchNormalization(center=False, scale=False, name="standardize")(joined)
    spread = keras.initializers.VarianceScaling(1.0, "fan_in", "untruncated_normal")
    return keras.layers.Dense(units, use_bias=False, kernel_initializer=spread, name="dense")(standard)


def headless(model: keras.Model) -> keras.Model:
    """The network before its dense layers: the pooled maps of its trunk to unit length, with the weights of `model`.

    Taken before training, this is what evaluation calls the untrained trunk. Shallow branches are left out.
    """
    joined = model.get_layer(POOLED).output
    return keras.Model(model.input, L2Normalize(name="embedding")(joined), name=f"{model.name}_headless")


def _none(joined: keras.KerasTensor, pixels: keras.KerasTensor) -> keras.KerasTensor:
    return joined


# The network of the paper; each of the others says what is different.
MILDNET = {"taps": VGG_TAPS, "hidden": 2048, "dropout": 0.6, "units": 2048, "frozen": 10}
_MOBILENET = {"taps": _MOBILENET_TAPS, "hidden": 1024, "dropout": 0.5, "units": 1024, "frozen": 0}
DESIGNS = {
    "vanila_vgg16": Design(TRUNKS["VGG16"], _none, {"frozen": 0}),
    **{
        name: Design(TRUNKS[trunk], dense, {**MILDNET, **different})
        for name, trunk, different in (
            ("mildnet_vgg16", "VGG16", {}),
            ("mildnet_vgg16_skip_1", "VGG16", {"taps": VGG_TAPS[1:]}),
            ("mildnet_vgg16_skip_2", "VGG16", {"taps": VGG_TAPS[2:]}),
            ("mildnet_vgg16_skip_3", "VGG16", {"taps": VGG_TAPS[3:]}),
            ("mildnet_vgg16_skip_4", "VGG16", {"taps": ()}),
            ("mildnet_vgg16_all_trainable", "VGG16", {"frozen": 0}),
            ("mildnet_vgg19", "VGG19", {}),
            ("mildnet_1024_512", "VGG16", {"hidden": 1024, "units": 512}),
            ("mildnet_512_512", "VGG16", {"hidden": 512, "units": 512}),
            ("mildnet_512_no_dropout", "VGG16", {"hidden": 512, "dropout": 0.0, "units": 512}),
            ("mildnet_without_skip", "VGG16", {"taps": (), "hidden": 1024, "units": 1024, "frozen": 0}),
            ("mildnet_without_skip_big", "VGG16", {"taps": (), "frozen": 0}),
            ("mildnet_mobilenet", "MobileNet", _MOBILENET),
        )
    },
    "mildnet_v2": Design(
        TRUNKS["MobileNet"],
        linear,
        {"taps": _MOBILENET_TAPS, "units": 512, "frozen": 49},  # up to conv_dw_8
        last="conv_pw_12_relu",
        still=True,
    ),
}
