"""The systems that evaluation sets side by side: the descriptors, the recommender, and MILDNet before and after."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from core.similarity import Floats, Similarity, prepare
from core.tables import DESCRIPTORS, Column, Vectors


@dataclass(frozen=True)
class System:
    """`vectors` gives for image ids (n,) the float32 vectors (n, d) whose L2 is the system's distance.

    `inside` gives, for image ids and their categories (n,), those whose L2 is its distance between two photos of one
    category, which may be weighted in its own way.
    """

    name: str
    vectors: Callable[[Column], Floats]
    inside: Callable[[Column, Column], Floats]

    @classmethod
    def plain(cls, name: str, vectors: Callable[[Column], Floats]) -> Self:
        """A system that knows of no categories."""
        return cls(name, vectors, lambda image_ids, category: vectors(image_ids))


def read(features: Path, similarity: Path, embeddings: Path) -> list[System]:
    """The six systems: the teachers, the untrained trunk and the trained network.

    Args:
        embeddings: the folder that `train embed` wrote.

    Raises:
        TableError: a file is missing or holds something else.
    """
    networks = {name: Vectors.read(embeddings / f"{name}.arrow") for name in ("untrained", "trained")}
    return [
        *teachers(features, similarity),
        *(System.plain(name, loading(table)) for name, table in networks.items()),
    ]


def teachers(features: Path, similarity: Path) -> list[System]:
    """Each descriptor alone, and the recommender.

    Args:
        features: the folder of the descriptors' vectors.
        similarity: the recommender's weights and scales.

    Raises:
        TableError: a file is missing or holds something else.
    """
    tables = {name: Vectors.read(features / f"{name}.arrow") for name in DESCRIPTORS}
    fused = Similarity.read(similarity)

    def descriptor(name: str) -> Callable[[Column], Floats]:
        table = loading(tables[name])
        return lambda image_ids: prepare(name, table(image_ids))

    def prepared(image_ids: Column) -> dict[str, Floats]:
        return {name: descriptor(name)(image_ids) for name in DESCRIPTORS}

    def by_category(image_ids: Column, category: Column) -> Floats:
        parts = list(prepared(image_ids).values())
        for name in set(category):
            own = category == name
            for part, factor in zip(parts, fused.of(name).factors(), strict=True):
                part[own] *= np.float32(np.sqrt(factor))
        return np.concatenate(parts, axis=1)

    return [
        *(System.plain(name, descriptor(name)) for name in DESCRIPTORS),
        System("recommender", lambda image_ids: fused.fuse(prepared(image_ids)), by_category)
        if fused.categories
        else System.plain("recommender", lambda image_ids: fused.fuse(prepared(image_ids))),
    ]


def loading(table: Vectors) -> Callable[[Column], Floats]:
    """Gives the vectors of image ids, and keeps none of the file in memory."""

    def of(image_ids: Column) -> Floats:
        values = table.of(image_ids)
        table.release()
        return values

    return of
