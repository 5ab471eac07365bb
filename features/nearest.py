"""The nearest photos of one photo by one descriptor alone."""

from difflib import get_close_matches

import numpy as np

from core.codes import codes
from core.errors import InputError
from core.paths import CATALOG, TABLE
from core.search import nearest
from core.similarity import prepare
from core.tables import Catalog, Column, Vectors

_CLOSE = 3  # ids in a message


def nearest_by(
    descriptor: str, vectors: Vectors, catalog: Catalog, image_id: str, count: int
) -> list[tuple[str, float]]:
    """The `count` nearest of `image_id` in its partition of `catalog`, ids and distances, nearest first.

    The distance is the descriptor's own (see `core.similarity.prepare`), neither scaled nor weighted. Other photos of
    the product and copies of the photo are left out; fewer come where the partition holds fewer.

    Raises:
        InputError: `catalog` has no such photo.
        TableError: a photo of the partition has no vector.
    """
    places = np.flatnonzero(catalog.image_id == image_id)
    if not len(places):
        raise InputError(_unknown(image_id, catalog))
    inside = catalog.take(catalog.partition == catalog.partition[places[0]])
    prepared = prepare(descriptor, vectors.of(inside.image_id))
    asked = inside.image_id == image_id
    barred = tuple((labels[asked], labels) for labels in (codes(inside.product_id), codes(inside.duplicate_group)))
    found = nearest(prepared[asked], prepared, count, barred=barred)
    return [
        (str(inside.image_id[row]), float(distance))
        for row, distance in zip(found.rows[0], found.distances[0], strict=True)
        if row >= 0
    ]


def _unknown(image_id: str, catalog: Catalog) -> str:
    close = _close(image_id, catalog.image_id, catalog.image_id[catalog.product_id == image_id])
    names = f"like {', '.join(close)}" if close else f"an image_id of {CATALOG / TABLE}"
    return f"no photo is called {image_id} among {len(catalog):,}. Name one {names}."


def _close(wanted: str, ids: Column, of_product: Column) -> list[str]:
    """Ids that may be meant: those of the product of that name, those that hold the text, those spelt alike."""
    holding = [name for name in ids if wanted and wanted in name]
    return list(of_product[:_CLOSE]) or holding[:_CLOSE] or get_close_matches(wanted, list(ids), _CLOSE, 0.8)
