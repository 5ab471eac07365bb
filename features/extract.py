"""Compute a descriptor that lies inside a fitted classifier, rows in the order of the catalogs."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from core import models
from core.images import PixelStore
from core.predict import StoredPhotos, predict
from core.tables import Column, Vectors
from features.classifier import descriptor

_BATCH = 64


def by_network(name: str, classifier: Path, stores: Sequence[Path], image_id: Column) -> Vectors:
    """The descriptor inside the classifier file `classifier` for each image: (n, width)."""
    model = descriptor(models.load(classifier))
    values = predict(model, StoredPhotos(PixelStore.open(*stores), image_id), batch=_BATCH, label=name)
    fingerprint = hashlib.sha256(classifier.read_bytes()).hexdigest()
    return Vectors(image_id, values, {"descriptor": name, "classifier": fingerprint})
