"""What has changed in a partition since the last run, and whose lists must be found anew."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.codes import codes
from core.tables import Column, Seen, Similar
from triplets.groups import Rows
from triplets.products.place import Place, rows_in

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Before:
    """What the last run saw in a partition, and the lists that it found."""

    seen: Seen
    lists: Similar


@dataclass(frozen=True)
class Counts:
    """Products that are new, changed and removed, others that were asked anew, and the partitions touched by it."""

    new: int = 0
    changed: int = 0
    removed: int = 0
    anew: int = 0
    touched: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.new + other.new,
            self.changed + other.changed,
            self.removed + other.removed,
            self.anew + other.anew,
            self.touched + other.touched,
        )

    def describe(self, partitions: int) -> str:
        """A line for the console."""
        return (
            f"Since the last run: {self.new:,} products are new, {self.changed:,} changed, {self.removed:,} removed;"
            f" {self.anew:,} others were asked anew. {self.touched:,} of {partitions:,} partitions were touched."
        )


@dataclass(frozen=True)
class Changes:
    """Of the P products of a partition those that are `new` or `changed`, and those to be asked `anew`, (P,) each.

    A product that is neither has the families in its list that it had, as its list tells of them, and no other family
    can have come nearer but by a new or changed product. It is asked anew where its list, or its own family, has a
    product that was removed or changed, or one whose family gained or lost a product that is not new: then a family
    that its list does not tell of may take a place.
    """

    new: Mask
    changed: Mask
    anew: Mask
    removed: int
    split: bool

    @classmethod
    def since(cls, before: Before, place: Place, fingerprint: Column) -> Self:
        """Compare a partition with the last run."""
        old = rows_in(before.seen.product_id, place.product_id)
        new = old < 0
        same = np.zeros(len(old), np.bool_)
        same[~new] = before.seen.fingerprint[old[~new]] == fingerprint[~new]
        moved = np.zeros(len(old), np.bool_)
        moved[same] = _moved(codes(before.seen.family)[old[same]], place.family[same])
        asking = rows_in(place.product_id, before.lists.product_id)
        other = rows_in(place.product_id, before.lists.similar_id)
        lost = (other < 0) | ~(same & ~moved)[other]
        anew = moved.copy()
        anew[asking[lost & (asking >= 0)]] = True
        removed = len(before.seen) - int(np.count_nonzero(~new))
        return cls(new, ~new & ~same, anew & same, removed, bool(moved.any()))

    @property
    def fresh(self) -> Mask:
        """The products that nobody knows yet as they are."""
        return self.new | self.changed

    def counts(self) -> Counts:
        """How many there are."""
        number = [int(np.count_nonzero(some)) for some in (self.new, self.changed, self.anew)]
        touched = self.split or any((*number, self.removed))
        return Counts(number[0], number[1], self.removed, number[2], int(touched))


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
