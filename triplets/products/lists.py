"""What `triplets similar` came to, in words: the lists, the short ones and why, and the variants collapsed."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from core.codes import codes
from core.tables import Catalog, Column
from triplets.groups import Rows

_NAMED = 3  # partitions


@dataclass(frozen=True)
class Lists:
    """The m lists, one per product and partition that it stands in: names, and the number of the family (m,)."""

    partition: Column
    product_id: Column
    family: Rows

    @classmethod
    def of(cls, catalog: Catalog, family: Rows) -> Self:
        """The lists that a catalog has, `family` (n,) numbering its photos as `families` does."""
        standing = codes(catalog.partition) * len(catalog) + codes(catalog.product_id)
        first = np.unique(standing, return_index=True)[1]
        return cls(catalog.partition[first], catalog.product_id[first], family[first])

    def describe(self, asked: int) -> str:
        """Some lines for the console; `asked` is how long a list may be."""
        products = len(set(self.product_id))
        lines = [f"{products:,} products: {len(self.family):,} lists of up to {asked:,} similar products."]
        return "\n".join(lines + self._short(asked) + self._variants())

    def _short(self, asked: int) -> list[str]:
        names, partition = np.unique(self.partition, return_inverse=True)
        # A family stands in one partition.
        first = np.unique(self.family, return_index=True)[1]
        others = np.bincount(partition[first], minlength=len(names)) - 1
        count = np.bincount(partition, minlength=len(names))
        short = np.flatnonzero(others < asked)
        if len(short) == 0:
            return []
        fewest = short[np.argsort(others[short], kind="stable")][:_NAMED]
        named = ", ".join(f"{names[number]} {others[number]:,}" for number in fewest)
        more = f", and {len(short) - _NAMED:,} more" if len(short) > _NAMED else ""
        return [
            f"Shorter lists: {count[short].sum():,}, of which {count[others == 0].sum():,} empty. Their partitions hold"
            f" too few other products, variants counted once: {named}{more}."
        ]

    def _variants(self) -> list[str]:
        _, first, group, size = np.unique(self.family, return_index=True, return_inverse=True, return_counts=True)
        if not (size > 1).any():
            return []
        largest = first[np.argmax(size)]
        return [
            f"Lists of variants: {np.count_nonzero(size[group] > 1):,}, in {np.count_nonzero(size > 1):,} families; the"
            f" largest, with {self.product_id[largest]} in {self.partition[largest]}, has {size.max():,}."
        ]
