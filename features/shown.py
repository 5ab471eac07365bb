"""What `features show` shows of a photo: gathered from the tables, the classifiers and the pixel stores."""

import numpy as np

from core import color, color_mask, models
from core.classifiers import CLASSES, trunk
from core.color_params import ColorParams, as_text
from core.errors import InputError
from core.images import Pixels, PixelStore
from core.paths import CLASSIFIERS, FEATURES, MODEL, STORES
from core.tables import DESCRIPTORS, Catalog, Vectors
from features.cache import FeatureCache
from features.catalog_photos import CatalogPhotos
from features.classes import Classes
from features.head import probabilities
from features.nearest import nearest_by
from features.show import Shown

_TOP = 5
_NEIGHBORS = 7


def gather(image_id: str, photos: Catalog, params: ColorParams, cache: FeatureCache) -> Shown:
    """Everything about the photo `image_id` of `photos`, the catalog's and the street's.

    Raises:
        InputError: there is no such photo, or its colour was extracted with other parameters.
        TableError: a descriptor is missing.
        ModelError: a classifier is missing.
    """
    store = PixelStore.open(*STORES)
    offered = photos.take((photos.domain == "catalog") | (photos.image_id == image_id))
    near = {
        name: nearest_by(name, Vectors.read(FEATURES / f"{name}.arrow"), offered, image_id, _NEIGHBORS)
        for name in DESCRIPTORS
    }
    counted = Vectors.read(FEATURES / "color.arrow").made_by.get("params")
    if counted != as_text(params):
        raise InputError(
            f"{FEATURES / 'color.arrow'} was made with other colour parameters. Run features extract color."
        )
    pixels = store[image_id]
    row = photos.take(photos.image_id == image_id)
    return Shown(
        image_id=image_id,
        caption=f"{row.domain[0]}, {row.partition[0]}, {row.split[0]}, product {row.product_id[0]}",
        pixels=pixels,
        foreground=color_mask.garment(pixels, params.mask),
        histogram=color.descriptor(pixels, params),
        color=params,
        top={name: _top(name, store, image_id, cache) for name in CLASSIFIERS},
        neighbors={name: [_neighbor(store, photos, *found) for found in of_name] for name, of_name in near.items()},
    )


def _top(name: str, store: PixelStore, image_id: str, cache: FeatureCache) -> list[tuple[str, float]]:
    folder = CLASSIFIERS[name]
    model = models.load(folder / MODEL)
    photo = CatalogPhotos(store, np.array([image_id], object), trunk(folder).view)
    shares = probabilities(model, photo, cache=cache)[0]
    best = np.argsort(-shares, kind="stable")[:_TOP]
    return [(Classes.read(folder / CLASSES).names[place], float(shares[place])) for place in best]


def _neighbor(store: PixelStore, photos: Catalog, image_id: str, distance: float) -> tuple[Pixels, str]:
    row = photos.take(photos.image_id == image_id)
    told = [f"{distance:.2f}", row.product_id[0], *([row.pattern[0]] if row.pattern[0] else [])]
    return store[image_id], "\n".join(told)
