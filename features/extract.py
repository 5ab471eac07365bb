"""Compute the descriptors that lie inside the fitted classifiers, rows in the order of the catalogs."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import keras

from core import models
from core.classifiers import MODEL, UNIT, directionless, fingerprint, trunk
from core.errors import ModelError
from core.images import PixelStore
from core.similarity import Floats
from core.tables import Column, Vectors
from features import pooled
from features.cache import FeatureCache
from features.catalog_photos import CatalogPhotos
from features.head import after_pooling


def by_networks(
    classifiers: Mapping[str, Path], stores: Sequence[Path], image_id: Column, cache: FeatureCache
) -> dict[str, Vectors]:
    """The descriptor of each image by each of the `classifiers`, folders by name: (n, width), unit length.

    A photo goes once through what two classifiers share, an untuned trunk, and not at all where the cache has it.

    Raises:
        ModelError: a classifier is missing, or describes a photo by zeros.
    """
    loaded = {name: models.load(folder / MODEL) for name, folder in classifiers.items()}
    store = PixelStore.open(*stores)
    photos = {name: CatalogPhotos(store, image_id, trunk(folder).view) for name, folder in classifiers.items()}
    features = _pooled(loaded, photos, cache)
    return {
        name: Vectors(
            image_id,
            _checked(name, image_id, after_pooling(model, features[name], UNIT)),
            {"descriptor": name, "classifier": fingerprint(classifiers[name])},
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
            # Each finds below what this has left in the cache.
            pooled.values(shared, photos[first], label=f"{first}, {second}", cache=cache)
    return {name: pooled.values([trunk], photos[name], label=name, cache=cache)[0] for name, trunk in trunks.items()}


def _checked(name: str, image_id: Column, vectors: Floats) -> Floats:
    if (nothing := directionless(vectors)).any():
        raise ModelError(
            f"the {name} descriptor has no direction for {nothing.sum()} of {len(vectors)} photos,"
            f" {image_id[nothing][0]} the first. Raise features.{name}.head.width or its epochs, and fit again."
        )
    return vectors
