"""Photos to vectors."""

import hashlib
from pathlib import Path

import keras

from core.errors import ModelError
from core.images import Squares
from core.models import load
from core.predict import StoredPhotos, predict
from core.tables import Column, Vectors
from train import architectures  # noqa: F401  Keras finds the layers of a model file by their registration.


def network(path: Path) -> keras.Model:
    """The embedding network in the file `path`: photos (n, side, side, 3) in, vectors (n, d) out.

    Raises:
        ModelError: the file is missing, cannot be read, or holds another network.
    """
    model = load(path)
    match model.input_shape, model.output_shape:
        case (_, int(across), int(down), 3), (_, int()) if across == down:
            return model
    shapes = f"{model.input_shape} to {model.output_shape}"
    raise ModelError(f"{path} is no network that embeds square photos. Received: {shapes}. Run dvc repro.")


def embed_file(path: Path, store: Squares, image_ids: Column, *, batch: int) -> Vectors:
    """Embed with the network in the file `path`; the vectors name the network and the digest of its file.

    Raises:
        ModelError: as `network`.
    """
    model = network(path)
    made_by = {"model": str(model.name), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    return Vectors(image_ids, predict(model, StoredPhotos(store, image_ids), batch=batch, label=path.stem), made_by)
