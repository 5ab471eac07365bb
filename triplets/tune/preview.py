"""The triplets that a setting would mine in one partition and split, before anything is written."""

from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np

from core.errors import InputError
from core.similarity import Similarity
from core.tables import Catalog, Triplets
from triplets.assemble import DISTANCES
from triplets.explained.explain import SIDES
from triplets.explained.text import guard_of
from triplets.groups import generator
from triplets.mine import drawn, sifted
from triplets.mining_tasks import Task, task_of
from triplets.offered import Offered, offered
from triplets.params import MineParams
from triplets.reports.rejections import rejections
from triplets.reports.words import NAMES, RULES
from triplets.rules import highest, similarity

_KINDS = ("in_class", "out_of_class")


@dataclass(frozen=True)
class Previewed:
    """A triplet that would be mined: its photos by id, their ranks for the query (0 for none), why it is allowed.

    `distances` are by side, those of `DISTANCES`; `guard` says how similar the negative may be, and how similar it is.
    """

    kind: str
    query: str
    positive: str
    negative: str
    positive_rank: int
    negative_rank: int
    distances: dict[str, dict[str, float]]
    guard: str


@dataclass(frozen=True)
class Preview:
    """The `triplets` that would be mined from the photos of a task."""

    task: Task
    offered: Offered
    triplets: Triplets

    def of(self, image_id: str) -> list[Previewed]:
        """The triplets that the photo asks for, in the order in which they are drawn."""
        return [self._shown(row) for row in np.flatnonzero(self.triplets.query_id == image_id).tolist()]

    def some(self, count: int, seed: int) -> list[Previewed]:
        """Up to `count` of all triplets, drawn by the `seed`, both kinds in turn as far as there are any."""
        rng = generator(seed, "preview", self.task.group.partition, self.task.group.split)
        of_kinds = [rng.permutation(np.flatnonzero(self.triplets.kind == kind)).tolist() for kind in _KINDS]
        in_turn = [row for row in chain.from_iterable(zip_longest(*of_kinds)) if row is not None]
        return [self._shown(row) for row in in_turn[:count]]

    def why(self, image_id: str) -> str:
        """Why the photo asks for no triplet, or for none of a kind, and what to turn; empty where it has both kinds.

        Raises:
            InputError: it is none of the partition and split.
        """
        group = self.task.group
        asking = np.flatnonzero(self.task.image_id[: len(group.rows)] == image_id)
        if not len(asking):
            raise InputError(f"{image_id} is no photo of {group.partition}, {group.split}. Preview its own partition.")
        query = int(asking[0])
        if not (self.offered.near.rows[query] >= 0).any():
            return f"No triplet: {group.partition} has no photo of another product in {group.split}. Add photos."
        if not self.offered.positive[query].any():
            _, change = RULES["positives.not_mutual"]
            most = self.task.params.positives
            return f"No triplet: it is among the {most:,} nearest of none of its own {most:,} nearest ({change})."
        kinds = set(self.triplets.kind[self.triplets.query_id == image_id])
        return " ".join(self._why_none(kind, query) for kind in _KINDS if kind not in kinds)

    def _why_none(self, kind: str, query: int) -> str:
        """Why a query that has positives has no triplet of a `kind`."""
        allowed, counts = sifted(self.task, kind, self.offered, slice(query, query + 1))
        if not counts[f"{kind}.considered"]:
            told = f"none of the few photos of other categories in {self.task.group.split} came to its partition"
        elif allowed.any():
            what, change = RULES[f"{kind}.negative_cap"]
            told = f"all candidates that the other rules allow: {_reason(what)} ({change})"
        else:
            told = "; ".join(
                f"{one.rejected:,} of {one.seen:,} candidates: {_reason(one.what)} ({one.change})"
                for one in rejections(counts)
                if one.rejected
            )
        return f"No {NAMES[kind]} triplet: {told}."

    def _shown(self, row: int) -> Previewed:
        of = {name: getattr(self.triplets, name)[row] for name in self.triplets.columns()}
        margin, apart = self.task.params.margin, {side: of[f"{side}_distance"] for side in SIDES}
        alike = {side: float(similarity(distance)) for side, distance in apart.items()}
        return Previewed(
            kind=of["kind"],
            query=of["query_id"],
            positive=of["positive_id"],
            negative=of["negative_id"],
            positive_rank=int(of["positive_rank"]),
            negative_rank=int(of["negative_rank"]),
            distances={side: {name: float(of[f"{side}_{name}"]) for name in DISTANCES} for side in SIDES},
            guard=guard_of(alike, float(highest(apart["positive"], margin)), margin, of["split"]),
        )


def _reason(what: str) -> str:
    """What a rule rejects, in words, without whose rule it is."""
    return what.split(": ", 1)[1]


def preview(catalog: Catalog, features: Path, similarity: Similarity, params: MineParams, row: int) -> Preview:
    """Exactly the triplets that `triplets mine` would write for the partition and split of a `row` of the catalog.

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    task = task_of(catalog, features, similarity, params, row)
    found = offered(task)
    return Preview(task, found, drawn(task, found).triplets)
