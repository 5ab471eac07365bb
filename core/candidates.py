"""How many photos a query can find: counted from labels, never by looking at every pair."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.codes import codes
from core.tables import Catalog

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Labels:
    """What bars one of n photos from being found by another: its product and its duplicate group, (n,) codes each."""

    product: Codes
    group: Codes

    @classmethod
    def of(cls, photos: Catalog) -> Self:
        """Those of `photos`."""
        return cls(codes(photos.product_id), codes(photos.duplicate_group))

    def others(self, *labels: Codes) -> Codes:
        """How many photos of another product and group have the same `labels`, which are (n,) each: (n,)."""
        barred = together(self.product, *labels) + together(self.group, *labels)
        return together(*labels) - barred + together(self.product, self.group, *labels)

    def barred(self, queries: Codes, rows: Codes) -> npt.NDArray[np.bool_]:
        """Which of the photos `rows` (b,) each of the photos `queries` (q,) must not find: (q, b)."""
        same = self.product[queries][:, None] == self.product[rows]
        return same | (self.group[queries][:, None] == self.group[rows])

    def siblings(self) -> Codes:
        """How many photos of the same product are of another group: (n,)."""
        return together(self.product) - together(self.product, self.group)


def together(*labels: Codes) -> Codes:
    """How many of n photos have the same `labels` as each of them, itself included: (n,)."""
    joint = np.zeros_like(labels[0])
    for label in labels:
        _, joint = np.unique(joint * (label.max(initial=0) + 2) + label + 1, return_inverse=True)
    return np.bincount(joint)[joint] if len(joint) else joint
