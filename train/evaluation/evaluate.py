"""Judge every system on the test split by the same measures."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from core.errors import InputError
from core.tables import KINDS, Catalog, Triplets
from train import metrics
from train.evaluation import street as protocols
from train.evaluation.agreement import overlap
from train.evaluation.bootstrap import Estimate, Resampling, Scores
from train.evaluation.counts import counts
from train.evaluation.judgement import Bounds, Evaluation, Judgement, Measured
from train.evaluation.seen import Seen, look
from train.evaluation.triplets import Placed
from train.params import EvaluateParams
from train.systems import System


def evaluate(
    systems: Sequence[System], catalog: Catalog, street: Catalog, triplets: Triplets, params: EvaluateParams
) -> Judgement:
    """Judge `systems` on the test split of both collections, by exact distances, one after the other.

    Attribute agreement alone lets test photos ask the whole catalog: a partition's test photos are too few to rank,
    and no system was fitted to the attributes of either.

    Raises:
        InputError: no test photos in the catalog.
        TableError: a system lacks the vector of a photo.
    """
    asking = catalog.split == "test"
    if not asking.any():
        raise InputError("no catalog photo is of the split test. Raise curate.split.test or add products.")
    placed = dict(_placed(catalog, street, triplets))
    draws = dict(_draws(catalog, street, placed, params))
    evaluations: list[Evaluation] = []
    for system in tqdm(systems, desc="evaluate", unit="system", delay=2):
        seen = look(system, catalog, street, placed, params)
        ties = {kind: float(np.mean(scores == metrics.TIE)) for kind, scores in seen.triplets.items()}
        dimensions = system.vectors(catalog.image_id[:1]).shape[1]
        evaluations.append(Evaluation(system.name, dimensions, _scores(seen, draws, params), ties, seen.found))
        if len(evaluations) == 1:
            bounds = _bounds(seen)
            counted = counts(seen, catalog, street)
    found = {one.system: one.found for one in evaluations}
    if "recommender" in found:
        for one in evaluations:
            shared = overlap(one.found, found["recommender"])
            one.scores["overlap"] = draws["inside"].scores({"overlap": shared})
    return Judgement(evaluations, *bounds, counted)


def _placed(catalog: Catalog, street: Catalog, triplets: Triplets) -> Iterator[tuple[str, Placed]]:
    photos = Catalog.concat([some.take(some.split == "test") for some in (catalog, street)])
    for kind in KINDS:
        chosen = (triplets.kind == kind) & (triplets.split == "test")
        if chosen.any():
            yield kind, Placed.of(triplets.take(chosen), photos)


def _draws(
    catalog: Catalog, street: Catalog, placed: dict[str, Placed], params: EvaluateParams
) -> Iterator[tuple[str, Resampling]]:
    """One resampling for all systems, by kind of triplet or by who asks."""
    asking = {kind: of.photos.take(of.query) for kind, of in placed.items()}
    asking["inside"] = catalog.take(catalog.split == "test")
    asking["street"] = street.take(protocols.asking(street))
    for name, photos in asking.items():
        yield name, Resampling(photos.product_id, photos.category, resamples=params.resamples, seed=params.seed)


def _scores(seen: Seen, draws: dict[str, Resampling], params: EvaluateParams) -> Measured:
    inside, street = draws["inside"], draws["street"]
    by_kind = {kind: draws[kind].scores({kind: scores})[kind] for kind, scores in seen.triplets.items()}
    attributes = inside.scores(seen.agreement.shares)
    category = inside.scores({"category": seen.among.category})
    labels = [*category.values(), *attributes.values()]
    return {
        "mean_attributes": {"mean_attributes": _mean(list(attributes.values()))} if attributes else {},
        "mean_labels": {"mean_labels": _mean(labels)} if attributes and category else {},
        "attributes": attributes,
        "category": category,
        "triplet_accuracy": by_kind,
        "same_product": inside.scores(seen.among.same_product),
        "within_category": street.scores(protocols.within_scores(seen.within, params.ks)),
        "all_categories": street.scores(protocols.all_scores(seen.across, params.ks)),
    }


def _mean(scores: Sequence[Scores]) -> Scores:
    """Each label counts alike; a query counts that has any."""
    micro, macro = (Estimate.mean([getattr(one, name) for one in scores]) for name in ("micro", "macro"))
    return Scores(micro, macro, max(one.queries for one in scores))


def _bounds(seen: Seen) -> tuple[Bounds, Bounds]:
    """Chance and ceiling of the attributes and of the category, over the queries that count."""
    return _averages(seen.agreement.chance, seen.among.chance), _averages(seen.agreement.ceiling, seen.among.ceiling)


def _averages(attributes: dict[str, npt.NDArray[np.float64]], category: npt.NDArray[np.float64]) -> Bounds:
    known = category[np.isfinite(category)]
    each = {name: float(np.nanmean(values)) for name, values in attributes.items()}
    of_category = {"category": float(known.mean())} if len(known) else {}
    labels = [*of_category.values(), *each.values()]
    return {
        "attributes": each,
        "mean_attributes": {"mean_attributes": float(np.mean(list(each.values())))} if each else {},
        "mean_labels": {"mean_labels": float(np.mean(labels))} if each and of_category else {},
        "category": of_category,
    }
