"""Photos with their classes, split by split."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.tables import SPLITS, Column
from features.pooled import KnownPhotos


@dataclass(frozen=True)
class Labelled:
    """Photos with their class names (n,), and what told each (n,): `labels`, `keywords` or `rendered`."""

    photos: KnownPhotos
    labels: npt.NDArray
    source: npt.NDArray


def by_split(photos: KnownPhotos, labels: Column, split: Column) -> dict[str, Labelled]:
    """The photos of each split with `labels`, a column as long as `photos` and `split`, as the catalog tells them."""
    chosen = {name: np.flatnonzero(split == name) for name in SPLITS}
    return {
        name: Labelled(photos.take(rows), labels[rows], np.full(len(rows), "labels", object))
        for name, rows in chosen.items()
    }
