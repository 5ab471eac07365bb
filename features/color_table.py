"""Compute the colour descriptor of every photo, rows in the order of the catalogs."""

import hashlib
import inspect
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from importlib.metadata import version

import numpy as np

from core import color, color_mask, foreground, images
from core.color_params import ColorParams, as_text
from core.engines import Engine
from core.images import PixelStore
from core.similarity import Floats
from core.tables import Column, Vectors
from features import on_disk
from features.cache import FeatureCache
from features.chunks import Collected, Job, complete

_CHUNK = 64  # photos per task of a worker


def histograms(photos: Collected, params: ColorParams, cache: FeatureCache, *, engine: Engine) -> Vectors:
    """The colour descriptor of each photo, (n, d); a photo that `cache` knows is not opened.

    Raises:
        TableError: some photos cannot be read; the others are in the cache.
    """
    maker = fingerprint(params), color.dimensions(params)
    complete([Job("color", [maker], partial(_of_chunk, params), _CHUNK)], photos, cache, engine=engine)
    values = on_disk.empty(len(photos.keys), maker[1], cache.folder)
    cache.fetch(maker[0], photos.keys, values)
    return Vectors(photos.image_id, values, {"descriptor": "color", "params": as_text(params)})


def fingerprint(params: ColorParams) -> str:
    """What the feature cache knows the descriptor by: its parameters, the code and the library that make it."""
    code = [inspect.getsource(module) for module in (images, foreground, color, color_mask)]
    made_by = json.dumps([asdict(params), version("opencv-python-headless"), code], sort_keys=True)
    return hashlib.sha256(made_by.encode()).hexdigest()


def _of_chunk(params: ColorParams, store: PixelStore, image_id: Column) -> Sequence[Floats]:
    return [np.stack([color.descriptor(store[image], params) for image in image_id])]
