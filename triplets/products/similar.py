"""Similar products: the nearest products of each product of a partition, exactly, one of each family of variants."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engine import run
from core.engines import Engine
from core.similarity import Floats, Similarity
from core.tables import DESCRIPTORS, Catalog, Seen, Similar
from triplets.distances import Described
from triplets.groups import Rows, partitions
from triplets.products.candidates import candidates
from triplets.products.changes import Before, Changes, Counts
from triplets.products.place import Place, rows_in
from triplets.products.ranking import Pairs, listed


@dataclass(frozen=True)
class Task:
    """A partition, how long its lists may be, and what the last run knew of it; None where that does not count."""

    place: Place
    k: int
    before: Before | None

    @property
    def name(self) -> str:
        """The partition."""
        return self.place.partition


@dataclass(frozen=True)
class Found:
    """The lists of a partition, what they were made from, and what of it is new since the last run."""

    lists: Similar
    seen: Seen
    counts: Counts


def similar(
    catalog: Catalog,
    features: Path,
    similarity: Similarity,
    family: Rows,
    k: int,
    engine: Engine,
    before: Mapping[str, Before] | None = None,
) -> Iterator[Found]:
    """The `k` nearest products of each product in its partition; fewer where it holds fewer families.

    Two products are as near as the nearest two of their photos there, of any split. The product's own family is left
    out, and of each other one the nearest product stands for it. Equal distances go to the smaller id. `family` (n,)
    numbers the photos as `families` does. A table per partition, in the catalog's order. With what was known `before`,
    by partition, only that is asked which may have changed: the lists are the same.

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    described = Described.find(features, catalog.image_id)
    found = partitions(catalog)
    known = before or {}
    tasks = (
        Task(Place.of(name, rows, catalog, described, similarity, family), k, known.get(name))
        for name, rows in found.items()
    )
    return run(similar_in, tasks, engine=engine, label="similar products", total=len(found))


def similar_in(task: Task) -> Found:
    """The similar products of one partition."""
    place, before = task.place, task.before
    fingerprint = place.fingerprints()
    if before is None:
        lists, counts = _all(place, task.k), Counts(new=len(place.first), touched=1)
    else:
        changes = Changes.since(before, place, fingerprint)
        lists, counts = _updated(place, task.k, before.lists, changes), changes.counts()
    partition = np.full(len(place.first), place.partition, object)
    return Found(lists, Seen(partition, place.product_id, place.product_id[place.family], fingerprint), counts)


def _all(place: Place, k: int) -> Similar:
    everything = np.ones(len(place.first), np.bool_)
    return _updated(place, k, Similar.from_rows([]), Changes(everything, ~everything, ~everything, 0, False))


def _updated(place: Place, k: int, before: Similar, changes: Changes) -> Similar:
    """The lists of today: found anew, or those of `before` with what is new among them."""
    kept = place.kept(k)
    asked = np.flatnonzero(changes.fresh | changes.anew)
    if kept == 0:
        return Similar.from_rows([])
    asking = rows_in(place.product_id, before.product_id)
    before = before.take((asking >= 0) & ~np.isin(asking, asked))
    if len(asked) == 0:
        return before
    prepared = place.described.load()
    reach = _reach(place, before, asked, k)
    parts, nearer = [], []
    for (mine, theirs), (fresh, others) in candidates(place, prepared, asked, kept, reach):
        parts.append(listed(place, Pairs.measured(place, prepared, mine, theirs), kept))
        known = changes.fresh[place.product[fresh]]
        nearer.append(Pairs.measured(place, prepared, others[known], fresh[known]))
    return Similar.concat([*parts, *_merged(place, before, Pairs.concat(nearer), kept)])


def _reach(place: Place, before: Similar, asked: Rows, k: int) -> Floats:
    """The distance (P,) up to which a new product is let into a product's list; -1 for those `asked` themselves."""
    reach = np.full(len(place.first), np.inf, np.float32)
    last = before.rank == k  # shorter lists have room
    reach[rows_in(place.product_id, before.product_id[last])] = before.distance[last]
    reach[asked] = -1
    return reach


def _merged(place: Place, before: Similar, nearer: Pairs, kept: int) -> list[Similar]:
    """The lists of `before` that no pair touches, and the others with the `nearer` ones among them."""
    touched = np.isin(rows_in(place.product_id, before.product_id), place.product[nearer.mine])
    old = before.take(touched)
    known = Pairs(
        rows_in(place.image_id, old.image_id),
        rows_in(place.image_id, old.similar_image_id),
        {name: getattr(old, name) for name in ("distance", *DESCRIPTORS)},
    )
    return [before.take(~touched), listed(place, Pairs.concat([known, nearer]), kept)]
