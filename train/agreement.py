"""Do neighbours look alike to a person? The share of them that carry the query's attribute value."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.codes import MISSING, codes
from core.search import nearest
from core.similarity import Floats
from core.tables import Catalog
from train import metrics

_BLOCK = 512  # queries


@dataclass(frozen=True)
class Agreement:
    """Per attribute the mean share over the queries that count, their number, and what bounds it.

    `chance` is the share of random neighbours; `ceiling` that of a perfect ranking, below 1 where a value is rarer
    than there are neighbours. `lone` counts the queries that have no candidate at all.
    """

    shares: dict[str, float]
    chance: dict[str, float]
    ceiling: dict[str, float]
    queries: dict[str, int]
    lone: int


def inside_partitions(photos: Catalog, vectors: Floats, neighbors: int, asking: npt.NDArray[np.bool_]) -> Agreement:
    """Agreement on every attribute, among the nearest of the query's partition.

    The query's product and duplicate group are no candidates: a product shares its attributes with itself.

    Args:
        photos: n catalog photos; all of them are candidates.
        vectors: theirs, (n, d).
        asking: (n,) which of them are queries.
    """
    return _agreement(photos, vectors, neighbors, attributes(photos), codes(photos.partition), asking)


def on_category(photos: Catalog, vectors: Floats, neighbors: int) -> Agreement:
    """Agreement on the category, among the nearest of all `photos`, less the query's product and duplicate group."""
    one, everyone = np.zeros(len(photos), np.int64), np.ones(len(photos), bool)
    return _agreement(photos, vectors, neighbors, {"category": photos.category}, one, everyone)


def attributes(photos: Catalog) -> dict[str, npt.NDArray]:
    """The values per attribute, None where a photo has none; `pattern` is one where any photo has it."""
    names = sorted({name for pairs in photos.attributes for name in pairs})
    values = {name: np.array([pairs.get(name) for pairs in photos.attributes], dtype=object) for name in names}
    if "pattern" not in values and any(value is not None for value in photos.pattern):
        values["pattern"] = photos.pattern
    return values


def _agreement(
    photos: Catalog,
    vectors: Floats,
    neighbors: int,
    values: dict[str, npt.NDArray],
    gallery: npt.NDArray,
    asking: npt.NDArray[np.bool_],
) -> Agreement:
    coded = {name: codes(of_photos) for name, of_photos in values.items()}
    shares: dict[str, list] = {name: [] for name in coded}
    chances: dict[str, list] = {name: [] for name in coded}
    ceilings: dict[str, list] = {name: [] for name in coded}
    lone = 0
    own = codes(photos.product_id), codes(photos.duplicate_group)
    for asked, candidates, barred in _blocks(own, gallery, asking):
        labels = tuple((label[asked], label[candidates]) for label in own)
        found = nearest(vectors[asked], vectors[candidates], neighbors, barred=labels).rows
        lone += int(barred.all(axis=1).sum())
        for name, code in coded.items():
            of_found = np.where(found >= 0, code[candidates][found], MISSING)
            of_any = np.where(barred, MISSING, code[candidates])
            share, counted = metrics.agreement(code[asked], of_found)
            # A random neighbour is one of the candidates that carry a value, each as likely.
            chance, _ = metrics.agreement(code[asked], of_any)
            known = np.sum(of_any != MISSING, axis=1)[counted]
            shares[name].append(share[counted])
            chances[name].append(chance[counted])
            ceilings[name].append(np.minimum(1, chance[counted] * known / np.minimum(neighbors, known)))
    joined = {name: np.concatenate(parts) for name, parts in shares.items() if sum(map(len, parts))}
    return Agreement(
        {name: metrics.micro(share) for name, share in joined.items()},
        {name: metrics.micro(np.concatenate(chances[name])) for name in joined},
        {name: metrics.micro(np.concatenate(ceilings[name])) for name in joined},
        {name: len(share) for name, share in joined.items()},
        lone,
    )


def _blocks(
    own: tuple[npt.NDArray, ...], gallery: npt.NDArray, asking: npt.NDArray[np.bool_]
) -> Iterator[tuple[npt.NDArray, npt.NDArray, npt.NDArray]]:
    """Queries (q,), candidates (g,) of the same gallery label, and which of these share an `own` label (q, g)."""
    for label in np.unique(gallery):
        candidates = np.flatnonzero(gallery == label)
        queries = candidates[asking[candidates]]
        for start in range(0, len(queries), _BLOCK):
            asked = queries[start : start + _BLOCK]
            shared = [labels[asked][:, None] == labels[candidates][None, :] for labels in own]
            yield asked, candidates, np.logical_or.reduce(shared)
