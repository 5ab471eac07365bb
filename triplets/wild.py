"""Wild triplets: a street photo, a shop photo of its product, a shop photo of another product.

The pair is known, not guessed, so the negative may be near; what shares a product or a copy with one of the street
photo's shop photos is left out. In the training split `gap` and `margin` leave out more, because a shop photo that is
nearly as similar as the positive may show the same thing. Validation and test keep it: they judge the recommender too,
by facts and not by its own filter. All three photos are of one partition and split.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import engine
from core.codes import codes
from core.similarity import Floats, Similarity, squared_distances
from core.tables import Catalog, Column, StreetPairs, Triplets
from triplets.assemble import triplets_of
from triplets.distances import between, load
from triplets.groups import Group, Rows, generator, groups, rows_of
from triplets.params import MixParams
from triplets.rules import Mask, sift, spread, under_cap

_CANDIDATES = 2**22  # looked at together, so that memory stays small


@dataclass(frozen=True)
class Task:
    """The street photos of one partition and split, then its shop photos; labels (street + shop,).

    `positive` (street, p) are places among the shop photos, -1 where a street photo has fewer.
    """

    group: Group
    params: MixParams
    features: Path
    similarity: Similarity
    image_id: Column
    product: Rows
    copies: Rows
    positive: Rows


def mine(
    street: Catalog, pairs: StreetPairs, features: Path, similarity: Similarity, params: MixParams, workers: int
) -> tuple[Triplets, Counter[str]]:
    """The wild triplets of the street collection, and how many candidates each rule rejected.

    Raises:
        TableError: a pair's photo is not in the collection, or an image has no vector.
    """
    found = groups(street.take(street.domain == "street"))
    tasks = _tasks(street, pairs, features, similarity, params)
    tables, counts = [Triplets.from_rows([])], Counter({"wild.queries": 0, "wild.queries_without_positive": 0})
    counts["wild.queries_pseudo"] = int(pairs.pseudo.sum())
    for table, rejected in engine.run(mine_in, tasks, workers=workers, label="wild triplets", total=len(found)):
        tables.append(table)
        counts.update(rejected)
    return Triplets.concat(tables), counts


def _tasks(
    street: Catalog, pairs: StreetPairs, features: Path, similarity: Similarity, params: MixParams
) -> Iterator[Task]:
    product, copies = codes(street.product_id), codes(street.duplicate_group)
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
            features=features,
            similarity=similarity,
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
    shops = len(task.image_id) - count
    counts = Counter({"wild.queries": count})
    tables = [Triplets.from_rows([])]
    if most:
        prepared = load(task.features, task.image_id)
        fused = task.similarity.fuse(prepared)
        fused = fused - fused.mean(axis=0)  # fewer digits cancel in the matrix product
        rng = generator(task.params.seed, "wild", task.group.partition, task.group.split)
        block = max(1, _CANDIDATES // (most * shops))
        for start in range(0, count, block):
            street = np.arange(start, min(start + block, count))
            distance = np.sqrt(squared_distances(fused[street], fused[count:]))
            table, rejected = _draw(task, prepared, street, distance, rng)
            tables.append(table)
            counts.update(rejected)
    table = Triplets.concat(tables)
    counts["wild.queries_without_positive"] = count - counts["wild.queries_with_positive"]
    return table, counts


def _draw(
    task: Task, prepared: dict[str, Floats], street: Rows, distance: Floats, rng: np.random.Generator
) -> tuple[Triplets, Counter[str]]:
    """Triplets of some street photos, given their distances (street, shop) to every shop photo."""
    shop = len(task.positive) + np.arange(distance.shape[1])
    places = task.positive[street]
    exists = (places >= 0) & (task.copies[shop[places]] != task.copies[street, None])
    to_positives = np.take_along_axis(distance, places, axis=1)  # where none exists, of any photo: never looked at
    rules = {"same_product": _related(task, street, shop, places, exists)[:, None, :]}
    if task.group.split == "train":
        rules["gap"] = _nearest(distance, task.params.gap)[:, None, :]
        if task.params.margin is not None:
            rules["similarity"] = ~under_cap(to_positives, distance, task.params.margin)
    candidates = np.repeat(exists[:, :, None], len(shop), axis=2)
    allowed, counts = sift(candidates, rules, "wild")
    query, slot, negative = spread(allowed, task.params.per_pair, rng)
    counts["wild.surplus"] = int(np.count_nonzero(allowed) - len(query))
    counts["wild.queries_with_positive"] = int(np.count_nonzero(exists.any(axis=1)))

    rank = 1 + (distance[:, None, :] < to_positives[:, :, None]).sum(axis=2)
    positive = places[query, slot]
    # The distances that the rules have read are the ones that are written.
    near = between(prepared, task.similarity, street[query], shop[positive])
    far = between(prepared, task.similarity, street[query], shop[negative])
    near["distance"], far["distance"] = distance[query, positive], distance[query, negative]
    ids = task.image_id[street[query]], task.image_id[shop[positive]], task.image_id[shop[negative]]
    return triplets_of(ids, "wild", task.group.split, rank[query, slot], near, far), counts


def _nearest(distance: Floats, count: int) -> Mask:
    """Which of each row's distances are among its `count` smallest."""
    if count == 0:
        return np.zeros(distance.shape, np.bool_)
    last = min(count, distance.shape[1]) - 1
    return distance <= np.partition(distance, last, axis=1)[:, last, None]


def _related(task: Task, street: Rows, shop: Rows, places: Rows, exists: Mask) -> Mask:
    """Which shop photos (street, shop) are of the street photo's own products, or copies of it or of their photos."""
    related = (task.product[shop] == task.product[street, None]) | (task.copies[shop] == task.copies[street, None])
    for slot in range(places.shape[1]):
        positive = shop[places[:, slot]]
        for label in (task.product, task.copies):
            related |= exists[:, slot, None] & (label[shop] == label[positive, None])
    return related
