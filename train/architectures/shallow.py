"""The shallow branches of the multi-scale networks: one convolution each, at two scales, for how a photo looks."""

from collections.abc import Callable

import keras
from keras import layers

from train.layers import L2Normalize, LocalResponseNormalization

Branches = Callable[[keras.KerasTensor], keras.KerasTensor]


def ranknet(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Both branches of RankNet, (n, side, side, 3) to (n, 1536 + 1536) at a side of 224, of unit length together.

    Source: Sharma and Vishvakarma, Retrieving similar e-commerce images using deep learning, 2019.
    """
    flat = [
        _through(
            pixels,
            layers.MaxPooling2D(shrink, name=f"{scale}_shrink"),
            layers.ZeroPadding2D(4, name=f"{scale}_border"),
            layers.Conv2D(96, 8, strides=4, name=f"{scale}_conv"),
            layers.ZeroPadding2D(border, name=f"{scale}_pad"),
            layers.MaxPooling2D(window, strides=stride, name=f"{scale}_pool"),
            layers.Flatten(name=f"{scale}_flat"),
        )
        for scale, shrink, border, window, stride in (("fine", 4, 2, 7, 4), ("coarse", 8, 1, 3, 2))
    ]
    return L2Normalize(name="shallow")(layers.Concatenate(name="shallow_joined")(flat))


def visnet(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Both branches of VisNet, (n, side, side, 3) to (n, 1536 + 1536) at a side of 224, of unit length each.

    Source: Shankar et al., Deep learning based large scale visual recommendation and search for e-commerce,
    arXiv 1703.02344.
    """
    units = [
        _through(
            pixels,
            layers.Conv2D(96, 8, strides=stride, padding="same", name=f"{scale}_conv"),
            layers.MaxPooling2D(window, strides=step, padding="same", name=f"{scale}_pool"),
            layers.Flatten(name=f"{scale}_flat"),
            L2Normalize(name=f"{scale}_unit"),
        )
        for scale, stride, window, step in (("fine", 16, 3, 4), ("coarse", 32, 7, 2))
    ]
    return layers.Concatenate(name="shallow")(units)


def lrn2d(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """VisNet's branches with local response normalisation, (n, side, side, 3) to (n, 2400 + 1536) at 224 and 227.

    Each branch has unit length. Source: MILDNet, arXiv 1903.00905, section 5.
    """
    return _shrunk_first(pixels, normalised=True)


def without_lrn(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """The branches of `lrn2d` without their normalisation over channels."""
    return _shrunk_first(pixels, normalised=False)


def _shrunk_first(pixels: keras.KerasTensor, *, normalised: bool) -> keras.KerasTensor:
    units = [
        _through(
            pixels,
            layers.MaxPooling2D(shrink, name=f"{scale}_shrink"),
            layers.Conv2D(96, 8, strides=4, activation="relu", name=f"{scale}_conv"),
            *([LocalResponseNormalization(name=f"{scale}_lrn")] if normalised else []),
            layers.ZeroPadding2D(border, name=f"{scale}_pad"),
            layers.MaxPooling2D(window, strides=stride, padding="same", name=f"{scale}_pool"),
            layers.Flatten(name=f"{scale}_flat"),
            L2Normalize(name=f"{scale}_unit"),
        )
        for scale, shrink, border, window, stride in (("fine", 4, 3, 7, 4), ("coarse", 8, 1, 3, 2))
    ]
    return layers.Concatenate(name="shallow")(units)


def _through(maps: keras.KerasTensor, *chain: layers.Layer) -> keras.KerasTensor:
    for layer in chain:
        maps = layer(maps)
    return maps


# The least side in pixels at which every window of a branch fits.
SMALLEST_SIDE: dict[Branches, int] = {ranknet: 32, visnet: 1, lrn2d: 64, without_lrn: 64}
