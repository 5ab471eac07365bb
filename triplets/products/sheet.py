"""The sheet of similar products: some products, each by one of its photos, and the photos that their lists name."""

from pathlib import Path

import numpy as np

from core.images import PixelStore
from core.tables import DESCRIPTORS, Catalog, Neighbors, Similar
from triplets.sheets import candidates, neighbor_sheet

_SEED = 1
_COLUMNS = 8


def write_sheet(path: Path, table: Path, catalog: Catalog, photos: PixelStore) -> None:
    """Write a PNG of some lists of the Parquet file `table`, drawn in turn from the partitions."""
    shown = set(candidates(catalog, _SEED))
    some = catalog.product_id[[image_id in shown for image_id in catalog.image_id]]
    lists = Similar.read(table, product_id=set(some), rank=range(1, _COLUMNS + 1))
    neighbor_sheet(path, as_neighbors(lists), catalog, photos, rows=6, columns=_COLUMNS, seed=_SEED)


def as_neighbors(similar: Similar) -> Neighbors:
    """The lists as those of photos, for a sheet: each product by its photo that is nearest to the first of its list."""
    # A product's photo differs from row to row; its first row has that of rank 1.
    first = np.maximum.accumulate(np.where(similar.rank == 1, np.arange(len(similar)), 0))
    same = {name: getattr(similar, name) for name in ("rank", "distance", *DESCRIPTORS)}
    return Neighbors(query_id=similar.image_id[first], neighbor_id=similar.similar_image_id, **same)
