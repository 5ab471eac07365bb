"""Retrieval among all photos: whether a photo finds its product and its category, by one exact search."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.attributes import carried
from core.candidates import Labels
from core.codes import MISSING, codes
from core.search import nearest
from core.similarity import Floats
from core.tables import Catalog
from train import metrics

BLOCK = 128  # queries of one matrix product
_FOUND = 2**18  # neighbours held at once


@dataclass(frozen=True)
class AmongAll:
    """Per query (n,): the measures of retrieval, NaN where no other photo shows its product; and of the category.

    `chance` is the share of random neighbours, `ceiling` that of a perfect ranking.
    """

    same_product: dict[str, npt.NDArray[np.float64]]
    category: npt.NDArray[np.float64]
    chance: npt.NDArray[np.float64]
    ceiling: npt.NDArray[np.float64]


def among_all(photos: Catalog, vectors: Floats, ks: tuple[int, ...], neighbors: int) -> AmongAll:
    """Search all `photos` for each of them.

    The query itself and the photos of its duplicate group are no candidates: to find a copy proves nothing. For the
    category, nor are the other photos of its product.

    Args:
        photos: n catalog photos of one split.
        vectors: theirs, (n, d).
        ks: the cut-offs of hit rate and recall.
        neighbors: how many nearest ones the category is compared with.
    """
    own, category = Labels.of(photos), codes(photos.category)
    relevant = own.siblings()
    most = int(relevant.max(initial=0))
    reach = max(*ks, most, neighbors + most)
    at_once = max(BLOCK, _FOUND // reach)
    places = np.arange(len(photos))
    parts: list[dict[str, npt.NDArray[np.float64]]] = []
    for some in (places[start : start + at_once] for start in range(0, len(photos), at_once)):
        copies = own.group[some], own.group  # the query among them
        rows = nearest(vectors[some], vectors, reach, barred=(copies,), block=BLOCK).rows
        hits = (rows >= 0) & (own.product[rows] == own.product[some][:, None])
        of_found = np.where((rows >= 0) & ~hits, category[rows], MISSING)
        others = np.take_along_axis(of_found, np.argsort(of_found == MISSING, axis=1, kind="stable"), axis=1)
        shares, counted = carried(category[some], others[:, :neighbors])
        found = {name: np.where(relevant[some] > 0, of, np.nan) for name, of in _found(hits, relevant[some], ks)}
        parts.append({**found, "category": np.where(counted, shares, np.nan)})
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
    of_category = joined.pop("category", np.empty(0))
    same, any_ = own.others(category), own.others(np.zeros_like(category))
    return AmongAll(joined, of_category, *bounds(same, any_, neighbors))


def _found(
    hits: metrics.Flags, relevant: npt.NDArray[np.int64], ks: tuple[int, ...]
) -> list[tuple[str, npt.NDArray[np.float64]]]:
    asked = np.maximum(relevant, 1)
    return [
        *((f"hit_rate@{k}", metrics.hit_rate(hits, k)) for k in ks),
        *((f"recall@{k}", metrics.recall(hits, asked, k)) for k in ks),
        ("map_at_r", metrics.map_at_r(hits, asked)),
    ]


def bounds(
    same: npt.NDArray[np.int64], known: npt.NDArray[np.int64], neighbors: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """What random neighbours share and what the best ones do, (q,) each, NaN where there is no candidate.

    Args:
        same: how many candidates carry the query's value, (q,).
        known: how many carry any.
        neighbors: how many are found; a value that is rarer cannot fill them.
    """
    with np.errstate(invalid="ignore"):
        return np.where(known > 0, same / known, np.nan), np.minimum(1, same / np.minimum(neighbors, known))
