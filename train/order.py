"""Which triplets stand in which batch, epoch after epoch."""

from math import ceil

import numpy as np

from core.codes import codes
from core.tables import Column
from train.sharing import Rows, shared

_PHOTOS = 1.18  # per triplet of a batch, where triplets share them


class Order:
    """The batches of every epoch, by seed and epoch alone.

    All triplets are parted into batches, of which an epoch takes the next `steps`; after as many epochs as the first
    parting lasts, they are parted anew. So epochs that are capped see other triplets each time.

    Attributes:
        rows: (n, 3) the photos q, p, n of each triplet.
        photos: how many distinct photos a batch has room for, the same for every batch.
        steps: batches of an epoch.

    Args:
        rows: codes from 0, all in use.
        kind: (n,) of each triplet, text.
        batch: in triplets.
        steps: batches of an epoch at most, or None for every triplet.
        share: triplets that share photos stand in one batch; else they come in random order.
        devices: among which the photos of a batch are dealt out evenly.
    """

    def __init__(
        self, rows: Rows, kind: Column, *, batch: int, steps: int | None, share: bool, seed: int, devices: int = 1
    ) -> None:
        self.rows = rows
        self.batch = batch
        self.seed = seed
        self.share = share
        self.photos = room(batch, len(np.unique(rows)), share, devices)
        self._kinds = codes(kind)
        self._parted = 0, self._part(0)
        whole = len(self._parted[1])
        self.steps = whole if steps is None else min(whole, steps)
        self._epochs = -(-whole // self.steps)  # that it takes to see every triplet

    def epoch(self, number: int) -> Rows:
        """The triplets of each batch of epoch `number`, from 1: (steps, batch) rows."""
        turn, part = divmod(number - 1, self._epochs)
        if self._parted[0] != turn:
            self._parted = turn, self._part(turn)
        batches = self._parted[1]
        return batches[np.arange(part * self.steps, (part + 1) * self.steps) % len(batches)]

    def _part(self, turn: int) -> Rows:
        rng = np.random.default_rng([self.seed, turn])
        if self.share:
            return shared(self.rows, self._kinds, self.batch, self.photos, rng)
        order = rng.permutation(len(self.rows))
        return np.resize(order, (-(-len(order) // self.batch), self.batch))


def room(batch: int, distinct: int, share: bool, devices: int) -> int:
    """Photos of a batch: as many as triplets that share need, or all do, but no more than there are."""
    wanted = max(3, ceil(_PHOTOS * batch)) if share else 3 * batch
    even = -(-wanted // devices) * devices
    return min(even, max(min(3, distinct), distinct // devices * devices))
