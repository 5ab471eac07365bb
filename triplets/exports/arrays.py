"""Triplets as rows of an array that has a row per photo."""

from pathlib import Path

import numpy as np

from core.codes import codes
from core.tables import SPLITS, Column, Triplets
from triplets.groups import Rows


def numbered(triplets: Triplets) -> tuple[Column, Rows]:
    """The distinct photos (n,) of m triplets, sorted by id, and of each triplet the three rows (3, m) in them."""
    every = np.concatenate([triplets.query_id, triplets.positive_id, triplets.negative_id])
    _, first, code = np.unique(codes(every), return_index=True, return_inverse=True)
    distinct = every[first]
    order = np.argsort(distinct)
    row = np.empty(len(order), np.int64)
    row[order] = np.arange(len(order))
    return distinct[order], row[code].reshape(3, -1)


def write_rows(folder: Path, triplets: Triplets) -> None:
    """Write an .npz file per split: `image_id` (n,), and `anchor`, `positive`, `negative` (m,) int64, rows of it."""
    for split in SPLITS:
        image_ids, (anchor, positive, negative) = numbered(triplets.take(triplets.split == split))
        names = image_ids.astype(str)  # objects would be pickled
        np.savez(folder / f"{split}.npz", image_id=names, anchor=anchor, positive=positive, negative=negative)
