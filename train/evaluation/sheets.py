"""Queries with their neighbours, for the eye: the best, the worst, and some in between."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.attributes import attributes
from core.codes import MISSING, codes
from core.search import Rows
from core.tables import Catalog
from train.evaluation.agreement import agreement, overlap
from train.evaluation.judgement import Judgement

SHOWN = ("recommender", "trained")
COLUMNS = 5  # neighbours per system


@dataclass(frozen=True)
class Neighbor:
    """A photo that was found, and which of the query's `asked` attributes it shares; no more is known of a hit."""

    image_id: str
    shared: list[str]
    asked: int

    @property
    def hit(self) -> str:
        """`all`, `some` or `none` of what was asked."""
        return "none" if not self.shared else "all" if len(self.shared) == self.asked else "some"


@dataclass(frozen=True)
class Query:
    """A test photo, its score by the trained network, and its nearest by each system of `SHOWN`."""

    image_id: str
    partition: str
    score: float
    found: dict[str, list[Neighbor]]


@dataclass(frozen=True)
class Sheets:
    """Queries by the name of their sheet, what they are ranked by, and what each frame of a photo says, in words."""

    measure: str
    frames: dict[str, str]
    queries: dict[str, list[Query]]


_VALUES = {"all": "shares all of the query's values", "some": "shares some", "none": "shares none"}
_NEAREST = {"all": "among the recommender's nearest", "none": "not among them"}


def sheets(judgement: Judgement, catalog: Catalog, count: int, seed: int) -> Sheets:
    """`count` of the best queries, of the worst, and evenly from in between.

    The measure is the share of a query's nearest by the trained network that carry its attribute values, the mean over
    the attributes; where there are no attributes, the share of the recommender's nearest that are among them. One
    query per product, ties in the order that the `seed` draws.
    """
    asking = catalog.split == "test"
    found = {one.system: one.found for one in judgement.evaluations}
    shares = agreement(catalog, found["trained"], asking).shares
    if shares:
        known = np.stack(list(shares.values()))
        counted = np.isfinite(known).sum(axis=0)
        score = np.where(counted > 0, np.nansum(known, axis=0) / np.maximum(counted, 1), np.nan)
        measure = "the share of a query's nearest that carry its values, the mean over the attributes"
    else:
        score = overlap(found["trained"], found["recommender"])
        measure = "the share of the recommender's nearest that are among those of the trained network"
    marks = _Marks(catalog, shares, np.flatnonzero(asking), found["recommender"])
    order = _ranked(score, catalog.product_id[asking], seed)
    chosen = {
        "best": order[:count],
        "between": order[np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))],
        "worst": order[::-1][:count],
    }
    test = np.flatnonzero(asking)

    def query(place: int) -> Query:
        of_systems = {name: [marks(place, row) for row in found[name][place] if row >= 0][:COLUMNS] for name in SHOWN}
        row = test[place]
        return Query(catalog.image_id[row], catalog.partition[row], float(score[place]), of_systems)

    queries = {name: [query(int(place)) for place in places] for name, places in chosen.items() if len(places)}
    return Sheets(measure, _VALUES if shares else _NEAREST, queries)


class _Marks:
    """What a found photo shares with a query."""

    def __init__(self, catalog: Catalog, shares: Mapping[str, npt.NDArray], test: Rows, reference: Rows) -> None:
        values = attributes(catalog)
        self._catalog, self._test, self._reference = catalog, test, reference
        self._codes = {name: codes(values[name]) for name in shares}

    def __call__(self, place: int, row: int) -> Neighbor:
        image_id = self._catalog.image_id[row]
        if not self._codes:
            return Neighbor(image_id, ["recommender"] if row in self._reference[place] else [], 1)
        own = {name: code[self._test[place]] for name, code in self._codes.items()}
        asked = {name: value for name, value in own.items() if value != MISSING}
        shared = [name for name, value in asked.items() if self._codes[name][row] == value]
        return Neighbor(image_id, shared, len(asked))


def _ranked(score: npt.NDArray[np.float64], product: npt.NDArray, seed: int) -> Rows:
    """The places (q,) of the queries that have a score, the highest first; of each product the one drawn first."""
    drawn = np.random.default_rng(seed).permutation(len(score))
    drawn = drawn[np.isfinite(score[drawn])]
    drawn = drawn[np.sort(np.unique(codes(product[drawn]), return_index=True)[1])]
    return drawn[np.argsort(-score[drawn], kind="stable")]
