"""What the last `triplets similar` knew: its lists, and the photos, families and vectors that they were made from."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa

from core.arrow import numbers, values
from core.coded import rows_of
from core.codes import codes
from core.tables import DESCRIPTORS
from triplets.groups import Rows
from triplets.products.places import Places
from triplets.products.ranking import Pairs


@dataclass(frozen=True)
class Last:
    """The rows of `Seen`, and of the lists, those of `Similar`, the columns `COLUMNS`."""

    COLUMNS: ClassVar = ("rank", "image_id", "similar_image_id", "distance", *DESCRIPTORS)

    seen: pa.Table
    lists: pa.Table

    def pairs(self, places: Places) -> Pairs:
        """The lists as pairs of today's photos, -1 where a photo is no more, in the order of the rows."""
        mine, theirs = (rows_of(self.lists[name], places.image_id) for name in ("image_id", "similar_image_id"))
        return Pairs(mine, theirs, {name: values(self.lists[name]) for name in ("distance", *DESCRIPTORS)})

    @property
    def rank(self) -> Rows:
        """The rank of each row (m,)."""
        return values(self.lists["rank"])


@dataclass(frozen=True)
class Known:
    """The O products that the last run saw, in their order, and its photos (n,).

    `partition`, `product_id`, `family`, equal within one, and `sizes`, the number of photos, are (O,); `product` (n,)
    is that of each photo.
    """

    partition: pa.Array
    product_id: pa.Array
    family: Rows
    sizes: Rows
    image_id: pa.Array
    product: Rows

    @classmethod
    def of(cls, seen: pa.Table) -> Self:
        """Those of the rows of `Seen`, which stand product after product."""
        names = seen["partition"].cast(pa.string()).combine_chunks()
        product_id, image_id, family = (seen[name].combine_chunks() for name in ("product_id", "image_id", "family"))
        partition = codes(names) * len(seen)
        begins = np.diff(partition + codes(product_id), prepend=-1) != 0
        first = np.flatnonzero(begins)
        return cls(
            names.take(numbers(first)),
            product_id.take(numbers(first)),
            (partition + codes(family))[first],
            np.diff(first, append=len(seen)),
            image_id,
            np.cumsum(begins) - 1,
        )
