"""Compute the colour descriptor of every photo, rows in the order of the catalogs."""

import hashlib
import inspect
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core import color, color_mask, foreground, images
from core.color_params import ColorParams, as_text
from core.engine import run
from core.engines import Engine
from core.images import PixelStore
from core.similarity import Floats
from core.tables import Column, Vectors
from features.cache import FeatureCache, photo_key, through_cache

_CHUNK = 64  # photos per task of a worker


def histograms(
    stores: Sequence[Path], image_id: Column, params: ColorParams, cache: FeatureCache, *, engine: Engine
) -> Vectors:
    """The colour descriptor of each image, (n, d); a photo that `cache` knows is not opened."""
    store = PixelStore.open(*stores)
    keys = [photo_key(store.encoded(image)) for image in image_id]
    of_chunk = partial(_of_chunk, tuple(stores), params)

    def compute(rows: npt.NDArray[np.int64]) -> Iterator[tuple[npt.NDArray[np.int64], tuple[Floats]]]:
        chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
        parts = run(of_chunk, [image_id[chunk] for chunk in chunks], engine=engine, label="color", total=len(chunks))
        for chunk, values in zip(chunks, parts, strict=True):
            yield chunk, (values,)

    (values,) = through_cache(cache, [(fingerprint(params), color.dimensions(params))], keys, compute)
    return Vectors(image_id, values, {"descriptor": "color", "params": as_text(params)})


def fingerprint(params: ColorParams) -> str:
    """What the feature cache knows the descriptor by: its parameters, the code and the library that make it."""
    code = [inspect.getsource(module) for module in (images, foreground, color, color_mask)]
    made_by = json.dumps([asdict(params), version("opencv-python-headless"), code], sort_keys=True)
    return hashlib.sha256(made_by.encode()).hexdigest()


def _of_chunk(stores: tuple[Path, ...], params: ColorParams, image_id: Column) -> Floats:
    store = _store(tuple((path.resolve(), path.stat().st_ino, path.stat().st_mtime_ns) for path in stores))
    return np.stack([color.descriptor(store[image], params) for image in image_id])


@lru_cache(maxsize=1)
def _store(files: tuple[tuple[Path, int, int], ...]) -> PixelStore:
    """The store that a worker keeps open; inode and time are in the key, as a file may be replaced meanwhile."""
    return PixelStore.open(*(path for path, _, _ in files))
