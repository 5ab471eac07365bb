"""The photos of a classifier's second phase, batch by batch."""

import keras
import numpy as np
import numpy.typing as npt

from core import augment
from core.images import Pixels
from core.predict import Photos
from core.similarity import Floats
from features.params import ClassifierParams

# Catalog photos stand upright; more than this would show a garment as no photo does.
SPREAD = augment.Spread(zoom=0.15, shear=0.0, rotation=5.0, shift=0.07, upside_down=False)
_THREADS = 2  # prepare batches while the network runs; each depends on its place alone


class Batches(keras.utils.PyDataset):
    """Shuffled batches of (photos, class numbers, weights), each photo moved and mirrored at random, anew each epoch.

    Photos are RGB uint8 (n, size, size, 3). A last batch that is short is left out where there is a full one.

    Args:
        numbers: (len(photos),) class numbers.
        weights: (len(photos),) of the photos in the loss.
    """

    def __init__(self, photos: Photos, numbers: npt.NDArray, weights: Floats, params: ClassifierParams) -> None:
        super().__init__(workers=_THREADS)
        self.photos = photos
        self.numbers = numbers
        self.weights = weights
        self.size = params.trunk.size
        self.batch = min(params.tune.batch, len(photos))
        self.seed = params.seed
        self.epoch = 0
        self.order = self._shuffled()

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self.order = self._shuffled()

    def __len__(self) -> int:
        return len(self.photos) // self.batch

    def __getitem__(self, step: int) -> tuple[Pixels, npt.NDArray, Floats]:
        rows = self.order[step * self.batch : (step + 1) * self.batch]
        maps = augment.draw(len(rows), self.size, SPREAD, np.random.default_rng([self.seed, self.epoch, 1 + step]))
        return augment.warp(self.photos.load(rows, self.size), maps), self.numbers[rows], self.weights[rows]

    def _shuffled(self) -> npt.NDArray[np.int64]:
        return np.random.default_rng([self.seed, self.epoch, 0]).permutation(len(self.photos))


class InOrder(keras.utils.PyDataset):
    """Batches of (photos, class numbers) in their order, as they are."""

    def __init__(self, photos: Photos, numbers: npt.NDArray, size: int, batch: int) -> None:
        super().__init__(workers=_THREADS)
        self.photos = photos
        self.numbers = numbers
        self.size = size
        self.batch = batch

    def __len__(self) -> int:
        return -(-len(self.photos) // self.batch)

    def __getitem__(self, step: int) -> tuple[Pixels, npt.NDArray]:
        rows = np.arange(step * self.batch, min((step + 1) * self.batch, len(self.photos)))
        return self.photos.load(rows, self.size), self.numbers[rows]
