"""How evenly the photos that ask for triplets get them."""

from dataclasses import dataclass

import numpy as np

from core.tables import KINDS, SPLITS
from triplets.reports.coded import Coded, Photos
from triplets.rules import Mask


@dataclass(frozen=True)
class Coverage:
    """A kind in a split: the photos that ask, how many have a triplet mined, and how many one in the mix.

    `least`, `median` and `most` are triplets in the mix per photo that has any; 0 where none has.
    """

    kind: str
    split: str
    photos: int
    mined: int
    mixed: int
    least: int
    median: float
    most: int


@dataclass(frozen=True)
class Uncovered:
    """A partition: its photos that ask, of the catalog or of the street, and how many have no triplet mined."""

    partition: str
    asking: str
    photos: int
    without: int


def coverage(mined: Coded, mixed: Coded, photos: Photos) -> list[Coverage]:
    """Every kind in every split that has photos that ask for it."""
    told = []
    for kind in KINDS:
        for split in SPLITS:
            asking = photos.asking(kind, split)
            if asking.any():
                supplied = mined.per_query(kind, split, photos)[asking]
                taken = mixed.per_query(kind, split, photos)[asking]
                some = taken[taken > 0]
                least, median, most = (some.min(), np.median(some), some.max()) if len(some) else (0, 0, 0)
                told.append(
                    Coverage(
                        kind=kind,
                        split=split,
                        photos=len(supplied),
                        mined=int(np.count_nonzero(supplied)),
                        mixed=len(some),
                        least=int(least),
                        median=float(median),
                        most=int(most),
                    )
                )
    return told


def uncovered(mined: Coded, photos: Photos) -> list[Uncovered]:
    """The partitions where a photo has no triplet, those with the largest share of such photos first."""
    served = np.zeros(len(photos.split), np.bool_)
    served[mined.query] = True
    told = [
        *_uncovered("catalog", photos.asking("in_class"), served, photos),
        *_uncovered("street", photos.asking("wild"), served, photos),
    ]
    return sorted(told, key=lambda one: (-one.without / one.photos, -one.photos, one.partition, one.asking))


def _uncovered(name: str, asking: Mask, served: Mask, photos: Photos) -> list[Uncovered]:
    count = len(photos.partitions)
    ask = np.bincount(photos.partition[asking], minlength=count)
    without = np.bincount(photos.partition[asking & ~served], minlength=count)
    return [
        Uncovered(photos.partitions[place], name, int(ask[place]), int(without[place]))
        for place in np.flatnonzero(without)
    ]
