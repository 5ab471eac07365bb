"""Photos through a network in a worker: it says its threads before it loads Keras, and loads a network once.

A network's values depend neither on the photos beside a photo, nor on how many there are, nor on the number of threads.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.engines import Engine
from core.images import PixelStore
from core.similarity import Floats
from core.tables import Column
from features.kept import kept

_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC")  # TensorFlow's, and JAX's


def threads(engine: Engine) -> int | None:
    """Of a worker's network: one on Spark, their share of the cores in processes; None for all, in this one."""
    if engine.name == "spark":
        return 1
    if engine.name == "local" or engine.workers == 1:
        return None
    return max(1, (os.cpu_count() or 1) // engine.workers)


def of_photos(
    models: tuple[Path, ...], view: str, batch: int, cores: int | None, store: PixelStore, image_id: Column
) -> Sequence[Floats]:
    """The outputs of `networks.joint(*models)` for the photos, (n, channels) each.

    Args:
        batch: photos in the network at once.
        cores: threads of the network, None for those that it takes.
    """
    for name in _THREADS if cores else ():
        os.environ.setdefault(name, str(cores))
    from core.predict import Photos, forward
    from features import networks
    from features.catalog_photos import CatalogPhotos

    network = kept(networks.joint, *models)
    values = [np.empty((len(image_id), output.shape[-1]), np.float32) for output in network.outputs]
    photos: Photos = CatalogPhotos(store, image_id, view)
    for rows, outputs in forward(network, photos, np.arange(len(image_id)), batch=batch, label=None):
        for into, output in zip(values, outputs, strict=True):
            into[rows] = output
    return values
