"""Judge every system on the test split by the same measures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from core.errors import InputError, TableError
from core.similarity import Floats
from core.tables import KINDS, Catalog, Triplets
from train import agreement, metrics, retrieval
from train.agreement import Agreement
from train.params import EvaluateParams
from train.retrieval import Retrieval
from train.systems import System

_CHUNK = 4096  # triplets


@dataclass(frozen=True)
class Accuracy:
    """Triplet accuracy, ties counted as half, and the share of ties, over `count` triplets of one kind."""

    accuracy: float
    ties: float
    count: int


@dataclass(frozen=True)
class Evaluation:
    """What one system reaches. `triplets` is by kind, the kinds that occur; street is empty without street photos."""

    system: str
    triplets: dict[str, Accuracy]
    same_product: Retrieval
    street_to_shop: Retrieval
    attributes: Agreement
    category: Agreement


def evaluate(
    systems: Sequence[System], catalog: Catalog, street: Catalog, triplets: Triplets, params: EvaluateParams
) -> list[Evaluation]:
    """Judge `systems` on the test split of both collections, by exact distances, one after the other.

    Attribute agreement alone lets test photos ask the whole catalog: a partition's test photos are too few to rank,
    and no system was fitted to the attributes of either.

    Raises:
        InputError: no test photos in the catalog.
        TableError: a system lacks the vector of a photo.
    """
    asking = catalog.split == "test"
    photos, wild = catalog.take(asking), street.take(street.split == "test")
    if not len(photos):
        raise InputError("no catalog photo is of the split test. Raise curate.split.test or add products.")
    test = triplets.take(triplets.split == "test")
    evaluations = []
    for system in tqdm(systems, desc="evaluate", unit="system", delay=2):
        vectors, of_street = system.vectors(photos.image_id), system.vectors(wild.image_id)
        inside = system.inside(catalog.image_id, catalog.category)
        wild_inside = system.inside(wild.image_id, wild.category)
        ids = np.concatenate([photos.image_id, wild.image_id])
        apart = np.concatenate([vectors, of_street]), np.concatenate([inside[asking], wild_inside])
        evaluations.append(
            Evaluation(
                system.name,
                _by_kind(test, ids, *apart),
                retrieval.same_product(photos, vectors, params.ks),
                retrieval.street_to_shop(wild, wild_inside, params.ks),
                agreement.inside_partitions(catalog, inside, params.neighbors, asking),
                agreement.on_category(photos, vectors, params.neighbors),
            )
        )
    return evaluations


def _by_kind(triplets: Triplets, image_ids: npt.NDArray, vectors: Floats, inside: Floats) -> dict[str, Accuracy]:
    """`vectors` judge the kind whose photos are of two categories, by the weights of all; `inside` the others."""
    places = {image_id: place for place, image_id in enumerate(image_ids)}
    try:
        query, positive, negative = (
            np.array([places[image_id] for image_id in column], np.int64)
            for column in (triplets.query_id, triplets.positive_id, triplets.negative_id)
        )
    except KeyError as error:
        raise TableError(f"a test triplet names {error.args[0]}, which is no test photo now. Run dvc repro.") from None
    by_kind = {}
    for kind in KINDS:
        chosen = triplets.kind == kind
        if chosen.any():
            space = vectors if kind == "out_of_class" else inside
            near, far = (_distances(space, query[chosen], other[chosen]) for other in (positive, negative))
            accuracy, ties = metrics.triplet_accuracy(near, far)
            by_kind[kind] = Accuracy(accuracy, ties, int(chosen.sum()))
    return by_kind


def _distances(vectors: Floats, first: npt.NDArray, second: npt.NDArray) -> Floats:
    """L2 of pairs of rows (n,), by differences: a matrix product would make ties of distances that are not."""
    parts = [
        np.linalg.norm(vectors[first[start : start + _CHUNK]] - vectors[second[start : start + _CHUNK]], axis=1)
        for start in range(0, len(first), _CHUNK)
    ]
    return np.concatenate([np.empty(0, np.float32), *parts])


def as_metrics(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """Nested numbers for `dvc metrics`: systems, their bounds, what was counted. What does not exist is absent."""
    one = evaluations[0]
    return {
        "systems": {evaluation.system: _scores(evaluation) for evaluation in evaluations},
        "chance": {"attributes": one.attributes.chance, **one.category.chance},
        "ceiling": {"attributes": one.attributes.ceiling, **one.category.ceiling},
        "counts": {
            "triplets": {kind: result.count for kind, result in one.triplets.items()},
            "same_product": _counts(one.same_product),
            "street_to_shop": _counts(one.street_to_shop),
            "attributes": {"queries": one.attributes.queries, "lone": one.attributes.lone},
            "category": {"queries": one.category.queries.get("category", 0), "lone": one.category.lone},
        },
    }


def _scores(evaluation: Evaluation) -> dict[str, Any]:
    scores: dict[str, Any] = {
        "triplet_accuracy": {kind: result.accuracy for kind, result in evaluation.triplets.items()},
        "ties": {kind: result.ties for kind, result in evaluation.triplets.items()},
    }
    for name, found in (("same_product", evaluation.same_product), ("street_to_shop", evaluation.street_to_shop)):
        if found.queries:
            scores[name] = {**found.micro, "macro": found.macro}
    return {**scores, "attributes": evaluation.attributes.shares, **evaluation.category.shares}


def _counts(found: Retrieval) -> dict[str, int]:
    return {
        "queries": found.queries,
        "left_out": found.left_out,
        "gallery": found.gallery,
        "products": found.products,
    }
