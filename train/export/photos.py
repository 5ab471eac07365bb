"""The photos that an export is calibrated with, and those that it is compared on."""

from collections.abc import Sequence

import numpy as np

from core.errors import InputError
from core.images import Pixels, PixelStore
from core.tables import Catalog

CALIBRATION = ("train",)
COMPARISON = ("val", "test")
_SEED = 1


def drawn(collections: Sequence[Catalog], store: PixelStore, splits: Sequence[str], count: int, size: int) -> Pixels:
    """At most `count` photos of `splits`, drawn from both collections: RGB uint8 (n, size, size, 3).

    Raises:
        InputError: there is none.
    """
    ids = np.concatenate([each.image_id[np.isin(each.split, splits)] for each in collections])
    if not len(ids):
        raise InputError(f"no photo is of the split {' or '.join(splits)}. Add photos and run dvc repro.")
    return store.square(np.random.default_rng(_SEED).permutation(ids)[:count], size)
