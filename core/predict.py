"""Run photos from the pixel store through a network, a batch in memory at a time."""

from dataclasses import dataclass, replace
from typing import Protocol, Self

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from core.images import Pixels, PixelStore
from core.similarity import Floats


class Photos(Protocol):
    """A sequence of photos that gives some of them as one array."""

    def __len__(self) -> int: ...

    def take(self, rows: npt.NDArray) -> Self:
        """The photos at `rows`, in that order."""
        ...

    def load(self, rows: npt.NDArray, size: int) -> Pixels:
        """The photos at `rows` as RGB uint8 (len(rows), size, size, 3)."""
        ...


@dataclass(frozen=True)
class StoredPhotos:
    """The photos of a pixel store under `image_id` (n,), in that order."""

    store: PixelStore
    image_id: npt.NDArray

    def __len__(self) -> int:
        return len(self.image_id)

    def take(self, rows: npt.NDArray) -> Self:
        return replace(self, image_id=self.image_id[rows])

    def load(self, rows: npt.NDArray, size: int) -> Pixels:
        return self.store.square(self.image_id[rows], size)


def predict(model: keras.Model, photos: Photos, *, batch: int, label: str) -> Floats:
    """The outputs of `model` (input (n, size, size, 3), output (n, d)) for `photos`: (len(photos), d) float32.

    Args:
        batch: photos per forward pass; the values do not depend on it beyond rounding.
        label: of the progress bar.
    """
    size = model.input_shape[1]
    values = np.empty((len(photos), model.output_shape[-1]), np.float32)
    with tqdm(total=len(photos), desc=label, unit=" photos", delay=1) as bar:
        for start in range(0, len(photos), batch):
            rows = np.arange(start, min(start + batch, len(photos)))
            # A short last batch is filled up: a backend compiles the network anew for another shape.
            padded = np.resize(rows, batch) if start else rows
            values[rows] = model.predict_on_batch(photos.load(padded, size))[: len(rows)]
            bar.update(len(rows))
    return values
