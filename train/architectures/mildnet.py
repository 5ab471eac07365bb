"""What every MILDNet shares: one trunk, its taps pooled and concatenated, two dense layers, unit length."""

import keras

from core import trunks
from train.layers import L2Normalize


def assemble(name: str, trunk: keras.Model, taps: tuple[str, ...], *, units: int, dropout: float) -> keras.Model:
    """Put the head on `trunk`: the layers named `taps` and the last one, pooled over space, lead to `units` values.

    Source: MILDNet, arXiv 1903.00905, section 4.1.

    Raises:
        ModelError: the trunk has no such layer.
    """
    pooled = [
        keras.layers.GlobalAveragePooling2D(name=f"pool_{place}")(maps)  # (n, channels)
        for place, maps in enumerate([*trunks.tapped(trunk, taps), trunk.output])
    ]
    joined = keras.layers.Concatenate(name="pooled_taps")(pooled)
    hidden = keras.layers.Dense(units, activation="relu", name="dense_1")(joined)
    hidden = keras.layers.Dropout(dropout, name="dropout")(hidden)
    hidden = keras.layers.Dense(units, activation="relu", name="dense_2")(hidden)
    return keras.Model(trunk.input, L2Normalize(name="embedding")(hidden), name=name)


def headless(model: keras.Model) -> keras.Model:
    """The network before its dense layers: pooled taps to unit length. It shares the weights of `model`.

    Taken before training, this is what evaluation calls the untrained trunk.
    """
    joined = model.get_layer("pooled_taps").output
    return keras.Model(model.input, L2Normalize(name="embedding")(joined), name=f"{model.name}_headless")
