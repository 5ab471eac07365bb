"""Batches of triplets for training: each depends on the seed, the epoch and its place alone."""

import keras
import numpy as np

from core import augment
from core.images import Pixels, PixelStore
from core.tables import Column

# As the MILDNet paper augments.
SPREAD = augment.Spread(zoom=0.2, shear=0.2, rotation=30.0, shift=0.0, upside_down=True)


class TripletBatches(keras.utils.PyDataset):
    """One epoch of triplets in random order, as (photos, unread) pairs.

    Photos are RGB uint8 (3 x batch, size, size, 3), rows q, p, n, q, p, n, ...; the second member is zeros, because
    Keras wants a target. Every batch is full: the last is filled up from the start of the order, so that batch
    normalisation never sees a handful of photos. A photo that stands in a batch twice is prepared once.

    Args:
        ids: (triplets, 3) image ids: query, positive, negative.
        steps: batches at most, or None for every triplet.
        workers: threads that prepare batches; the batches are the same for every number.
    """

    def __init__(
        self,
        ids: Column,
        store: PixelStore,
        *,
        size: int,
        batch: int,
        steps: int | None,
        seed: int,
        epoch: int,
        workers: int = 1,
    ) -> None:
        super().__init__(workers=workers)
        self.store = store
        self.size = size
        self.batch = batch
        self.seed = seed, epoch
        order = np.random.default_rng([*self.seed, 0]).permutation(len(ids))
        full = -(-len(ids) // batch)
        count = full if steps is None else min(full, steps)
        self.ids = ids[np.resize(order, count * batch)]

    def __len__(self) -> int:
        return len(self.ids) // self.batch

    def __getitem__(self, step: int) -> tuple[Pixels, Column]:
        ids = self.ids[step * self.batch : (step + 1) * self.batch].reshape(-1)
        distinct, places = np.unique(ids, return_inverse=True)
        rng = np.random.default_rng([*self.seed, 1 + step])
        maps = augment.draw(len(distinct), self.size, SPREAD, rng)
        photos = augment.warp(self.store.square(distinct, self.size), maps)
        return photos[places], np.zeros(len(ids), np.float32)
