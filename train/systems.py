"""The systems that evaluation sets side by side: the descriptors, the recommender, and MILDNet before and after."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.similarity import Floats, Similarity, prepare
from core.tables import DESCRIPTORS, Column, Vectors


@dataclass(frozen=True)
class System:
    """`vectors` gives for image ids (n,) the float32 vectors (n, d) whose L2 is the system's distance."""

    name: str
    vectors: Callable[[Column], Floats]


def read(features: Path, similarity: Path, embeddings: Path) -> list[System]:
    """The six systems: each descriptor alone, the recommender, the untrained trunk and the trained network.

    Args:
        features: the folder of the descriptors' vectors.
        similarity: the recommender's weights and scales.
        embeddings: the folder that `train embed` wrote.

    Raises:
        TableError: a file is missing or holds something else.
    """
    tables = {name: Vectors.read(features / f"{name}.arrow") for name in DESCRIPTORS}
    fused = Similarity.read(similarity)
    networks = {name: Vectors.read(embeddings / f"{name}.arrow") for name in ("untrained", "trained")}

    def descriptor(name: str) -> Callable[[Column], Floats]:
        return lambda image_ids: prepare(name, tables[name].of(image_ids))

    def recommender(image_ids: Column) -> Floats:
        return fused.fuse({name: descriptor(name)(image_ids) for name in DESCRIPTORS})

    return [
        *(System(name, descriptor(name)) for name in DESCRIPTORS),
        System("recommender", recommender),
        *(System(name, table.of) for name, table in networks.items()),
    ]
