"""Wild triplets: a street photo, a shop photo of its product, a shop photo of another product.

The pair is known, not guessed, so the negative may be near; what shares a product or a copy with one of the street
photo's shop photos is left out. In the training split `gap` and `margin` leave out more, because a shop photo that is
nearly as similar as the positive may show the same thing. Validation and test keep it: they judge the recommender too,
by facts and not by its own filter. All three photos are of one partition and split.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np

from core.codes import codes
from core.engine import run
from core.engines import Engine
from core.similarity import Floats, Similarity, squared_distances
from core.tables import Catalog, Column, StreetPairs, Triplets
from triplets.assemble import Side, triplets_of
from triplets.distances import Described, between
from triplets.groups import Group, Rows, generator, groups, rows_of
from triplets.params import MixParams
from triplets.provenance import params_hash
from triplets.rules import DRAWS, Mask, at, capped, ordered, sift, under_cap

_CANDIDATES = 2**22  # looked at together, so that memory stays small


@dataclass(frozen=True)
class Task:
    """The street photos of one partition and split, then its shop photos; labels (street + shop,).

    `positive` (street, p) are places among the shop photos, -1 where a street photo has fewer.
    """

    group: Group
    params: MixParams
    described: Described
    similarity: Similarity
    params_hash: str
    image_id: Column
    product: Rows
    copies: Rows
    positive: Rows

    @property
    def name(self) -> str:
        """The partition and the split."""
        return f"{self.group.partition} {self.group.split}"

    @property
    def size(self) -> int:
        """How many photos it reads."""
        return len(self.image_id)


def mine(
    street: Catalog, pairs: StreetPairs, features: Path, similarity: Similarity, params: MixParams, engine: Engine
) -> tuple[Triplets, Counter[str]]:
    """The wild triplets of the street collection, and how many candidates each rule rejected.

    Raises:
        TableError: a pair's photo is not in the collection, or an image has no vector or one that is not finite.
    """
    found = groups(street.take(street.domain == "street"))
    tasks = _tasks(street, pairs, features, similarity, params)
    tables, counts = [Triplets.from_rows([])], Counter({"wild.queries": 0, "wild.queries_without_positive": 0})
    counts["wild.queries_pseudo"] = int(pairs.pseudo.sum())
    for table, rejected in run(mine_in, tasks, engine=engine, label="wild triplets", total=len(found)):
        tables.append(table)
        counts.update(rejected)
    return Triplets.concat(tables), counts


def _tasks(
    street: Catalog, pairs: StreetPairs, features: Path, similarity: Similarity, params: MixParams
) -> Iterator[Task]:
    product, copies = codes(street.product_id), codes(street.duplicate_group)
    described, hashed = Described.find(features, street.image_id), params_hash(params, similarity)
    paired: dict[int, list[str]] = defaultdict(list)
    photos = rows_of(street.image_id, pairs.image_id, "street_pairs.parquet")
    for photo, name in zip(photos, pairs.product_id, strict=True):
        paired[int(photo)].append(name)
    for group in groups(street):
        of_street = street.domain[group.rows] == "street"
        photos, shops = group.rows[of_street], group.rows[~of_street]
        if len(photos) == 0:
            continue
        rows = np.concatenate([photos, shops])
        yield Task(
            group=group,
            params=params,
            described=described.take(rows),
            similarity=similarity.of(street.category[rows[0]]),
            params_hash=hashed,
            image_id=street.image_id[rows],
            product=product[rows],
            copies=copies[rows],
            positive=_places([paired[int(photo)] for photo in photos], street.product_id[shops]),
        )


def _places(paired: list[list[str]], shown: Column) -> Rows:
    """The places in `shown` (shop,) of each street photo's products, (street, p), padded with -1."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(shown):
        places[name].append(place)
    found = [[place for name in names for place in places[name]] for names in paired]
    padded = np.full((len(found), max(map(len, found))), -1, np.int64)
    for row, of_photo in enumerate(found):
        padded[row, : len(of_photo)] = of_photo
    return padded


