"""Pairs of photos of two products, and the lists that come of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from core.similarity import Floats
from core.tables import DESCRIPTORS, Column
from triplets.distances import between
from triplets.groups import Rows
from triplets.products.place import Place


@dataclass(frozen=True)
class Loaded:
    """The prepared vectors of some `photos` (m,) of a place, ascending: (m, d) per descriptor."""

    photos: Rows
    prepared: dict[str, Floats]

    @classmethod
    def of(cls, place: Place, photos: Rows) -> Self:
        """Read them.

        Raises:
            TableError: a vector is not finite.
        """
        return cls(photos, place.described.take(photos).load())

    def at(self, photos: Rows) -> Rows:
        """Where the vectors of some photos stand."""
        return np.searchsorted(self.photos, photos)


@dataclass(frozen=True)
class Pairs:
    """m pairs of photos of a place: of the product that asks, `mine` (m,), and of the other, `theirs` (m,).

    `apart` has the fused distances (m,) as `distance`, and each descriptor's own, scaled.
    """

    mine: Rows
    theirs: Rows
    apart: dict[str, Floats]

    @classmethod
    def measured(cls, place: Place, loaded: Loaded, mine: Rows, theirs: Rows) -> Self:
        """Pairs with their distances, each a function of its two photos alone: differences, squared and summed."""
        low, high = np.minimum(mine, theirs), np.maximum(mine, theirs)  # many ask for one another
        _, first, again = np.unique(low * len(place) + high, return_index=True, return_inverse=True)
        apart = between(loaded.prepared, place.similarity, loaded.at(low[first]), loaded.at(high[first]))
        return cls(mine, theirs, {name: values[again] for name, values in apart.items()})

    @classmethod
    def concat(cls, some: Sequence[Self]) -> Self:
        """All pairs, one after the other."""
        apart = {name: np.concatenate([one.apart[name] for one in some]) for name in ("distance", *DESCRIPTORS)}
        return cls(np.concatenate([one.mine for one in some]), np.concatenate([one.theirs for one in some]), apart)

    @classmethod
    def none(cls) -> Self:
        """No pair at all."""
        rows, apart = np.empty(0, np.int64), np.empty(0, np.float32)
        return cls(rows, rows, dict.fromkeys(("distance", *DESCRIPTORS), apart))

    def moved(self, by: int) -> Self:
        """The same pairs, where all photos are numbered from `by` on."""
        return type(self)(self.mine + by, self.theirs + by, self.apart)

    def take(self, chosen: Column | slice) -> Self:
        """The pairs given by indices, by a boolean mask or by a slice."""
        return type(self)(
            self.mine[chosen], self.theirs[chosen], {name: some[chosen] for name, some in self.apart.items()}
        )


def listed(product: Rows, family: Rows, pairs: Pairs, kept: int) -> Pairs:
    """The `kept` nearest families of each product that asks in `pairs`, each by its nearest product and photos.

    `product` (n,) is that of each photo, `family` (P,) that of each product. Products that ask ascend, and their lists
    are by rank. Equal distances go to the smaller product, then to the earlier photo of the one that asks, then of the
    other.
    """
    distance, asking, other = pairs.apart["distance"], product[pairs.mine], product[pairs.theirs]
    both = asking * len(family) + family[other]
    order = np.lexsort((pairs.theirs, pairs.mine, other, distance, both))
    order = order[_begins(both[order])]
    order = order[np.lexsort((other[order], distance[order], asking[order]))]
    starts = np.flatnonzero(_begins(asking[order]))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    return pairs.take(order[rank < kept])


def _begins(labels: Rows) -> Rows:
    """Which of sorted labels (m,) differ from the one before."""
    return np.diff(labels, prepend=-1) != 0
