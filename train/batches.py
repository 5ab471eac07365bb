"""Batches of triplets for training: each depends on the seed, the epoch and its place alone."""

from collections.abc import Generator

import numpy as np

from core import augment
from core.ahead import ahead
from core.images import Pixels, Squares
from core.similarity import Floats
from core.tables import Column
from train import targets
from train.order import Order
from train.photos import TripletPhotos
from train.sharing import Rows
from train.teacher import Teacher

Batch = tuple[tuple[Pixels, Column], Floats]


class TripletBatches:
    """One epoch of triplets as ((photos, places), targets).

    Photos are RGB uint8 (p, size, size, 3), p the same for every batch: each distinct photo of the batch, decoded and
    warped once, and as many others of training as there is room for, which batch normalisation sees too. Places are
    int32 (3 x batch,): where the photos of the triplets stand among them, in the order q, p, n, q, p, n, ...
    Targets are what `targets.pack` gives for these rows.

    Args:
        teacher: of the targets, or None for targets without one.
        epoch: counts from 1.
        workers: threads that prepare batches; the batches are the same for every number.
    """

    def __init__(
        self,
        order: Order,
        photos: TripletPhotos,
        store: Squares,
        *,
        size: int,
        spread: augment.Spread,
        epoch: int,
        teacher: Teacher | None = None,
        workers: int = 1,
    ) -> None:
        self.triplets = order.epoch(epoch)  # (steps, batch)
        self.order = order
        self.photos = photos
        self.store = store
        self.size = size
        self.spread = spread
        self.epoch = epoch
        self.teacher = teacher
        self.workers = workers

    def __len__(self) -> int:
        return len(self.triplets)

    @property
    def decoded(self) -> float:
        """Photos decoded per triplet of the epoch, however often the epoch holds it, and were no squares kept."""
        return len(self) * self.order.photos / len(np.unique(self.triplets))

    def ahead(self, first: int, last: int) -> Generator[Batch, None, None]:
        """Yield the batches from `first` to before `last`; threads prepare the next ones meanwhile.

        Closing the generator ends the threads.

        Raises:
            TableError: a photo has no pixels, or damaged ones.
        """
        return ahead(self.__getitem__, range(first, last), self.workers)

    def __getitem__(self, step: int) -> Batch:
        rng = np.random.default_rng([self.order.seed, self.epoch, step])
        triplets = self.order.rows[self.triplets[step]]
        used, places = np.unique(triplets.reshape(-1), return_inverse=True)
        shown = np.concatenate([used, self._others(used, rng)])  # (p,)
        maps = augment.draw(len(shown), self.size, self.spread, rng)
        pixels = augment.warp(self.store.square(self.photos.image_id[shown], self.size), maps)
        return (pixels, places.astype(np.int32)), told(triplets, self.photos, self.teacher, rng)

    def _others(self, used: Column, rng: np.random.Generator) -> Column:
        """Photos of training that fill the batch up, any but those in use."""
        drawn = rng.choice(len(self.photos.image_id), self.order.photos, replace=False)
        return drawn[~np.isin(drawn, used)][: self.order.photos - len(used)]


def told(triplets: Rows, photos: TripletPhotos, teacher: Teacher | None, rng: np.random.Generator) -> Floats:
    """The targets of triplets (n, 3), rows of `photos`: those of `targets.pack` for 3 x n rows."""
    used, places = np.unique(triplets.reshape(-1), return_inverse=True)
    # Codes of these photos alone stay small enough for half precision.
    _, groups = np.unique(photos.group[used], return_inverse=True)
    distances = None if teacher is None else teacher.between(used)[np.ix_(places, places)]
    return targets.pack(groups[places], rng.random(len(places)), distances)
