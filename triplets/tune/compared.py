"""Settings side by side: how well each agrees with the attributes of the photos and with judgements."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.attributes import attributes, carried
from core.candidates import Labels
from core.codes import MISSING, codes
from core.similarity import Similarity
from core.tables import Catalog
from triplets.distances import weights_of_each
from triplets.groups import Rows, generator, partitions
from triplets.judged.agreement import Estimate, ordered, share
from triplets.judged.judgements import Judgements
from triplets.judged.learn import Doubles
from triplets.judged.learned import Judged
from triplets.tune.side_by_side import nearest_by_each


@dataclass(frozen=True)
class Compared:
    """How well the setting `name` agrees with what it never saw.

    `attributes` has, by name, the mean share of a query's neighbours that carry its value; `chance` the same of all
    photos that those queries might have found; `queries` how many they are. All three are of those queries whose
    neighbours have a value by every setting, so they compare. The means are over attributes, None where there are
    none. `judgements` is the share that the setting orders as judged, None where nothing is judged.
    """

    name: str
    attributes: dict[str, float]
    chance: dict[str, float]
    queries: dict[str, int]
    mean: float | None
    mean_chance: float | None
    judgements: Estimate | None


def compare(
    catalog: Catalog,
    features: Path,
    settings: Mapping[str, Similarity],
    judgements: Judgements | None,
    *,
    queries: int,
    neighbors: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Compared]:
    """Compare `settings`, in their order, by what none of them was made from; all have the same scales.

    Sampled photos ask their whole partition; they are of the validation split where any is. The query's product and
    its copies are not counted. Photos without an attribute neither ask by it nor count.

    Args:
        queries: how many photos ask, at most.
        neighbors: how many of the nearest are looked at.
        progress: told how many photos have been gone through, of how many.

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    if not settings:
        return []
    values = {name: codes(of) for name, of in attributes(catalog).items()}
    places = _places(catalog, _sampled(catalog, values, queries, seed))
    by = list(settings.values())
    agree: dict[str, list[Doubles]] = {name: [np.empty((len(by), 0))] for name in values}
    chance: dict[str, list[Doubles]] = {name: [np.empty(0)] for name in values}
    labels, partition = Labels.of(catalog), codes(catalog.partition)
    random_of = {name: _by_chance(labels, partition, code) for name, code in values.items()}
    nearest = nearest_by_each(catalog, features, by, places, neighbors, progress)
    for (query, _), near in zip(places, nearest, strict=True):
        for name, code in values.items():
            agree[name].append(np.stack([_shared(code, query, one) for one in near]))
            chance[name].append(random_of[name][query])
    shares = {name: np.concatenate(parts, axis=1) for name, parts in agree.items()}  # (s, q)
    counted = {name: ~np.isnan(each).any(axis=0) for name, each in shares.items()}
    asking = {name: int(np.count_nonzero(each)) for name, each in counted.items() if each.any()}
    random = {name: float(np.concatenate(chance[name])[counted[name]].mean()) for name in asking}
    estimates = _judged(catalog, features, by, judgements)
    found = []
    for number, (setting, estimate) in enumerate(zip(settings, estimates, strict=True)):
        mean = {name: float(shares[name][number, counted[name]].mean()) for name in asking}
        found.append(Compared(setting, mean, random, asking, _mean(mean), _mean(random), estimate))
    return found


def _shared(code: Rows, query: Rows, found: Rows) -> Doubles:
    """The share of the photos `found` (q, k) that carry the value of each `query` (q,); NaN where it does not count."""
    shares, counted = carried(code[query], np.where(found >= 0, code[found], MISSING))
    return np.where(counted, shares, np.nan)


def _by_chance(labels: Labels, partition: Rows, code: Rows) -> Doubles:
    """The share of all photos that each of the n might find that carry its value: (n,)."""
    known = labels.others(partition, (code != MISSING).astype(np.int64))
    return labels.others(partition, code) / np.maximum(known, 1)


def _mean(values: Mapping[str, float]) -> float | None:
    return float(np.mean(list(values.values()))) if values else None


def _sampled(catalog: Catalog, values: Mapping[str, Rows], count: int, seed: int) -> Rows:
    """Up to `count` of the photos that carry a value, those of the validation split where there are any."""
    carries = np.zeros(len(catalog), np.bool_)
    for code in values.values():
        carries |= code != MISSING
    held = carries & (catalog.split == "val")
    asking = np.flatnonzero(held if held.any() else carries)
    return np.sort(generator(seed, "compare").choice(asking, min(count, len(asking)), replace=False))


def _places(catalog: Catalog, query: Rows) -> list[tuple[Rows, Rows]]:
    """The queries of each partition that has any, and all rows of it."""
    found = ((np.intersect1d(query, rows, assume_unique=True), rows) for rows in partitions(catalog).values())
    return [(inside, rows) for inside, rows in found if len(inside)]


def _judged(
    catalog: Catalog, features: Path, settings: list[Similarity], judgements: Judgements | None
) -> list[Estimate | None]:
    """The share of the judgements that each setting orders alike."""
    if judgements is None or len(judgements) == 0:
        return [None] * len(settings)
    judged = Judged.measure(judgements, catalog, features, settings[0])
    weights = [weights_of_each(setting, judged.category) for setting in settings]
    return [share(ordered(judged.apart, one), judged.query) for one in weights]
