"""Triplet accuracy: the share of triplets whose positive is nearer than their negative."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.errors import TableError
from core.search import Rows
from core.similarity import Floats
from core.tables import Catalog, Triplets
from train import metrics

_CHUNK = 4096  # triplets


@dataclass(frozen=True)
class Placed:
    """n triplets as places (n,) among the `photos` that they name."""

    photos: Catalog
    query: Rows
    positive: Rows
    negative: Rows

    @classmethod
    def of(cls, triplets: Triplets, photos: Catalog) -> Self:
        """The `triplets` among those of `photos` that they name.

        Raises:
            TableError: one names a photo that is not among them.
        """
        places = {image_id: place for place, image_id in enumerate(photos.image_id)}
        named = np.concatenate([triplets.query_id, triplets.positive_id, triplets.negative_id])
        try:
            rows = np.array([places[image_id] for image_id in named], np.int64)
        except KeyError as error:
            raise TableError(
                f"a test triplet names {error.args[0]}, which is no test photo now. Run dvc repro."
            ) from None
        used, place = np.unique(rows, return_inverse=True)
        return cls(photos.take(used), *np.split(place, 3))

    def scores(self, vectors: Floats) -> npt.NDArray[np.float64]:
        """1 where the positive is nearer, 0 where the negative is, a half for a tie: (n,).

        Args:
            vectors: those of `photos`, (photos, d).
        """
        near, far = (self._distances(vectors, other) for other in (self.positive, self.negative))
        return metrics.triplet_scores(near, far)

    def _distances(self, vectors: Floats, other: Rows) -> Floats:
        """L2 to the query (n,), by differences: a matrix product would make ties of distances that are not."""
        parts = [
            np.linalg.norm(vectors[self.query[some]] - vectors[other[some]], axis=1)
            for some in (slice(start, start + _CHUNK) for start in range(0, len(other), _CHUNK))
        ]
        return np.concatenate([np.empty(0, np.float32), *parts])
