"""Why a triplet is there: its photos, what the rules have read of them, and the parameters that they obeyed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core.errors import InputError, TableError
from core.images import Pixels, PixelStore
from core.page import leaves
from core.paths import DETAILS, MIXED, TRIPLETS
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog, Triplets
from triplets.assemble import DISTANCES
from triplets.provenance import MadeBy, params_hash
from triplets.rules import VERSION, highest, similarity

SIDES = ("positive", "negative")


@dataclass(frozen=True)
class Photo:
    """One of the three photos: RGB uint8 (h, w, 3), what it shows, and its rank for the query, 0 for none."""

    image_id: str
    product_id: str
    partition: str
    pixels: Pixels
    rank: int


@dataclass(frozen=True)
class Explained:
    """A triplet and why it is there.

    `photos` are query, positive and negative; `distances` and `similarity` by side, those of `DISTANCES`; `parts` the
    shares of the descriptors in the fused squared distance. `cap` is the similarity up to which a negative was safe,
    None where nothing was capped; `changed` says what of the parameters is another now.
    """

    row: int
    kind: str
    split: str
    photos: dict[str, Photo]
    weights: dict[str, float]
    distances: dict[str, dict[str, float]]
    parts: dict[str, dict[str, float]]
    similarity: dict[str, float]
    margin: float | None
    cap: float | None
    made_by: MadeBy
    hash_now: str
    changed: list[str]


def row_of(triplets: Triplets, ids: Sequence[str]) -> int:
    """The row, from 1, of the triplet of query, positive and negative `ids`.

    Raises:
        InputError: there is none.
    """
    columns = triplets.query_id, triplets.positive_id, triplets.negative_id
    found = np.logical_and.reduce([column == one for column, one in zip(columns, ids, strict=True)])
    if not found.any():
        raise InputError(
            f"{MIXED / TRIPLETS} has no triplet of {', '.join(ids)}. Name a row from 1 to {len(triplets):,}."
        )
    return int(np.argmax(found)) + 1


def explain(
    triplets: Triplets,
    row: int,
    collections: Mapping[str, Catalog],
    photos: PixelStore,
    known: Mapping[str, MadeBy],
    now: Mapping[str, tuple[object, Similarity]],
) -> Explained:
    """All that is known of the triplet in a row, from 1.

    Args:
        collections: the photos of `catalog` and `street`.
        known: what made the triplets, by hash.
        now: the values of each section of params.yaml that makes triplets, and the distance that it gives.

    Raises:
        InputError: there is no such row.
        TableError: what made it is not known, or a photo of it is gone.
    """
    if not 1 <= row <= len(triplets):
        raise InputError(f"{MIXED / TRIPLETS} has rows from 1 to {len(triplets):,}. Received: {row:,}")
    of = {name: getattr(triplets, name)[row - 1] for name in triplets.columns()}
    if of["params"] not in known:
        raise TableError(f"{MIXED / DETAILS} does not know the parameters {of['params']}. Run dvc repro.")
    made_by = known[of["params"]]
    ranks = {"query": 0, "positive": of["positive_rank"], "negative": of["negative_rank"]}
    table = collections["street" if of["kind"] == "wild" else "catalog"]
    shown = {part: _photo(of[f"{part}_id"], int(rank), table, photos) for part, rank in ranks.items()}
    category = table.category[table.image_id == shown["query"].image_id][0]
    weights = Similarity(**made_by.similarity).of(category).weights
    distances = {side: {name: float(of[f"{side}_{name}"]) for name in DISTANCES} for side in SIDES}
    margin = None if of["kind"] == "wild" and of["split"] != "train" else made_by.params["margin"]
    section, distance = now[made_by.section]
    return Explained(
        row=row,
        kind=of["kind"],
        split=of["split"],
        photos=shown,
        weights=weights,
        distances=distances,
        parts={side: _parts(distances[side], weights) for side in SIDES},
        similarity={side: float(similarity(of[f"{side}_distance"])) for side in SIDES},
        margin=margin,
        cap=None if margin is None else float(highest(of["positive_distance"], margin)),
        made_by=made_by,
        hash_now=params_hash(section, distance),
        changed=_changed(made_by, MadeBy.of(made_by.section, section, distance)),
    )


def _photo(image_id: str, rank: int, table: Catalog, photos: PixelStore) -> Photo:
    found = table.take(table.image_id == image_id)
    if not len(found):
        raise TableError(f"{MIXED / TRIPLETS}: the catalog lacks the image {image_id}. Run dvc repro.")
    return Photo(image_id, found.product_id[0], found.partition[0], photos[image_id], rank)


def _parts(distances: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    """The share of each descriptor in the fused squared distance, the weighted sum of the squared ones; 0 of copies."""
    squared = {name: weights[name] * distances[name] ** 2 for name in DESCRIPTORS}
    whole = sum(squared.values())
    return {name: part / whole if whole else 0.0 for name, part in squared.items()}


def _changed(then: MadeBy, now: MadeBy) -> list[str]:
    """What is another now, in words, such as `triplets.mine.margin was 0.05, is 0.1`."""
    was, is_ = (_values(made_by) for made_by in (then, now))
    return [
        f"{name} was {was.get(name, 'absent')}, is {is_.get(name, 'absent')}"
        for name in sorted(was | is_)
        if was.get(name) != is_.get(name)
    ] + ([f"the rules were {then.rules}, are {VERSION}"] if then.rules != VERSION else [])


def _values(made_by: MadeBy) -> dict[str, str]:
    told = asdict(made_by)
    values = [*leaves(made_by.section, told["params"]), *leaves("similarity", told["similarity"])]
    return {name: value for name, value in values if value != "{}"}  # no category with weights of its own
