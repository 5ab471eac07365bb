"""What has changed in the partitions since the last run, and whose lists must be found anew."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.arrow import as_bytes, numbers, rows_in, values
from triplets.distances import Digests
from triplets.groups import Rows
from triplets.products.last import Known, Last
from triplets.products.places import Places
from triplets.products.ranking import Pairs

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Counts:
    """Products that are new, changed and removed, others that were asked anew, and the partitions touched by it."""

    new: int = 0
    changed: int = 0
    removed: int = 0
    anew: int = 0
    touched: int = 0

    def describe(self, partitions: int) -> str:
        """A line for the console."""
        return (
            f"Since the last run: {self.new:,} products are new, {self.changed:,} changed, {self.removed:,} removed;"
            f" {self.anew:,} others were asked anew. {self.touched:,} of {partitions:,} partitions were touched."
        )


@dataclass(frozen=True)
class Changes:
    """Of the S products those that are `new` or `changed`, and those to be asked `anew`, (S,) each.

    A product that is neither has the families in its list that it had, as its list tells of them, and no other family
    can have come nearer but by a new or changed product. It is asked anew where its list, or its own family, has a
    product that was removed or changed, or one whose family gained or lost a product that is not new: then a family
    that its list does not tell of may take a place.

    `torn` (S,) are those whose family has other ones of them; `removed` (N,) counts the products that a partition has
    lost, `gone` those of partitions that there are no more, (M,).
    """

    new: Mask
    changed: Mask
    anew: Mask
    torn: Mask
    removed: Rows
    gone: Rows

    @classmethod
    def since(cls, last: Last, lists: Pairs, places: Places, digests: Digests) -> Self:
        """Compare the photos, `digests` (n, w) being those of their vectors, and the families with the last run.

        `lists` are those of the last run, as pairs of today's photos.
        """
        before = Known.of(last.seen)
        now = places.find(before.partition, before.product_id)  # (O,)
        there = now >= 0
        sizes, family = np.zeros(len(places), np.int64), np.zeros(len(places), np.int64)
        sizes[now[there]], family[now[there]] = before.sizes[there], before.family[there]
        row = rows_in(before.image_id, places.image_id)
        photo = np.flatnonzero(row >= 0)
        row = row[photo]
        alike = now[before.product[row]] == places.product[photo]
        alike &= (digests[photo] == as_bytes(last.seen["digest"])[row]).all(axis=1)
        count = np.bincount(places.product[photo[alike]], minlength=len(places))
        same = (count == places.sizes) & (count == sizes)
        torn = np.zeros(len(places), np.bool_)
        torn[same] = _moved(family[same], places.family[same])
        kept = np.append(same & ~torn, False)  # at -1 for what is no more
        asking, other = places.product_of(lists.mine), places.product_of(lists.theirs)
        anew = torn.copy()
        anew[asking[kept[asking] & ~kept[other]]] = True
        removed, gone = _removed(before.partition, ~there, places)
        return cls(sizes == 0, (sizes > 0) & ~same, anew & same, torn, removed, gone)

    @property
    def fresh(self) -> Mask:
        """The products that nobody knows yet as they are."""
        return self.new | self.changed

    @property
    def asked(self) -> Mask:
        """The products whose lists are found anew."""
        return self.fresh | self.anew

    def counts(self, places: Places, failed: Rows) -> Counts:
        """How many there are, less those of the partitions that `failed`."""
        done = ~np.isin(np.arange(len(places.names)), failed)
        number = [int(np.count_nonzero(some & done[places.partition])) for some in (self.new, self.changed, self.anew)]
        touched = np.bincount(places.partition[self.asked | self.torn], minlength=len(done)) + self.removed
        return Counts(
            number[0],
            number[1],
            int(self.removed[done].sum() + self.gone.sum()),
            number[2],
            int(np.count_nonzero(touched[done]) + len(self.gone)),
        )


def _removed(partition: pa.Array, lost: Mask, places: Places) -> tuple[Rows, Rows]:
    """How many of the products (O,), of a `partition` each, are `lost`: by partition (N,), and of those gone (M,)."""
    names = partition.take(numbers(np.flatnonzero(lost)))
    number = rows_in(places.names, names)
    here = np.bincount(number[number >= 0], minlength=len(places.names))
    gone = names.take(numbers(np.flatnonzero(number < 0))).value_counts()
    return here, values(gone.field("counts"))


def _moved(before: Rows, now: Rows) -> Mask:
    """Which of some products (m,) have other ones of them in their family than before."""
    return _torn(before, now) | _torn(now, before)


def _torn(whole: Rows, parts: Rows) -> Mask:
    """Where equal labels `whole` (m,) have different `parts` (m,)."""
    _, group = np.unique(whole, return_inverse=True)
    least, most = np.full(len(whole), len(whole) and parts.max()), np.full(len(whole), -1)
    np.minimum.at(least, group, parts)
    np.maximum.at(most, group, parts)
    return (least != most)[group]
