"""Attributes of photos: their values, and the share of a query's neighbours that carry its value."""

import numpy as np
import numpy.typing as npt

from core.candidates import Codes
from core.codes import MISSING
from core.tables import Catalog


def attributes(photos: Catalog) -> dict[str, npt.NDArray]:
    """The values per attribute, None where a photo has none; `pattern` is one where any photo has it."""
    names = sorted({name for pairs in photos.attributes for name in pairs})
    values = {name: np.array([pairs.get(name) for pairs in photos.attributes], dtype=object) for name in names}
    if "pattern" not in values and any(value is not None for value in photos.pattern):
        values["pattern"] = photos.pattern
    return values


def carried(queries: Codes, neighbors: Codes) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The share of each query's neighbours that carry its value, and whether the query counts: (q,) each.

    A neighbour without a value is not counted; a query without a value, or without a neighbour that has one, is not
    either, and its share is 0.

    Args:
        queries: (q,) codes of values, `MISSING` for none.
        neighbors: (q, k) codes, `MISSING` for no value or no neighbour.
    """
    known = (neighbors != MISSING) & (queries != MISSING)[:, None]
    same = known & (neighbors == queries[:, None])
    counted = known.sum(axis=1)
    return same.sum(axis=1) / np.maximum(counted, 1), counted > 0
