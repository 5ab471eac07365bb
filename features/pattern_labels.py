"""What the pattern classifier learns from: the catalog's labels or, where it has none, rendered swatches."""

import numpy as np

from core.images import PixelStore
from core.swatches import PATTERNS
from core.tables import SPLITS, Catalog
from features.labels import Labelled, by_split
from features.params import RenderedParams
from features.rendered import RenderedPhotos

# Of the rendered swatches; they are independent draws, so their shares matter to no other table.
_SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}


def by_pattern(catalog: Catalog, store: PixelStore, rendered: RenderedParams) -> tuple[str, dict[str, Labelled]]:
    """The source, `labels` or `rendered`, and the photos of each split with their patterns.

    Labels serve where the training split has two or more different ones; photos without one are left out.
    """
    known = catalog.take(np.array([pattern is not None for pattern in catalog.pattern], bool))
    if len(set(known.pattern[known.split == "train"])) >= 2:
        return "labels", by_split(known, store, known.pattern)
    total = rendered.per_pattern * len(PATTERNS)
    ends = np.round(np.cumsum([_SHARES[split] for split in SPLITS]) * total).astype(int)
    parts = np.split(np.arange(total), ends[:-1])
    drawn = {split: RenderedPhotos(rows, rendered.seed) for split, rows in zip(SPLITS, parts, strict=True)}
    return "rendered", {split: Labelled(photos, photos.labels()) for split, photos in drawn.items()}
