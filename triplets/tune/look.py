"""What the page shows of a query: the photo, the nearest under two settings, the gallery that it was picked from."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.similarity import Similarity
from core.tables import DESCRIPTORS
from triplets.tune.asked import Asked, Found
from triplets.tune.opened import Opened

NEAREST = 10
PER_PAGE = 24  # products of the gallery


@dataclass(frozen=True)
class Photo:
    """A photo of the catalog and what is known of it."""

    image_id: str
    product_id: str
    partition: str
    split: str
    attributes: dict[str, str]

    @classmethod
    def of(cls, opened: Opened, row: int) -> "Photo":
        """That in a row of the catalog."""
        catalog = opened.catalog
        known = dict(catalog.attributes[row])
        if catalog.pattern[row] is not None:
            known["pattern"] = catalog.pattern[row]
        return cls(
            str(catalog.image_id[row]),
            str(catalog.product_id[row]),
            str(catalog.partition[row]),
            str(catalog.split[row]),
            {str(name): str(value) for name, value in known.items()},
        )


@dataclass(frozen=True)
class Card:
    """A neighbour: its `rank` from 1, fused distance, and the share of each descriptor in the squared distance.

    `moved` is how many ranks it stands above its place under the other setting, None where that has it not among its
    nearest.
    """

    photo: Photo
    rank: int
    distance: float
    shares: dict[str, float]
    moved: int | None


@dataclass(frozen=True)
class Column:
    """The nearest under one setting, called `title`; the weights that hold for the query's category sum to 1."""

    title: str
    weights: dict[str, float]
    cards: list[Card]


def columns(opened: Opened, asked: Asked, one: tuple[str, Similarity], other: tuple[str, Similarity]) -> list[Column]:
    """The nearest under each of two settings, which come with their titles."""
    found = [asked.nearest(similarity, NEAREST) for _, similarity in (one, other)]
    ranks = [{int(row): rank for rank, row in enumerate(of.rows)} for of in found]
    return [
        Column(title, similarity.of(asked.category).weights, _cards(opened, found[side], ranks[1 - side]))
        for side, (title, similarity) in enumerate((one, other))
    ]


def _cards(opened: Opened, found: Found, other: Mapping[int, int]) -> list[Card]:
    return [
        Card(
            Photo.of(opened, int(row)),
            rank + 1,
            float(found.distance[rank]),
            dict(zip(DESCRIPTORS, map(float, found.shares[rank]), strict=True)),
            other[int(row)] - rank if int(row) in other else None,
        )
        for rank, row in enumerate(found.rows)
    ]


@dataclass(frozen=True)
class Gallery:
    """A page of the products of a partition, from 0 of `pages`, each by its first photo; `products` in all."""

    partition: str
    page: int
    pages: int
    products: int
    photos: list[Photo]


def gallery(opened: Opened, partition: str, page: int) -> Gallery:
    """The `page` of the partition; one that there is not is the nearest that there is.

    Raises:
        InputError: the catalog has no such partition.
    """
    rows = opened.products(partition)
    pages = -(-len(rows) // PER_PAGE)
    page = min(max(page, 0), pages - 1)
    some = rows[page * PER_PAGE : (page + 1) * PER_PAGE]
    return Gallery(partition, page, pages, len(rows), [Photo.of(opened, int(row)) for row in some])
