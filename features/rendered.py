"""Rendered swatches: labelled photos of patterns for catalogs that have no pattern labels."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from core.images import Pixels
from core.swatches import PATTERNS, swatch


@dataclass(frozen=True)
class RenderedPhotos:
    """Swatches that are drawn when they are asked for: the same row gives the same pixels always.

    `row` (n,) counts the swatches of one seed; its pattern is `PATTERNS[row % len(PATTERNS)]`.
    """

    row: npt.NDArray[np.int64]
    seed: int

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: npt.NDArray) -> Self:
        return replace(self, row=self.row[rows])

    def load(self, rows: npt.NDArray, size: int) -> Pixels:
        return np.stack([self._draw(int(row), size) for row in self.row[rows]])

    def labels(self) -> npt.NDArray:
        """The pattern of each swatch, (n,) strings."""
        return np.array(PATTERNS, object)[self.row % len(PATTERNS)]

    def _draw(self, row: int, size: int) -> Pixels:
        return swatch(PATTERNS[row % len(PATTERNS)], size, np.random.default_rng([self.seed, row]))
