"""The networks by name."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras

from core.errors import ModelError
from train.architectures import mildnet, multiscale

ARCHITECTURES = dict(sorted({**mildnet.DESIGNS, **multiscale.DESIGNS}.items()))


def build(
    name: str,
    *,
    size: int,
    weights: str | None,
    preprocessing: str,
    units: int | None = None,
    hidden: int | None = None,
    dropout: float | None = None,
    taps: tuple[str, ...] | None = None,
    frozen: int | None = None,
) -> keras.Model:
    """Build the network `name`: RGB 0..255 (n, size, size, 3) in, float32 unit vectors (n, units) out.

    For the last five arguments None means the architecture's own, which are those of the paper.

    Args:
        size: in pixels; the paper's is 224, and 227 for AlexNet.
        weights: of the trunk, as `core.trunks.construct` takes them.
        preprocessing: as `core.trunks.construct` takes it; shallow branches see the same pixels as the trunk.
        units: width of the last dense layer, which is the embedding's.
        hidden: width of the dense layers before it.
        dropout: share of the values that dropout takes.
        taps: names of the layers that are pooled beside the last one, () for none.
        frozen: layers of the trunk that are not trained, counted as Keras' own network counts them: its input is one.

    Raises:
        ModelError: an unknown name, an option that the architecture has not, or a network that cannot be built.
    """
    if name not in ARCHITECTURES:
        raise ModelError(f"unknown architecture {name}. Choose one of {', '.join(ARCHITECTURES)}.")
    options = {"units": units, "hidden": hidden, "dropout": dropout, "taps": taps, "frozen": frozen}
    given = {option: value for option, value in options.items() if value is not None}
    return ARCHITECTURES[name].build(name, given, size=size, weights=weights, preprocessing=preprocessing)


def parameters(name: str, *, size: int, **options: Any) -> int:
    """How many parameters, trained or not, the network has that `build` makes of the same arguments.

    Its weights are not made: this takes a tenth of a second and no memory to speak of.

    Raises:
        ModelError: as `build`.
    """

    def count() -> int:
        with keras.StatelessScope(initialize_variables=False):
            return int(build(name, size=size, weights=None, preprocessing="trunk", **options).count_params())

    # Keras remembers per thread which weights it has yet to make, and would make them with the next network.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(count).result()
