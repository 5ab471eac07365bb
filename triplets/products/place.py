"""The products of one partition: their photos, one product after the other, and their families."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.similarity import Similarity
from triplets.distances import Described
from triplets.groups import Rows


@dataclass(frozen=True)
class Place:
    """One partition: n photos, product after product, and P products in the order of their ids.

    `first` (P,) is the first photo of each product, `family` (P,) the first product of its family.
    """

    partition: str
    described: Described
    similarity: Similarity
    first: Rows
    family: Rows

    def __len__(self) -> int:
        return len(self.described.rows["structure"])

    @cached_property
    def product(self) -> Rows:
        """The product of each photo (n,)."""
        return np.repeat(np.arange(len(self.first)), np.diff(self.first, append=len(self)))

    def kept(self, k: int) -> int:
        """How long a list of up to `k` is: each product has as many other families."""
        return min(k, len(np.unique(self.family)) - 1)
