"""The photos of a catalog as a classifier sees them, and what the feature cache knows them by."""

import hashlib
import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

from core import foreground, images, views
from core.images import Pixels, PixelStore, squared
from core.predict import StoredPhotos
from core.views import seen
from features.cache import photo_key


@dataclass(frozen=True)
class CatalogPhotos(StoredPhotos):
    """The photos of a pixel store under `image_id` (n,), in that order, seen through `view`: `whole` or `garment`."""

    store: PixelStore
    view: str

    def load(self, rows: npt.NDArray, size: int) -> Pixels:
        shown = [seen(self.store[image_id], self.view) for image_id in self.image_id[rows]]
        return np.stack([squared(pixels, size) for pixels in shown])

    def keys(self) -> Sequence[bytes | None]:
        """What the feature cache knows each photo by."""
        return [photo_key(self.store.encoded(image_id)) for image_id in self.image_id]


@cache
def fingerprint(view: str) -> str:
    """What decides what a network is shown of one stored photo: the view, its code and the library's version."""
    modules = [images, views] if view == "whole" else [images, views, foreground]
    made_by = [view, version("opencv-python-headless"), *map(inspect.getsource, modules)]
    return hashlib.sha256(json.dumps(made_by).encode()).hexdigest()
