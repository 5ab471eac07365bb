"""Rendered photos of known pattern: fabric alone, and fabric laid onto the garments of a catalog."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from core.decoding import decode
from core.images import Pixels, PixelStore, encode, squared
from core.swatches import PATTERNS, swatch
from features.garments import Garment
from features.pasted import paste

_QUALITIES = (70, 96)  # of JPEG


@dataclass(frozen=True)
class RenderedPhotos:
    """Photos that are drawn when they are first asked for: the same row gives the same pixels always.

    `row` (n,) counts the photos of one seed; its pattern is `PATTERNS[row % len(PATTERNS)]`. The share `swatches` of
    them, or all where there are no `garments`, is fabric alone. What was drawn is kept in memory, as JPEG.
    """

    row: npt.NDArray[np.int64]
    seed: int
    swatches: float
    store: PixelStore
    garments: Sequence[Garment]
    view: str
    _kept: dict[tuple[int, int], bytes] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: npt.NDArray) -> Self:
        return replace(self, row=self.row[rows])

    def load(self, rows: npt.NDArray, size: int) -> Pixels:
        loaded = np.empty((len(rows), size, size, 3), np.uint8)
        for place, row in enumerate(self.row[rows]):
            loaded[place] = self._photo(int(row), size)
        return loaded

    def labels(self) -> npt.NDArray:
        """The pattern of each photo, (n,) strings."""
        return np.array(PATTERNS, object)[self.row % len(PATTERNS)]

    def keys(self) -> Sequence[bytes | None]:
        """None for each photo: the feature cache is for photos that stay."""
        return [None] * len(self)

    def _photo(self, row: int, size: int) -> Pixels:
        if (row, size) not in self._kept:
            self._kept[row, size] = self._draw(row, size)
        return decode(self._kept[row, size], max_pixels=size * size).pixels

    def _draw(self, row: int, size: int) -> bytes:
        rng = np.random.default_rng([self.seed, row])
        pattern = PATTERNS[row % len(PATTERNS)]
        if not self.garments or rng.random() < self.swatches:
            pixels = swatch(pattern, size, rng)
        else:
            garment = self.garments[int(rng.integers(len(self.garments)))]
            pixels = self._pasted(garment, pattern, size, rng)
        return encode(pixels, int(rng.integers(*_QUALITIES)))

    def _pasted(self, garment: Garment, pattern: str, size: int, rng: np.random.Generator) -> Pixels:
        photo = self.store[garment.image_id]
        lengths = np.repeat(photo.shape[:2], 2)
        top, bottom, left, right = np.rint(garment.window * lengths).astype(int)
        shown = photo[top:bottom, left:right]
        cloth = cv2.resize(garment.cloth.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
        return paste(squared(shown, size), np.asarray(cloth, np.float32), pattern, shown.shape[1] / shown.shape[0], rng)
