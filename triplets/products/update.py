"""Yesterday's lists brought up to date: new ones, and what is new among those that stay."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from core.similarity import Floats
from triplets.groups import Rows
from triplets.products.changes import Changes
from triplets.products.last import Last
from triplets.products.places import Places
from triplets.products.ranking import Pairs, listed


@dataclass(frozen=True)
class Update:
    """The `pairs` of the lists that stay, of products `asking` (m,), and `reach` (S,), how near a new one must be.

    It is -1 for products that are asked themselves: they have no list that stays.
    """

    places: Places
    pairs: Pairs
    asking: Rows
    reach: Floats

    @classmethod
    def of(cls, places: Places, changes: Changes, last: Last, pairs: Pairs, k: int) -> Self:
        """Those of the lists of the `last` run, whose pairs are of today's photos, of products that nobody asks."""
        asking = places.product_of(pairs.mine)
        stays = np.append(~changes.asked, False)[asking]
        asking, pairs, rank = asking[stays], pairs.take(stays), last.rank[stays]
        reach = np.full(len(places), np.inf, np.float32)  # a list that is shorter than it may be has room
        reach[asking[rank == k]] = pairs.apart["distance"][rank == k]
        reach[changes.asked] = -1
        return cls(places, pairs, asking, reach)

    def lists(self, found: Pairs, nearer: Pairs, k: int) -> Pairs:
        """Today's lists: those `found`, and the old ones with the `nearer` photos of new products among them."""
        product, touched = self.places.product, np.zeros(len(self.places), np.bool_)
        touched[product[nearer.mine]] = True
        old = touched[self.asking]
        merged = listed(product, self.places.family, Pairs.concat([self.pairs.take(old), nearer]), k)
        new = Pairs.concat([found, merged])
        new = new.take(np.argsort(product[new.mine], kind="stable"))
        # Both are in the order of the products, so the new rows are put in between.
        kept = np.flatnonzero(~old)
        between = np.searchsorted(self.asking[kept], product[new.mine])
        rows = np.insert(kept, between, len(old) + np.arange(len(new.mine)))
        return Pairs.concat([self.pairs, new]).take(rows)
