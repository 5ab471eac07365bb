"""From the street to the shop: two protocols of Street2Shop that rank products; the third are the wild triplets.

Kiapour et al., Where to Buy It, ICCV 2015. A street photo shows one product, so that recall@k is the hit rate and the
average precision one over the rank. A product that is as near as the right one counts as nearer.

The networks embed street photos cut to the box of their product, as the protocols ask; a photo without a box is taken
whole. The descriptors describe street photos as `curate street` stored them: cut only where `curate.street.crop` is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.codes import codes
from core.search import Rows, in_blocks
from core.similarity import Floats
from core.tables import Catalog
from train.evaluation.among_all import BLOCK

Loaded = Callable[[Rows], Floats]
_AT_ONCE = 8192  # shop photos whose vectors are loaded together


@dataclass(frozen=True)
class Ranked:
    """The rank of each street photo's own product, from 1, (q,), 0 where no candidate shows it; and the gallery."""

    rank: npt.NDArray[np.int64]
    photos: int
    products: int


def asking(street: Catalog) -> Rows:
    """The street photos of test: those that ask, in both protocols."""
    return np.flatnonzero((street.domain == "street") & (street.split == "test"))


def within_category(street: Catalog, vectors: Loaded) -> Ranked:
    """The street photo asks the shop photos of its category; of a product, the nearest photo counts.

    All shop photos of the category are the gallery, those of training too, less copies of the street photo.

    Args:
        street: n photos of a street collection, of both domains and of all splits.
        vectors: gives those of some rows, (some, d), for distances inside a category.
    """
    asked, ranks = asking(street), np.zeros(len(street), np.int64)
    product, group = codes(street.product_id), codes(street.duplicate_group)
    shops, products = 0, 0
    for category in sorted(set(street.category[asked])):
        own = asked[street.category[asked] == category]
        shop = np.flatnonzero((street.domain != "street") & (street.category == category))
        shop = shop[np.argsort(product[shop], kind="stable")]  # photos of a product stand together
        names, size = np.unique(product[shop], return_counts=True)
        shops, products = shops + len(shop), products + len(names)
        queries, asked_for = vectors(own), np.isin(names, product[own])
        for part in _parts(size):
            # The right products stand in every block, so that what is as near as one of them is so to the last bit.
            beside = asked_for.copy()
            beside[part] = True
            counted = np.isin(names[beside], names[part])
            rows, first = shop[np.repeat(beside, size)], _first(size[beside])
            for some, squared in _blocks(queries, vectors(rows)):
                squared[group[own[some]][:, None] == group[rows][None, :]] = np.inf
                of_products = np.minimum.reduceat(squared, first, axis=1)
                ranks[own[some]] += _nearer(of_products, names[beside], product[own[some]], counted)
    return Ranked(ranks[asked], shops, products)


def all_categories(street: Catalog, vectors: Loaded) -> Ranked:
    """The street photo asks the products of all categories, less those seen in training, by one centroid each.

    Args:
        street: n photos of a street collection, of both domains and of all splits.
        vectors: gives those of some rows, (some, d).
    """
    asked = asking(street)
    product, group = codes(street.product_id), codes(street.duplicate_group)
    seen = np.isin(product, product[street.split == "train"])
    shop = np.flatnonzero((street.domain != "street") & ~seen)
    shop = shop[np.argsort(product[shop], kind="stable")]
    names, size = np.unique(product[shop], return_counts=True)
    ranks = np.zeros(len(asked), np.int64)
    if len(asked) and len(names):
        centroids = _centroids(vectors, shop, size)
        for some, squared in _blocks(vectors(asked), centroids):
            for query, of in _copied(group[asked[some]], group[shop], product[shop]):
                squared[query, np.searchsorted(names, of)] = _without_copies(
                    vectors, shop[product[shop] == of], asked[some][query], group
                )
            ranks[some] = _nearer(squared, names, product[asked[some]], np.ones(len(names), np.bool_))
    return Ranked(ranks, len(shop), len(names))


def _blocks(queries: Floats, gallery: Floats) -> Iterator[tuple[slice, Floats]]:
    """Some of the queries, and their squared distances to a gallery (some, g); empty where either is."""
    if len(gallery):
        blocks = (slice(start, start + BLOCK) for start in range(0, len(queries), BLOCK))
        for block in in_blocks([queries], [gallery], [1.0], blocks):
            yield block.queries, block.squared


def _parts(size: npt.NDArray[np.int64]) -> Iterator[slice]:
    """Consecutive products of `size` (p,) photos each, as many at once as have `_AT_ONCE` photos, or a single one."""
    first, ends = _first(size), np.cumsum(size)
    start = 0
    while start < len(size):
        stop = max(start + 1, int(np.searchsorted(ends, first[start] + _AT_ONCE, side="right")))
        yield slice(start, stop)
        start = stop


def _first(size: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where each product begins whose photos, `size` (p,) of them, stand together."""
    return np.cumsum(size) - size


def _nearer(squared: Floats, names: Rows, own: Rows, counted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many of the products `counted` (p,) are as near as `own` (q,), itself included; 0 where it is no candidate.

    Args:
        squared: (q, p) squared distances to the products `names` (p,), infinite for one that is no candidate.
    """
    place = np.minimum(np.searchsorted(names, own), len(names) - 1)
    distance = np.where(names[place] == own, squared[np.arange(len(own)), place], np.inf)
    return np.where(np.isfinite(distance), (squared[:, counted] <= distance[:, None]).sum(axis=1), 0)


def _centroids(vectors: Loaded, shop: Rows, size: npt.NDArray[np.int64]) -> Floats:
    """The mean vector of each product (p, d), of `size` (p,) consecutive rows of `shop` each."""
    first = _first(size)
    means = []
    for part in _parts(size):
        loaded = vectors(shop[first[part][0] : first[part][0] + size[part].sum()])
        means.append(np.add.reduceat(loaded, _first(size[part]), axis=0) / size[part, None].astype(np.float32))
    return np.concatenate(means)


def _copied(of_query: Rows, of_shop: Rows, product: Rows) -> set[tuple[int, int]]:
    """The queries and products of which a shop photo is a copy of the query."""
    shops = np.flatnonzero(np.isin(of_shop, of_query))
    return {(int(query), int(product[one])) for one in shops for query in np.flatnonzero(of_query == of_shop[one])}


def _without_copies(vectors: Loaded, shop: Rows, query: int, group: Rows) -> float:
    """The squared distance to the centroid of those of `shop` that are no copies of the query; infinite for none."""
    kept = shop[group[shop] != group[query]]
    if not len(kept):
        return float(np.inf)
    return float(np.sum((vectors(kept).mean(axis=0) - vectors(np.array([query]))[0]) ** 2))


def within_scores(ranked: Ranked, ks: tuple[int, ...]) -> dict[str, npt.NDArray[np.float64]]:
    """The hit rate at each of `ks` per query (q,), NaN where its product cannot be found."""
    return {f"hit_rate@{k}": _known(ranked, ranked.rank <= k) for k in ks}


def all_scores(ranked: Ranked, ks: tuple[int, ...]) -> dict[str, npt.NDArray[np.float64]]:
    """The accuracy at each of `ks`, and the average precision as `map`, per query (q,), NaN as above."""
    return {
        **{f"accuracy@{k}": _known(ranked, ranked.rank <= k) for k in ks},
        "map": _known(ranked, 1 / np.maximum(ranked.rank, 1)),
    }


def _known(ranked: Ranked, values: npt.NDArray) -> npt.NDArray[np.float64]:
    return np.where(ranked.rank > 0, values, np.nan)
