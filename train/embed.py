"""Photos to vectors."""

import hashlib
from pathlib import Path

from core.images import Squares
from core.models import load
from core.predict import StoredPhotos, predict
from core.tables import Column, Vectors
from train import architectures  # noqa: F401  Keras finds the layers of a model file by their registration.


def embed_file(path: Path, store: Squares, image_ids: Column, *, batch: int) -> Vectors:
    """Embed with the network in the file `path`; the vectors name the network and the digest of its file.

    Raises:
        ModelError: the file is missing or cannot be read.
    """
    model = load(path)
    made_by = {"model": str(model.name), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    return Vectors(image_ids, predict(model, StoredPhotos(store, image_ids), batch=batch, label=path.stem), made_by)
