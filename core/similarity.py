"""The recommender's distance: each descriptor in the metric that fits it, scaled, weighted, fused.

Fused squared distance = sum over descriptors of weight x (distance / scale) squared, which is a plain L2
between concatenated, scaled vectors: one matrix product serves a partition, and a new weight costs seconds.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from core.atomic import write_json
from core.errors import TableError
from core.tables import DESCRIPTORS

Floats = npt.NDArray[np.float32]


def prepare(descriptor: str, values: Floats) -> Floats:
    """Map (n, d) descriptor values to float32 vectors whose plain L2 distance is the descriptor's own metric.

    Colour histograms: square roots, so that L2 is the Hellinger distance up to a constant. Structure and
    pattern: unit length, so that squared L2 is 2 - 2 cosine. A vector of zeros stays one.
    """
    if descriptor == "color":
        return np.sqrt(values, dtype=np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", values, values))
    norms[norms == 0] = 1
    return values / norms[:, None]


def squared_distances(queries: Floats, gallery: Floats) -> Floats:
    """Squared L2 distances (q, g) of (q, d) and (g, d), by one matrix product; never below 0."""
    squared = queries @ gallery.T
    squared *= np.float32(-2)
    squared += squares(queries)[:, None]
    squared += squares(gallery)[None, :]
    return np.maximum(squared, 0, out=squared)


def squares(values: Floats) -> Floats:
    """The squared lengths (n,) of vectors (n, d)."""
    return np.einsum("ij,ij->i", values, values)


@dataclass(frozen=True)
class Similarity:
    """What makes two photos similar: a weight >= 0 and the median distance (the scale) of each descriptor.

    `categories` has the weights of those categories that have their own.
    """

    weights: dict[str, float]
    scales: dict[str, float]
    categories: dict[str, dict[str, float]] = field(default_factory=dict)

    def of(self, category: str) -> Self:
        """The similarity that a query of `category` asks by: its own weights, or the weights of all."""
        return type(self)(self.categories.get(category, self.weights), self.scales)

    def factors(self) -> list[float]:
        """What each descriptor's squared L2 is multiplied by before they are summed, in the order of `DESCRIPTORS`."""
        return [self.weights[name] / self.scales[name] ** 2 for name in DESCRIPTORS]

    def fuse(self, prepared: Mapping[str, Floats]) -> Floats:
        """Concatenate prepared vectors, (n, d) each, to (n, sum of d), scaled and weighted by the weights of all.

        A descriptor of weight 0 is left out.
        """
        return np.concatenate(
            [
                prepared[name] * np.float32(np.sqrt(self.weights[name]) / self.scales[name])
                for name in DESCRIPTORS
                if self.weights[name] > 0
            ],
            axis=1,
        )

    def write(self, path: Path) -> None:
        """Write as JSON."""
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote.

        Raises:
            TableError: the file is missing or holds something else.
        """
        try:
            similarity = cls(**json.loads(path.read_text()))
            for named in (similarity.weights, similarity.scales, *similarity.categories.values()):
                if set(named) != set(DESCRIPTORS):
                    raise ValueError(f"it names {', '.join(named)} instead of {', '.join(DESCRIPTORS)}")
                if not all(isinstance(value, float | int) and 0 <= value < inf for value in named.values()):
                    raise ValueError("a weight or a scale is no finite number from 0 on")
                if not any(named.values()):
                    raise ValueError("all weights or scales are 0")
            if not all(similarity.scales.values()):
                raise ValueError("a scale is 0")
            return similarity
        except FileNotFoundError:
            raise TableError(f"{path} does not exist. Run the stage that writes it: dvc repro.") from None
        except (ValueError, TypeError, AttributeError) as error:
            raise TableError(f"{path} holds no similarity: {error}. Run dvc repro.") from error
