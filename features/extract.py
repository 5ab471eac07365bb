"""Compute the descriptors that lie inside the fitted classifiers, rows in the order of the catalogs."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core import models
from core.classifiers import UNIT, directionless, fingerprint, trunk
from core.engines import Engine
from core.errors import ModelError
from core.paths import MODEL
from core.similarity import Floats
from core.tables import Vectors
from features import networks, on_disk, pooled
from features.cache import FeatureCache
from features.chunks import Collected, complete
from features.head import after_pooling
from features.kept import kept

_AT_ONCE = 1024  # rows that are in memory


def by_networks(
    classifiers: Mapping[str, Path], photos: Collected, cache: FeatureCache, *, engine: Engine, memory: float
) -> dict[str, Vectors]:
    """The descriptor of each photo by each of the `classifiers`, folders by name: (n, width), unit length.

    A photo goes once through what two classifiers share, an untuned trunk, and not at all where the cache has it.

    Args:
        memory: GiB that the photos in a network take at most in each worker.

    Raises:
        ModelError: a classifier is missing, or describes a photo by zeros.
        TableError: some photos cannot be read; what the trunks make of the others is in the cache.
    """
    complete(networks.jobs(classifiers, engine=engine, memory=memory), photos, cache, engine=engine)
    return {
        name: Vectors(
            photos.image_id,
            _described(name, folder, photos, cache),
            {"descriptor": name, "classifier": fingerprint(folder)},
        )
        for name, folder in classifiers.items()
    }


def _described(name: str, folder: Path, photos: Collected, cache: FeatureCache) -> Floats:
    """What the head in `folder` makes of what the cache has of its trunk, some rows at a time: (n, width)."""
    model = kept(models.load, folder / MODEL)
    part = pooled.part(model)
    maker = pooled.maker(part, trunk(folder).view)
    vectors = on_disk.empty(len(photos.keys), model.get_layer(UNIT).output.shape[-1], cache.folder)
    nothing = np.zeros(len(vectors), bool)
    for start in range(0, len(vectors), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        features = np.empty((len(photos.keys[some]), part.output_shape[-1]), np.float32)
        vectors[some] = after_pooling(model, cache.fetch(maker, photos.keys[some], features), UNIT)
        nothing[some] = directionless(vectors[some])
    if nothing.any():
        raise ModelError(
            f"the {name} descriptor has no direction for {nothing.sum()} of {len(vectors)} photos,"
            f" {photos.image_id[nothing][0]} the first. Raise features.{name}.head.width or its epochs, and fit again."
        )
    return vectors
