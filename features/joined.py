"""Photos of several sources as one sequence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from core.images import Pixels
from features.pooled import KnownPhotos


@dataclass(frozen=True)
class JoinedPhotos:
    """The photos of `parts`, one part after the other, of which `place` (n,) are chosen. All have one `view`."""

    parts: tuple[KnownPhotos, ...]
    place: npt.NDArray[np.int64]
    view: str

    @classmethod
    def of(cls, parts: Sequence[KnownPhotos], view: str) -> Self:
        """All photos of `parts`."""
        return cls(tuple(parts), np.arange(sum(len(part) for part in parts)), view)

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: npt.NDArray) -> Self:
        return replace(self, place=self.place[rows])

    def load(self, rows: npt.NDArray, size: int) -> Pixels:
        wanted = self.place[rows]
        loaded = np.empty((len(wanted), size, size, 3), np.uint8)
        start = 0
        for part in self.parts:
            mine = (wanted >= start) & (wanted < start + len(part))
            if mine.any():
                loaded[mine] = part.load(wanted[mine] - start, size)
            start += len(part)
        return loaded

    def keys(self) -> Sequence[bytes | None]:
        """What the feature cache knows each photo by, None where it is made anew each time."""
        every: list[bytes | None] = []
        for part in self.parts:
            every.extend(part.keys())
        return [every[place] for place in self.place]
