"""What judgements teach: weights for all and for categories, compared with the present ones."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

from core.errors import InputError
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog, Column
from triplets.distances import between, load
from triplets.groups import Rows, generator
from triplets.judged.agreement import Estimate, gain, ordered, out_of_fold, share
from triplets.judged.judgements import Judgements
from triplets.judged.learn import Doubles, Learnt, Posterior
from triplets.judged.options import Options
from triplets.params import RecommendParams, Weights
from triplets.similarity import of_sum_1

_EVIDENCE = float(np.log(20))  # below it a coin explains the judgements about as well
_WIDEST = 0.5  # interval of a weight that still tells something
_DIGITS = 3  # of a weight that is written


@dataclass(frozen=True)
class Judged:
    """Judgements (n,) as numbers: the rows of their queries, the queries' categories, and what weights act on.

    `apart` (n, d) is the squared scaled distance to the query of the photo not chosen less that of the chosen one.
    """

    query: Rows
    category: Column
    apart: Doubles

    @classmethod
    def measure(cls, judgements: Judgements, catalog: Catalog, features: Path, similarity: Similarity) -> Self:
        """Read the vectors of the judged photos alone.

        Raises:
            TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
        """
        closer = np.where(judgements.a_closer, judgements.a, judgements.b)
        other = np.where(judgements.a_closer, judgements.b, judgements.a)
        shown, places = np.unique(np.concatenate([judgements.query, closer, other]), return_inverse=True)
        query, near, far = places.reshape(3, -1)
        prepared = load(features, catalog.image_id[shown])
        nearer, further = between(prepared, similarity, query, near), between(prepared, similarity, query, far)
        apart = np.stack(
            [
                np.square(further[name], dtype=np.float64) - np.square(nearer[name], dtype=np.float64)
                for name in DESCRIPTORS
            ],
            axis=1,
        )
        return cls(judgements.query, catalog.category[judgements.query], apart)

    def counts(self) -> dict[str, int]:
        """How many judgements there are of `all` and of each category."""
        names, counts = np.unique(self.category.astype(str), return_counts=True)
        return {"all": len(self.category)} | {str(name): int(count) for name, count in zip(names, counts, strict=True)}


@dataclass(frozen=True)
class Learned:
    """Weights learnt from judgements beside the present ones, and the share of judgements that each system agrees with.

    `shares` has, for `all` and per category, an estimate per system; `gain` is that of the learnt weights over the
    present ones. What concerns learnt weights was measured on judgements that they were not learnt from.
    """

    present: RecommendParams
    learnt: Learnt
    shares: dict[str, dict[str, Estimate]]
    gain: Estimate

    @classmethod
    def of(cls, judged: Judged, present: RecommendParams, options: Options) -> Self:
        """Learn from judgements and compare.

        Raises:
            InputError: there are too few judgements or queries, or they tell no weights.
        """
        _refuse_too_few(judged, options)
        names, counts = np.unique(judged.category.astype(str), return_counts=True)
        several = len(names) > 1  # one category's own weights would be those of all
        own = {str(name): options.shrinkage for name in names[counts >= options.least_per_category] if several}
        learnt = Learnt.of(judged.apart, judged.category, own)
        _refuse_if_untold(learnt.overall)
        agree = _agreements(judged, present, own, options)
        shares = {"all": {system: share(values, judged.query) for system, values in agree.items()}}
        for name in names if several else ():
            of_it = judged.category == name
            shares[str(name)] = {system: share(values[of_it], judged.query[of_it]) for system, values in agree.items()}
        rng = generator(options.seed, "gain")
        return cls(present, learnt, shares, gain(agree["learnt"], agree["present"], judged.query, rng))

    def before(self, category: str) -> dict[str, float]:
        """The present weights of `category`, or of `all`, brought to a sum of 1."""
        return of_sum_1(self.present.category_weights.get(category, self.present.weights))


def rounded(weights: Iterable[float]) -> dict[str, float]:
    """Weights (d,) that sum to 1 by descriptor, rounded; they still sum to 1, for the largest takes what is left."""
    some = [round(float(weight), _DIGITS) for weight in weights]
    largest = some.index(max(some))
    some[largest] = round(1 - sum(some[:largest] + some[largest + 1 :]), _DIGITS)
    return dict(zip(DESCRIPTORS, some, strict=True))


def _agreements(
    judged: Judged, present: RecommendParams, own: Mapping[str, float], options: Options
) -> dict[str, Doubles]:
    """Which judgements each system orders as judged (n,): the learnt weights, the present ones, each descriptor."""
    theirs = {name: _array(weights) for name, weights in present.category_weights.items()}
    now = np.array([theirs.get(name, _array(present.weights)) for name in judged.category])
    rng = generator(options.seed, "folds")
    then = out_of_fold(judged.apart, judged.query, judged.category, own, theirs, options.folds, rng)
    alone = dict(zip(DESCRIPTORS, np.eye(len(DESCRIPTORS)), strict=True))
    systems = {"learnt": then, "present": now, **alone}
    return {system: ordered(judged.apart, weights) for system, weights in systems.items()}


def _array(weights: Weights) -> Doubles:
    return np.array([asdict(weights)[name] for name in DESCRIPTORS], np.float64)


def _refuse_too_few(judged: Judged, options: Options) -> None:
    count, queries = len(judged.query), len(set(judged.query))
    if count < options.least:
        raise InputError(
            f"{count:,} judgements are too few: {options.least:,} are needed. Judge {options.least - count:,} more,"
            " or lower --least."
        )
    if queries < options.folds:
        raise InputError(
            f"{options.folds} folds need as many queries. Received: {queries}. Judge pairs of more queries."
        )


def _refuse_if_untold(posterior: Posterior) -> None:
    if posterior.evidence < _EVIDENCE:
        raise InputError(
            "the judgements tell no weights: a tossed coin explains them as well as any. Look whether they contradict"
            " one another or closer names the wrong photo."
        )
    for name, low, high in zip(DESCRIPTORS, *posterior.interval(), strict=True):
        if high - low > _WIDEST:
            raise InputError(
                f"the judgements leave the weight of {name} anywhere from {low:.2f} to {high:.2f}. Judge pairs on which"
                " the descriptors disagree."
            )
