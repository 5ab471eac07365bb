"""Similar products: the nearest products of each product of a partition, exactly, one of each family of variants."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Self

import numpy as np

from core.attempts import Failure, Failures
from core.engine import run
from core.engines import LOCAL, Engine
from core.similarity import Floats, Similarity
from core.tables import DESCRIPTORS
from triplets.distances import Described
from triplets.groups import Rows
from triplets.products.candidates import candidates
from triplets.products.changes import Mask
from triplets.products.photos import Photos
from triplets.products.place import Place
from triplets.products.places import Places
from triplets.products.ranking import Pairs, listed

_PART = 2**25  # products asked x photos of their partition, in one task: a giant partition is many of them
_SMALL = 2**22  # likewise, in all tasks: what is done sooner than a worker has started


@dataclass(frozen=True)
class Task:
    """Products `asked` (a,) of a partition, ascending; `reach` (P,) is how near they must be to enter another's list.

    It is -1 for a product that is asked itself, or where nobody wants to know.
    """

    number: int
    place: Place
    asked: Rows
    reach: Floats
    k: int

    @property
    def name(self) -> str:
        """The partition."""
        return self.place.partition

    @property
    def size(self) -> int:
        """The photos that the products are compared with."""
        return len(self.place)


@dataclass(frozen=True)
class Found:
    """Of the partition `number`: the lists of the products asked, as pairs, and where others have them within reach."""

    number: int
    lists: Pairs
    nearer: Pairs


@dataclass(frozen=True)
class Search:
    """What is asked and by whom: `described` has the vectors of the photos (n,) of `places`, lists are up to `k` long.

    `failed` takes the partitions that cannot be searched; those that lack vectors are there from the first.
    """

    places: Places
    described: Described
    similarity: Similarity
    k: int
    engine: Engine
    failed: Failures

    @classmethod
    def of(cls, photos: Photos, family: Rows, features: Path, similarity: Similarity, k: int, engine: Engine) -> Self:
        """A search among the catalog's photos, which `family` numbers as `families` does.

        Raises:
            TableError: a descriptor's file is missing.
        """
        places = Places.of(photos, family)
        search = cls(places, Described.look(features, places.image_id), similarity, k, engine, Failures())
        for name in DESCRIPTORS:
            for row in np.flatnonzero(search.described.rows[name] < 0).tolist():
                lacks = search.described.lacks(name, str(places.image_id[row]))
                search.fail(Failure(places.name(places.partition[places.product[row]]), lacks))
        return search

    def fail(self, failure: Failure) -> None:
        """Put a partition aside, with the first thing that was wrong with it."""
        if failure.task not in {one.task for one in self.failed}:
            self.failed.append(failure)

    def missed(self) -> Rows:
        """The numbers of the partitions that have failed."""
        names = {one.task for one in self.failed}
        return np.flatnonzero([name in names for name in self.places.names.to_pylist()])

    def tasks(self, asked: Mask, reach: Floats) -> Iterator[Task]:
        """A task per partition of which any product is asked."""
        missed = self.missed()
        for number in np.unique(self.places.partition[asked]).tolist():
            if self.places.families[number] > 1 and number not in missed:
                products = slice(*self.places.edges[number : number + 2].tolist())
                place = self.places.place(number, self.described, self.similarity)
                yield Task(number, place, np.flatnonzero(asked[products]), reach[products], self.k)


def similar(search: Search, asked: Mask | None = None, reach: Floats | None = None) -> Iterator[Found]:
    """The nearest products of each product in its partition; fewer where it holds fewer families.

    Two products are as near as the nearest two of their photos there, of any split. The product's own family is left
    out, and of each other one the nearest product stands for it. Equal distances go to the smaller id.

    Args:
        search: takes the partitions of which something failed; they have no result.
        asked: (S,) the products to ask, all where None.
        reach: (S,) how near a product must be to enter another's list, -1 where nobody wants to know; None is that.

    Yields:
        The partitions where any product is asked and there are others, in their order; photos are those of the places.

    Raises:
        MildnetError: all partitions have failed.
    """
    places, engine, failed = search.places, search.engine, Failures()
    everybody, nobody = np.ones(len(places), np.bool_), np.full(len(places), -1, np.float32)
    tasks = list(search.tasks(everybody if asked is None else asked, nobody if reach is None else reach))
    if engine.name == "processes" and sum(len(task.asked) * len(task.place) for task in tasks) < _SMALL:
        engine = LOCAL
    parts_of = {task.number: shares(task) for task in tasks}
    parts = (replace(task, asked=some) for task in tasks for some in parts_of[task.number])
    total = sum(map(len, parts_of.values()))
    results = run(similar_in, parts, engine=engine, label="similar products", total=total, failed=failed)
    for number, some in groupby(results, key=lambda found: found.number):
        found = list(some)
        if len(found) == len(parts_of[number]):
            start = places.photos_of(number).start
            yield Found(
                number,
                Pairs.concat([one.lists for one in found]).moved(start),
                Pairs.concat([one.nearer for one in found]).moved(start),
            )
    for failure in failed:
        search.fail(failure)
    if search.failed and len(search.missed()) == len(places.names):
        raise search.failed[0].error


def shares(task: Task) -> list[Rows]:
    """The products asked, in as many runs as no worker is held by one for long."""
    size = max(1, _PART // len(task.place))
    return [task.asked[start : start + size] for start in range(0, len(task.asked), size)]


def similar_in(task: Task) -> Found:
    """The similar products of a partition, or of some of its products."""
    place, kept = task.place, task.place.kept(task.k)
    lists, nearer = [Pairs.none()], [Pairs.none()]
    for loaded, (mine, theirs), (fresh, others) in candidates(place, task.asked, kept, task.reach):
        # Most of both are the same pairs.
        pairs = Pairs.measured(place, loaded, np.concatenate([mine, others]), np.concatenate([theirs, fresh]))
        lists.append(listed(place.product, place.family, pairs.take(slice(len(mine))), kept))
        nearer.append(pairs.take(slice(len(mine), None)))
    return Found(task.number, Pairs.concat(lists), Pairs.concat(nearer))
