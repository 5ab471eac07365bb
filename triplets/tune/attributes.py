"""Agreement with attributes: the share of a query's neighbours that carry its value, and of all other photos."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.codes import MISSING, codes
from core.tables import Catalog
from triplets.groups import Rows

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Labels:
    """What keeps one of n photos from being found by another, as codes (n,): its `product` and its `copies`."""

    product: Rows
    copies: Rows

    @classmethod
    def of(cls, catalog: Catalog) -> Self:
        """Those of the catalog's photos."""
        return cls(codes(catalog.product_id), codes(catalog.duplicate_group))

    def barred(self, query: Rows, rows: Rows) -> npt.NDArray[np.bool_]:
        """Which of the photos `rows` (n,) each `query` (q,) must not find: (q, n). It is one of them itself."""
        same = self.product[query][:, None] == self.product[rows]
        return same | (self.copies[query][:, None] == self.copies[rows])


def attributes(catalog: Catalog) -> dict[str, Rows]:
    """The values of each attribute as codes (n,), `MISSING` for none; `pattern` is one where any photo has it."""
    names = sorted({name for pairs in catalog.attributes for name in pairs})
    found = {name: codes(np.array([pairs.get(name) for pairs in catalog.attributes], object)) for name in names}
    pattern = codes(catalog.pattern)
    if "pattern" not in found and (pattern != MISSING).any():
        found["pattern"] = pattern
    return found


def shared(code: Rows, query: Rows, found: Rows) -> Doubles:
    """The share of each query's neighbours that carry its value, (q,).

    A neighbour without a value is not counted; where the query has none, or no neighbour has, the share is NaN.

    Args:
        code: values (n,) of an attribute.
        query: rows (q,).
        found: rows (q, k) of their neighbours, -1 for none.
    """
    value = code[query]
    of_found = np.where(found >= 0, code[found], MISSING)
    known = (of_found != MISSING) & (value != MISSING)[:, None]
    return _share(known & (of_found == value[:, None]), known)


def by_chance(code: Rows, query: Rows, place: Rows, labels: Labels) -> Doubles:
    """The share of all photos of a `place` (n,) that each query (q,) might find, likewise."""
    shares = np.empty(len(query))
    for number, row in enumerate(query):
        known = (code[place] != MISSING) & ~labels.barred(query[number : number + 1], place)[0]
        known &= code[row] != MISSING
        shares[number] = _share(known & (code[place] == code[row]), known)
    return shares


def _share(same: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]) -> Doubles:
    counted = known.sum(axis=-1)
    return np.where(counted > 0, same.sum(axis=-1) / np.maximum(counted, 1), np.nan)
