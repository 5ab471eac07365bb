"""Triplets mined and mixed per partition, split and kind."""

from dataclasses import dataclass

import numpy as np

from core.tables import KINDS, SPLITS
from triplets.groups import Rows
from triplets.reports.coded import Coded, Photos


@dataclass(frozen=True)
class Partition:
    """A partition: its photos that ask for triplets, and those mined and mixed, (splits, kinds) each."""

    name: str
    photos: int
    mined: list[list[int]]
    mixed: list[list[int]]

    @property
    def of_kind(self) -> dict[str, int]:
        """The triplets mined of each kind."""
        return {kind: sum(of_split[place] for of_split in self.mined) for place, kind in enumerate(KINDS)}

    @property
    def of_split(self) -> dict[str, int]:
        """The triplets in the mix of each split."""
        return {split: sum(self.mixed[place]) for place, split in enumerate(SPLITS)}


def partitions(mined: Coded, mixed: Coded, photos: Photos) -> list[Partition]:
    """Every partition with photos that ask, the one with the most triplets mined first."""
    asking = photos.asking("in_class") | photos.asking("wild")
    ask = np.bincount(photos.partition[asking], minlength=len(photos.partitions))
    there, taken = _counts(mined, photos), _counts(mixed, photos)
    told = [
        Partition(photos.partitions[place], int(ask[place]), there[place].tolist(), taken[place].tolist())
        for place in np.flatnonzero(ask)
    ]
    return sorted(told, key=lambda one: (-sum(one.of_kind.values()), one.name))


def _counts(triplets: Coded, photos: Photos) -> Rows:
    """The triplets of each partition, split and kind: (partitions, splits, kinds)."""
    shape = len(photos.partitions), len(SPLITS), len(KINDS)
    cell = np.ravel_multi_index((photos.partition[triplets.query], triplets.split, triplets.kind), shape)
    return np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)
