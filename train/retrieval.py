"""Does a query find its own product? Among catalog photos, and from the street to the shop."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.codes import codes
from core.search import nearest
from core.similarity import Floats
from core.tables import Catalog
from train import metrics


@dataclass(frozen=True)
class Retrieval:
    """Averages over the queries that have a relevant item, micro and per-category macro; empty where none has.

    `gallery` and `products` count what a query can find at most; `left_out` counts queries without a relevant item.
    """

    micro: dict[str, float]
    macro: dict[str, float]
    queries: int
    left_out: int
    gallery: int
    products: int


def same_product(photos: Catalog, vectors: Floats, ks: tuple[int, ...]) -> Retrieval:
    """Every photo asks for the other photos of its product among all `photos`.

    The query itself and the photos of its duplicate group are no candidates: to find a copy proves nothing.

    Args:
        photos: n catalog photos of one split.
        vectors: theirs, (n, d).
    """
    product, group = codes(photos.product_id), codes(photos.duplicate_group)
    relevant = np.array(
        [np.sum((product == product[row]) & (group != group[row])) for row in range(len(photos))], np.int64
    )
    asked = np.flatnonzero(relevant)
    if not len(asked):
        return Retrieval({}, {}, 0, len(photos), len(photos), len(set(product)))
    reach = max(*ks, int(relevant.max()))
    found = nearest(vectors[asked], vectors, reach, barred=((asked, np.arange(len(photos))), (group[asked], group)))
    hits = (found.rows >= 0) & (product[found.rows] == product[asked][:, None])
    relevant = relevant[asked]
    scores = {f"hit_rate@{k}": metrics.hit_rate(hits, k) for k in ks}
    scores |= {f"recall@{k}": metrics.recall(hits, relevant, k) for k in ks}
    scores["map_at_r"] = metrics.map_at_r(hits, relevant)
    return _averaged(scores, photos.category[asked], len(photos), len(photos), len(set(product)))


def street_to_shop(photos: Catalog, vectors: Floats, ks: tuple[int, ...]) -> Retrieval:
    """Every street photo asks for its product among the shop products of its category.

    A product ranks where its nearest photo does. This is the protocol of Kiapour et al., ICCV 2015.

    Args:
        photos: n photos of a street collection, of one split, of both domains.
        vectors: theirs, (n, d).
    """
    street = photos.domain == "street"
    ranks, categories = [np.empty(0, np.int64)], []
    for category in np.unique(photos.category[street]):
        asked = np.flatnonzero(street & (photos.category == category))
        shop = np.flatnonzero(~street & (photos.category == category))
        asked = asked[_findable(photos, asked, shop)]
        ranks.append(_product_ranks(photos, vectors, asked, shop))
        categories += [category] * len(asked)
    rank = np.concatenate(ranks)
    shops = photos.take(~street)
    scores = {f"hit_rate@{k}": (rank <= k).astype(np.float64) for k in ks} if len(rank) else {}
    products = len(set(zip(shops.category, shops.product_id, strict=True)))
    return _averaged(scores, np.array(categories, dtype=object), int(street.sum()), len(shops), products)


def _findable(photos: Catalog, asked: npt.NDArray, shop: npt.NDArray) -> npt.NDArray[np.bool_]:
    """Which of `asked` have a photo of their product in `shop` that is no copy of themselves."""
    same = photos.product_id[asked][:, None] == photos.product_id[shop][None, :]
    copy = photos.duplicate_group[asked][:, None] == photos.duplicate_group[shop][None, :]
    return (same & ~copy).any(axis=1)


def _product_ranks(photos: Catalog, vectors: Floats, asked: npt.NDArray, shop: npt.NDArray) -> npt.NDArray[np.int64]:
    """The rank, from 1, of each query's own product among the products of `shop`."""
    group = codes(photos.duplicate_group)
    found = nearest(vectors[asked], vectors[shop], len(shop), barred=((group[asked], group[shop]),))
    product = photos.product_id[shop]
    ranks = np.empty(len(asked), np.int64)
    for place, (query, rows) in enumerate(zip(asked, found.rows, strict=True)):
        names, first = np.unique(product[rows[rows >= 0]], return_index=True)  # where each product appears first
        ranks[place] = 1 + np.sum(first < first[names == photos.product_id[query]])
    return ranks


def _averaged(
    scores: dict[str, npt.NDArray[np.float64]], categories: npt.NDArray, asked: int, gallery: int, products: int
) -> Retrieval:
    return Retrieval(
        {name: metrics.micro(values) for name, values in scores.items()},
        {name: metrics.macro(values, categories) for name, values in scores.items()},
        len(categories),
        asked - len(categories),
        gallery,
        products,
    )
