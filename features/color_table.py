"""Compute the colour descriptor of every photo, rows in the order of the catalogs."""

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from core import engine
from core.images import PixelStore
from core.similarity import Floats
from core.tables import Column, Vectors
from features.color import lab_histogram

_CHUNK = 64  # photos per task of a worker


def histograms(stores: Sequence[Path], image_id: Column, *, bins: int, workers: int) -> Vectors:
    """The LAB histograms of each image: (n, 3 * bins)."""
    chunks = [image_id[start : start + _CHUNK] for start in range(0, len(image_id), _CHUNK)]
    of_chunk = partial(_of_chunk, tuple(stores), bins)
    parts = list(engine.run(of_chunk, chunks, workers=workers, label="color", total=len(chunks)))
    values = np.concatenate(parts) if parts else np.empty((0, 3 * bins), np.float32)
    return Vectors(image_id, values, {"descriptor": "color", "bins": str(bins)})


def _of_chunk(stores: tuple[Path, ...], bins: int, image_id: Column) -> Floats:
    store = _store(tuple((path.resolve(), path.stat().st_ino, path.stat().st_mtime_ns) for path in stores))
    return np.stack([lab_histogram(store[image], bins) for image in image_id])


@lru_cache(maxsize=1)
def _store(files: tuple[tuple[Path, int, int], ...]) -> PixelStore:
    """The store that a worker keeps open; inode and time are in the key, as a file may be replaced meanwhile."""
    return PixelStore.open(*(path for path, _, _ in files))
