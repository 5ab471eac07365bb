"""The multi-scale networks: a trunk with dense layers beside shallow branches that see the same pixels, joined."""

from functools import partial

import keras

from core.trunks import TRUNKS
from train.architectures import shallow
from train.architectures.alexnet import ALEXNET
from train.architectures.design import Design
from train.architectures.mildnet import MILDNET, dense
from train.layers import L2Normalize


def beside(
    joined: keras.KerasTensor,
    pixels: keras.KerasTensor,
    *,
    branches: shallow.Branches,
    dropouts: int,
    hidden: int,
    dropout: float,
    units: int,
) -> keras.KerasTensor:
    """Two dense layers over the pooled maps (n, channels), to unit length, joined with `branches`: (n, units).

    `dropouts` is 1 where only the first of the two dense layers is followed by one, else 2.

    Source: MILDNet, arXiv 1903.00905, section 4.1.1.
    """
    semantics = dense(joined, pixels, hidden=hidden, dropout=dropout, units=hidden)
    if dropouts == 2:
        semantics = keras.layers.Dropout(dropout, name="dropout_2")(semantics)
    parts = [branches(pixels), L2Normalize(name="semantics")(semantics)]
    return keras.layers.Dense(units, name="dense_3")(keras.layers.Concatenate(name="parts")(parts))


_VISNET = {"hidden": 4096, "dropout": 0.6, "units": 4096, "frozen": 0}
DESIGNS = {
    name: Design(trunk, partial(beside, branches=branches, dropouts=dropouts), options, shallow.SMALLEST_SIDE[branches])
    for name, trunk, branches, dropouts, options in (
        ("ranknet", TRUNKS["VGG19"], shallow.ranknet, 2, {**_VISNET, "dropout": 0.5}),
        ("visnet", TRUNKS["VGG16"], shallow.visnet, 2, _VISNET),
        ("visnet_lrn2d", TRUNKS["VGG16"], shallow.lrn2d, 2, _VISNET),
        ("multiscale_alexnet", ALEXNET, shallow.without_lrn, 2, _VISNET),
        ("mildnet_vgg16_big", TRUNKS["VGG16"], shallow.visnet, 1, {**MILDNET, "units": 4096}),
    )
}
