"""Photos through a trunk: the pooled output of a layer, computed once per photo and kept in the feature cache."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import keras
import numpy as np
import numpy.typing as npt

from core import models, trunks
from core.errors import ModelError
from core.predict import Photos, forward
from core.similarity import Floats
from features import catalog_photos
from features.cache import FeatureCache, through_cache
from features.params import TrunkParams

POOLED = "pooled"
_BATCH = 64  # photos; one size, so that a network is compiled once and a photo's values are the same everywhere


class KnownPhotos(Photos, Protocol):
    """Photos that the feature cache may know."""

    @property
    def view(self) -> str:
        """`whole` or `garment`."""
        ...

    def keys(self) -> Sequence[bytes | None]:
        """What the cache knows each photo by, None where it is made anew each time."""
        ...


def build(params: TrunkParams, *further: str) -> list[keras.Model]:
    """The trunk up to its tap, and up to each of the `further` layers, as parts of one network.

    Each maps photos (n, size, size, 3) to the layer's output, averaged over its places: (n, channels).

    Raises:
        ModelError: the trunk, a layer or the weights cannot be used.
    """
    trunk = trunks.build(params.name, size=params.size, weights=params.weights, preprocessing=params.preprocessing)
    return [upto(trunk, params.tap), *(upto(trunk, tap, f"{POOLED}_{tap}") for tap in further)]


def upto(model: keras.Model, tap: str, name: str = POOLED) -> keras.Model:
    """The part of `model` up to the layer `tap`, pooled by a layer called `name`."""
    (output,) = trunks.tapped(model, (tap,))
    return keras.Model(model.input, keras.layers.GlobalAveragePooling2D(name=name)(output))


def part(classifier: keras.Model) -> keras.Model:
    """The part of a fitted classifier that `build` made, with the weights that it has now."""
    return keras.Model(classifier.input, classifier.get_layer(POOLED).output)


def together(first: keras.Model, second: keras.Model) -> list[keras.Model] | None:
    """Both pooled trunks as parts of one network, where one of them goes on from where the other ends; else None."""
    for deep, shallow in ((first, second), (second, first)):
        tap = _tap(shallow)
        within = tap != _tap(deep) and tap in [layer.name for layer in deep.layers]
        if within and deep.input_shape == shallow.input_shape:
            part = upto(deep, tap, f"{POOLED}_within")
            if models.fingerprint(part) == models.fingerprint(shallow):
                return [deep, part] if deep is first else [part, deep]
    return None


def maker(trunk: keras.Model, view: str) -> str:
    """What the feature cache knows the outputs of a pooled trunk by, for photos seen through `view`."""
    return f"{models.fingerprint(trunk)}-{catalog_photos.fingerprint(view)}"


def values(trunks_: Sequence[keras.Model], photos: KnownPhotos, *, label: str, cache: FeatureCache) -> list[Floats]:
    """The output of each of `trunks_`, parts of one network, for `photos`: (len(photos), channels) each.

    A photo goes through the network once, and not at all where the cache has every output for it.

    Raises:
        ModelError: an output is not finite.
    """
    joint = keras.Model(trunks_[0].input, [trunk.output for trunk in trunks_])
    makers = [(maker(trunk, photos.view), trunk.output_shape[-1]) for trunk in trunks_]
    keys = photos.keys()
    kept_rows = np.array([row for row, key in enumerate(keys) if key is not None], np.int64)
    made_rows = np.array([row for row, key in enumerate(keys) if key is None], np.int64)

    def compute(rows: npt.NDArray[np.int64]) -> Iterator[tuple[npt.NDArray[np.int64], tuple[Floats, ...]]]:
        yield from forward(joint, photos.take(kept_rows), rows, batch=_BATCH, label=label)

    kept = through_cache(cache, makers, [key for key in keys if key is not None], compute)
    if not len(made_rows):
        return kept
    results = [np.empty((len(keys), width), np.float32) for _, width in makers]
    for result, found in zip(results, kept, strict=True):
        result[kept_rows] = found
    for rows, outputs in forward(joint, photos, made_rows, batch=_BATCH, label=label):
        for result, output in zip(results, outputs, strict=True):
            if not np.isfinite(output).all():
                raise ModelError("the trunk gives values that are not finite. Check its weights.")
            result[rows] = output
    return results


def _tap(pooled: keras.Model) -> str:
    """The layer that a pooled trunk reads."""
    return str(pooled.get_layer(POOLED).input._keras_history.operation.name)
