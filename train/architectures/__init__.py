"""The networks by name; one file describes each."""

from collections.abc import Callable
from typing import Any

import keras

from core.errors import ModelError
from train.architectures import mildnet_mobilenet, mildnet_vgg16

ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {
    "mildnet_mobilenet": mildnet_mobilenet.build,
    "mildnet_vgg16": mildnet_vgg16.build,
}


def build(name: str, **options: Any) -> keras.Model:
    """Build the network `name`: RGB 0..255 (n, size, size, 3) in, unit vectors (n, units) out.

    Args:
        options: `size` in pixels, `weights` and `preprocessing` as `core.trunks.build` takes them, `units` of both
            dense layers, `dropout` between them.

    Raises:
        ModelError: an unknown name, or a trunk that cannot be built.
    """
    if name not in ARCHITECTURES:
        raise ModelError(f"unknown architecture {name}. Choose one of {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name](**options)
