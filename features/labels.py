"""Photos with their classes, split by split."""

from dataclasses import dataclass

import numpy.typing as npt

from core.images import PixelStore
from core.predict import Photos, StoredPhotos
from core.tables import SPLITS, Catalog, Column


@dataclass(frozen=True)
class Labelled:
    """Photos with their class names (n,)."""

    photos: Photos
    labels: npt.NDArray


def by_split(catalog: Catalog, store: PixelStore, labels: Column) -> dict[str, Labelled]:
    """The photos of each split with `labels`, a column as long as the catalog."""
    chosen = {split: catalog.split == split for split in SPLITS}
    return {
        split: Labelled(StoredPhotos(store, catalog.image_id[rows]), labels[rows]) for split, rows in chosen.items()
    }