def mine_in(task: Task) -> tuple[Triplets, Counter[str]]:
    """The wild triplets of one partition and split, and what was rejected."""
    count, most = task.positive.shape
    counts = Counter({"wild.queries": count, "wild.queries_without_positive": count})
    shops = len(task.image_id) - count
    if not most:
        return Triplets.from_rows([]), counts
    prepared = task.described.load()
    fused = task.similarity.fuse(prepared)
    fused = fused - fused.mean(axis=0)  # fewer digits cancel in the matrix product
    rng = generator(task.params.seed, "wild", task.group.partition, task.group.split)
    block = max(1, _CANDIDATES // (most * shops))
    offers = []
    for start in range(0, count, block):
        street = np.arange(start, min(start + block, count))
        distance = np.sqrt(squared_distances(fused[street], fused[count:]))
        offer, rejected = _offer(task, street, distance, rng)
        offers.append(offer)
        counts.update(rejected)
    table, rejected = _drawn(task, prepared, Offer.concat(offers), rng)
    counts.update(rejected)
    counts["wild.surplus"] = counts.pop("wild.allowed") - counts["wild.negative_cap"] - len(table)
    counts["wild.queries_without_positive"] -= counts["wild.queries_with_positive"]
    return table, counts


@dataclass(frozen=True)
class Offer:
    """What each street photo may draw, in order (street, l): places among the shop photos, -1 for none; the ranks of
    both for the street photo, and their fused distances to it.
    """

    positive: Rows
    negative: Rows
    positive_rank: Rows
    negative_rank: Rows
    positive_distance: Floats
    negative_distance: Floats

    @classmethod
    def concat(cls, offers: Sequence[Self]) -> Self:
        """The street photos of all `offers`."""
        return cls(*(np.concatenate([getattr(some, one.name) for some in offers]) for one in fields(cls)))


def _offer(task: Task, street: Rows, distance: Floats, rng: np.random.Generator) -> tuple[Offer, Counter[str]]:
    """The draws of some street photos, given their distances (street, shop) to every shop photo."""
    params, shop = task.params, len(task.positive) + np.arange(distance.shape[1])
    places = task.positive[street]
    exists = (places >= 0) & (task.copies[shop[places]] != task.copies[street, None])
    order = np.argsort(distance, axis=1, kind="stable")  # nearest first, as the rules have it
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(shop))[None, :], axis=1)
    to_positives = np.take_along_axis(distance, places, axis=1)  # where none exists, of any photo: never looked at
    related = np.take_along_axis(_related(task, street, shop, places, exists), order, axis=1)
    rules = {"same_product": related[:, None, :]}
    if task.group.split == "train":
        rules["gap"] = np.arange(len(shop)) < params.gap
        if params.margin is not None:
            rules["similarity"] = ~under_cap(to_positives, np.take_along_axis(distance, order, axis=1), params.margin)
    allowed, counts = sift(np.repeat(exists[:, :, None], len(shop), axis=2), rules, "wild")
    counts["wild.allowed"] = int(np.count_nonzero(allowed))
    counts["wild.queries_with_positive"] = int(np.count_nonzero(exists.any(axis=1)))
    length = min(DRAWS * params.per_pair, allowed.shape[1] * allowed.shape[2])
    draws = ordered(allowed, length, params.hardness, rng)
    positive, negative = at(places, draws.positive), at(order, draws.negative)
    offer = Offer(
        positive,
        negative,
        np.take_along_axis(rank, positive, axis=1) + 1,
        draws.negative + 1,
        np.take_along_axis(distance, positive, axis=1),
        np.take_along_axis(distance, negative, axis=1),
    )
    return offer, counts


def _drawn(
    task: Task, prepared: dict[str, Floats], offer: Offer, rng: np.random.Generator
) -> tuple[Triplets, Counter[str]]:
    """The triplets that are taken of the offers of all street photos."""
    params = task.params
    taken, refused = capped(offer.negative, params.per_pair, params.negative_cap, rng)
    street, turn = np.nonzero(taken)
    sides = []
    for name in ("positive", "negative"):
        shop = len(task.positive) + getattr(offer, name)[street, turn]
        # The fused distances that the rules have read are the ones that are written.
        apart = between(prepared, task.similarity, street, shop)
        apart["distance"] = getattr(offer, f"{name}_distance")[street, turn]
        sides.append(Side(task.image_id[shop], getattr(offer, f"{name}_rank")[street, turn], apart))
    table = triplets_of(task.image_id[street], *sides, kind="wild", split=task.group.split, params=task.params_hash)
    return table, Counter({"wild.negative_cap": refused})


def _related(task: Task, street: Rows, shop: Rows, places: Rows, exists: Mask) -> Mask:
    """Which shop photos (street, shop) are of the street photo's own products, or copies of it or of their photos."""
    related = (task.product[shop] == task.product[street, None]) | (task.copies[shop] == task.copies[street, None])
    for slot in range(places.shape[1]):
        positive = shop[places[:, slot]]
        for label in (task.product, task.copies):
            related |= exists[:, slot, None] & (label[shop] == label[positive, None])
    return related
