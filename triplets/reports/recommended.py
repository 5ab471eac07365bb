"""What `recommend` and `neighbors` print."""

from collections.abc import Mapping

from core.rows import Rows, text
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Neighbors


def contributions(similarity: Similarity, decided: Mapping[str, Mapping[str, float]]) -> str:
    """The weights and what each descriptor decides, as a table; `decided` as `triplets.similarity` tells it."""
    rows: Rows = [["weights of", *(f"{name}: weight, decides" for name in DESCRIPTORS)]]
    for category, shares in decided.items():
        weights = similarity.of(category).weights
        rows.append([category, *(f"{weights[name]:.2f}, {shares[name]:.0%}" for name in DESCRIPTORS)])
    return text(rows)


def nearest(neighbors: Neighbors) -> str:
    """The neighbours of one query as a table."""
    rows = [
        [str(rank), image_id, *(f"{distance:.3f}" for distance in distances)]
        for rank, image_id, *distances in zip(
            neighbors.rank,
            neighbors.neighbor_id,
            neighbors.distance,
            *(getattr(neighbors, name) for name in DESCRIPTORS),
            strict=True,
        )
    ]
    return text([["rank", "image", "distance", *DESCRIPTORS], *rows])
