"""What judgements teach: weights for all and for categories, compared with the present ones, and where they go."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Self

import numpy as np

from core.errors import InputError
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog, Column
from triplets.distances import between, load
from triplets.groups import Rows, generator
from triplets.judged.agreement import Estimate, gain, ordered, out_of_fold, share
from triplets.judged.judgements import Judgements
from triplets.judged.learn import Doubles, Learnt, Posterior
from triplets.params import RecommendParams, Weights

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
class Asked:
    """What the command is asked: below `least` judgements nothing is learnt, below `least_per_category` no own weights.

    `shrinkage` pulls a category's weights to those of all; `folds` are those of the cross-validation.
    """

    least: int
    least_per_category: int
    shrinkage: float
    folds: int
    seed: int

    def __post_init__(self) -> None:
        if not isfinite(self.shrinkage):  # which click takes
            raise InputError(f"--shrinkage must be a number. Received: {self.shrinkage}")


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
    def of(cls, judged: Judged, present: RecommendParams, asked: Asked) -> Self:
        """Learn from judgements and compare.

        Raises:
            InputError: there are too few judgements or queries, or they tell no weights.
        """
        _refuse_too_few(judged, asked)
        names, counts = np.unique(judged.category.astype(str), return_counts=True)
        several = len(names) > 1  # one category's own weights would be those of all
        own = {str(name): asked.shrinkage for name in names[counts >= asked.least_per_category] if several}
        learnt = Learnt.of(judged.apart, judged.category, own)
        _refuse_if_untold(learnt.overall)
        agree = _agreements(judged, present, own, asked)
        shares = {"all": {system: share(values, judged.query) for system, values in agree.items()}}
        for name in names if several else ():
            of_it = judged.category == name
            shares[str(name)] = {system: share(values[of_it], judged.query[of_it]) for system, values in agree.items()}
        rng = generator(asked.seed, "gain")
        return cls(present, learnt, shares, gain(agree["learnt"], agree["present"], judged.query, rng))

    def before(self, category: str) -> dict[str, float]:
        """The present weights of `category`, or of `all`, brought to a sum of 1."""
        weights = asdict(self.present.category_weights.get(category, self.present.weights))
        return {name: weights[name] / sum(weights.values()) for name in DESCRIPTORS}

    def changes(self) -> dict[str, Any]:
        """What to write into the parameters' file; categories that got no weights of their own keep what they have."""
        at = "triplets.recommend"
        changed: dict[str, Any] = {
            f"{at}.weights.{name}": value for name, value in rounded(self.learnt.overall).items()
        }
        if self.learnt.categories:
            theirs = {name: asdict(weights) for name, weights in self.present.category_weights.items()}
            learnt = {name: rounded(posterior) for name, posterior in self.learnt.categories.items()}
            changed[f"{at}.category_weights"] = theirs | learnt
        return changed


def rounded(posterior: Posterior) -> dict[str, float]:
    """The mean weights, rounded; they still sum to 1, for the largest takes what is left."""
    weights = [round(float(weight), _DIGITS) for weight in posterior.weights]
    largest = weights.index(max(weights))
    weights[largest] = round(1 - sum(weights[:largest] + weights[largest + 1 :]), _DIGITS)
    return dict(zip(DESCRIPTORS, weights, strict=True))


def _agreements(judged: Judged, present: RecommendParams, own: Mapping[str, float], asked: Asked) -> dict[str, Doubles]:
    """Which judgements each system orders as judged (n,): the learnt weights, the present ones, each descriptor."""
    theirs = {name: _array(weights) for name, weights in present.category_weights.items()}
    now = np.array([theirs.get(name, _array(present.weights)) for name in judged.category])
    rng = generator(asked.seed, "folds")
    then = out_of_fold(judged.apart, judged.query, judged.category, own, theirs, asked.folds, rng)
    alone = dict(zip(DESCRIPTORS, np.eye(len(DESCRIPTORS)), strict=True))
    systems = {"learnt": then, "present": now, **alone}
    return {system: ordered(judged.apart, weights) for system, weights in systems.items()}


def _array(weights: Weights) -> Doubles:
    return np.array([asdict(weights)[name] for name in DESCRIPTORS], np.float64)


def _refuse_too_few(judged: Judged, asked: Asked) -> None:
    count, queries = len(judged.query), len(set(judged.query))
    if count < asked.least:
        raise InputError(
            f"{count:,} judgements are too few: {asked.least:,} are needed. Judge {asked.least - count:,} more,"
            " or lower --least."
        )
    if queries < asked.folds:
        raise InputError(f"{asked.folds} folds need as many queries. Received: {queries}. Judge pairs of more queries.")


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
