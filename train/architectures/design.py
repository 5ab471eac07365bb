"""How a network is put together: a trunk, part of it frozen, its maps pooled, a head, unit length."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from core import trunks
from core.errors import ModelError
from train.layers import L2Normalize

POOLED = "pooled_taps"


@dataclass(frozen=True)
class Design:
    """One architecture.

    `head` turns the pooled maps (n, channels) and the pixels as the trunk sees them (n, side, side, 3) into vectors.
    `options` are those of `architectures.build` that the architecture has, with its own values; all but `taps` and
    `frozen` go to `head`. `smallest_side` in pixels is that of what `head` does with the pixels. `last` names the layer
    at which the trunk ends, None for all of it. With `still`, the trunk's batch normalisation keeps the statistics of
    its pretrained weights; a random trunk has none that are worth keeping, and all of it learns.
    """

    trunk: trunks.Trunk
    head: Callable[..., keras.KerasTensor]
    options: Mapping[str, Any]
    smallest_side: int = 1
    last: str | None = None
    still: bool = False

    def build(
        self, name: str, given: Mapping[str, Any], *, size: int, weights: str | None, preprocessing: str
    ) -> keras.Model:
        """The network, with the options that are `given` instead of its own.

        Raises:
            ModelError: an option that the architecture has not, a layer that the trunk has not, a side that is too
                small, or a trunk that cannot be built.
        """
        for option, value in given.items():
            if option not in self.options:
                raise ModelError(f"{name} has no {option}. Set it to null. Received: {option} {value}")
        # Random layers that do not learn would say nothing.
        options = {**self.options, **({"frozen": 0} if self.still and weights is None else {}), **given}
        least = max(self.smallest_side, self.trunk.smallest_side)
        if size < least:
            raise ModelError(f"{name} needs photos of at least {least} pixels. Received: size {size}")
        trunk = trunks.construct(self.trunk, size=size, weights=weights, preprocessing=preprocessing)
        _freeze(trunk, options.pop("frozen"))
        if self.still and weights is not None:
            _freeze_norms(trunk)
        joined = _pooled(trunk, options.pop("taps", ()), self.last)
        vectors = self.head(joined, trunk.get_layer("preprocess").output, **options)
        return keras.Model(trunk.input, L2Normalize(name="embedding")(vectors), name=name)


def _freeze(trunk: keras.Model, count: int) -> None:
    # Keras' own network begins with its input; ours with the pixels and their preprocessing.
    layers = trunk.layers[1:]
    if not 0 <= count <= len(layers):
        raise ModelError(f"{trunk.name} has {len(layers)} layers to freeze. Received: frozen {count}")
    for layer in layers[:count]:
        layer.trainable = False


def _freeze_norms(trunk: keras.Model) -> None:
    for layer in trunk.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def _pooled(trunk: keras.Model, taps: tuple[str, ...], last: str | None) -> keras.KerasTensor:
    """The maps of the layers named `taps` and of the last one, averaged over their places: (n, channels of all)."""
    ends = [trunk.output] if last is None else trunks.tapped(trunk, (last,))
    maps = [*trunks.tapped(trunk, taps), *ends]
    if len(maps) == 1:
        return keras.layers.GlobalAveragePooling2D(name=POOLED)(maps[0])
    pooled = [keras.layers.GlobalAveragePooling2D(name=f"pool_{place}")(each) for place, each in enumerate(maps)]
    return keras.layers.Concatenate(name=POOLED)(pooled)
