"""Compute the descriptors that lie inside the fitted classifiers, rows in the order of the catalogs."""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import keras

from core import models
from core.images import PixelStore
from core.similarity import Floats
from core.tables import Column, Vectors
from features import pooled
from features.cache import FeatureCache
from features.head import DESCRIPTOR, after_pooling
from features.stored import MODEL, view
from features.views import CatalogPhotos

_BATCH = 64


def by_networks(
    classifiers: Mapping[str, Path], stores: Sequence[Path], image_id: Column, cache: FeatureCache
) -> dict[str, Vectors]:
    """The descriptor of each image by each of the `classifiers`, folders by the descriptor's name: (n, width).

    A photo goes once through what two classifiers share, an untuned trunk, and not at all where the cache has it.
    """
    loaded = {name: models.load(folder / MODEL) for name, folder in classifiers.items()}
    photos = {name: CatalogPhotos(PixelStore.open(*stores), image_id, view(classifiers[name])) for name in loaded}
    features = _pooled(loaded, photos, cache)
    return {
        name: Vectors(
            image_id,
            after_pooling(model, features[name], DESCRIPTOR),
            {"descriptor": name, "classifier": hashlib.sha256((classifiers[name] / MODEL).read_bytes()).hexdigest()},
        )
        for name, model in loaded.items()
    }


def _pooled(
    loaded: Mapping[str, keras.Model], photos: Mapping[str, CatalogPhotos], cache: FeatureCache
) -> dict[str, Floats]:
    trunks = {name: pooled.part(model) for name, model in loaded.items()}
    for first, second in combinations(trunks, 2):
        shared = pooled.together(trunks[first], trunks[second]) if photos[first].view == photos[second].view else None
        if shared:
            trunks[first], trunks[second] = shared
            # The second finds what the first has left in the cache.
            pooled.values(shared, photos[first], batch=_BATCH, label=f"{first}, {second}", cache=cache)
    return {
        name: pooled.values([trunk], photos[name], batch=_BATCH, label=name, cache=cache)[0]
        for name, trunk in trunks.items()
    }
