"""Pairs of photos of two products, and the lists that come of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from core.similarity import Floats
from core.tables import DESCRIPTORS, Similar
from triplets.distances import between
from triplets.groups import Rows
from triplets.products.place import Place


@dataclass(frozen=True)
class Pairs:
    """m pairs of photos of a place: of the product that asks, `mine` (m,), and of the other, `theirs` (m,).

    `apart` has the fused distances (m,) as `distance`, and each descriptor's own, scaled.
    """

    mine: Rows
    theirs: Rows
    apart: dict[str, Floats]

    @classmethod
    def measured(cls, place: Place, prepared: dict[str, Floats], mine: Rows, theirs: Rows) -> Self:
        """Pairs with their distances, each a function of its two photos alone: differences, squared and summed."""
        low, high = np.minimum(mine, theirs), np.maximum(mine, theirs)  # many ask for one another
        _, first, again = np.unique(low * len(place.image_id) + high, return_index=True, return_inverse=True)
        apart = between(prepared, place.similarity, low[first], high[first])
        return cls(mine, theirs, {name: values[again] for name, values in apart.items()})

    @classmethod
    def concat(cls, some: Sequence[Self]) -> Self:
        """All pairs, one after the other."""
        apart = {name: np.concatenate([one.apart[name] for one in some]) for name in ("distance", *DESCRIPTORS)}
        return cls(np.concatenate([one.mine for one in some]), np.concatenate([one.theirs for one in some]), apart)

    def take(self, chosen: Rows) -> Self:
        """The pairs given by indices or by a boolean mask."""
        return type(self)(
            self.mine[chosen], self.theirs[chosen], {name: some[chosen] for name, some in self.apart.items()}
        )


def listed(place: Place, pairs: Pairs, kept: int) -> Similar:
    """The `kept` nearest families of each product that asks in `pairs`, each by its nearest product and photos.

    Equal distances go to the smaller product, then to the earlier photo of the one that asks, then of the other.
    """
    distance, asking, other = pairs.apart["distance"], place.product[pairs.mine], place.product[pairs.theirs]
    family = asking * len(place.first) + place.family[other]
    order = np.lexsort((pairs.theirs, pairs.mine, other, distance, family))
    order = order[_begins(family[order])]
    order = order[np.lexsort((other[order], distance[order], asking[order]))]
    begins = _begins(asking[order])
    starts = np.flatnonzero(begins)
    rank = np.arange(1, len(order) + 1) - np.repeat(starts, np.diff(starts, append=len(order)))
    order, rank = order[rank <= kept], rank[rank <= kept]
    best = pairs.take(order)
    return Similar(
        partition=np.full(len(order), place.partition, object),
        product_id=place.product_id[asking[order]],
        rank=rank.astype(np.int32),
        similar_id=place.product_id[other[order]],
        image_id=place.image_id[best.mine],
        similar_image_id=place.image_id[best.theirs],
        **best.apart,
    )


def _begins(labels: Rows) -> Rows:
    """Which of sorted labels (m,) differ from the one before."""
    return np.diff(labels, prepend=-1) != 0
