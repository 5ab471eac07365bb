"""Population statistics for batch normalisation, measured instead of trailed by a moving average."""

from collections.abc import Iterable, Iterator

import keras
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def calibrate(model: keras.Model, batches: Iterable[npt.NDArray]) -> None:
    """Set the statistics of every trainable BatchNormalization of `model` to those of `batches`.

    Each batch (n, ...) goes through once in training mode; means and second moments are averaged over the batches,
    weighted by n. Random networks have meaningless statistics, and after a short training the moving average lags
    behind the weights. A model without such layers, or no batches, changes nothing.

    Source: Wu and Johnson, Rethinking "Batch" in BatchNorm, arXiv 2105.07576, section 3 (precise BN).
    """
    layers = list(_norms(model))
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    means: list[Floats] = [np.zeros(()) for _ in layers]
    squares: list[Floats] = [np.zeros(()) for _ in layers]
    total = 0
    try:
        for layer in layers:
            layer.momentum = 0.0  # The moving average becomes the batch's own statistics.
        for batch in batches:
            model(batch, training=True)
            for place, layer in enumerate(layers):
                mean, variance = _float64(layer.moving_mean), _float64(layer.moving_variance)
                means[place] = means[place] + len(batch) * mean
                squares[place] = squares[place] + len(batch) * (variance + mean**2)
            total += len(batch)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
    if total:
        for layer, summed, squared in zip(layers, means, squares, strict=True):
            mean = summed / total
            layer.moving_mean.assign(mean.astype(np.float32))
            layer.moving_variance.assign(np.maximum(squared / total - mean**2, 0).astype(np.float32))


def _norms(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _norms(layer)
        elif isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            yield layer  # A frozen one runs in inference mode even while training.


def _float64(variable: keras.Variable) -> Floats:
    return np.asarray(keras.ops.convert_to_numpy(variable), np.float64)
