"""Fit the recommender's distance to a catalog: weights that sum to 1, scales from the training split."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from core.codes import codes
from core.errors import InputError
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog, Column
from triplets.distances import Described
from triplets.groups import Rows, generator
from triplets.params import RecommendParams, Weights

Doubles = npt.NDArray[np.float64]

_BLOCK = 1024  # pairs whose vectors are in memory at a time


@dataclass(frozen=True)
class Pairs:
    """Random pairs (m,) of training photos of one partition: their category and squared distances by descriptor."""

    category: Column
    squared: dict[str, Doubles]

    @classmethod
    def draw(cls, catalog: Catalog, features: Path, params: RecommendParams) -> Self:
        """Up to `params.scale_pairs` of them; the draws that hit one photo twice are left out.

        Raises:
            TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
        """
        train = catalog.take(catalog.split == "train")
        first, second = partners(train.partition, params.scale_pairs, generator(params.seed, "pairs"))
        described = Described.find(features, train.image_id)
        parts: dict[str, list[Doubles]] = {name: [np.empty(0)] for name in DESCRIPTORS}
        for start in range(0, len(first), _BLOCK):
            some = slice(start, start + _BLOCK)
            one, other = described.take(first[some]).load(), described.take(second[some]).load()
            for name in DESCRIPTORS:
                parts[name].append(np.square(one[name] - other[name], dtype=np.float64).sum(axis=1))
        return cls(train.category[first], {name: np.concatenate(some) for name, some in parts.items()})


def partners(groups: npt.NDArray, count: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """`count` random pairs of rows of one group (n,), less those of a row with itself: two arrays (m,)."""
    if len(groups) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first = rng.integers(0, len(groups), count)
    label = codes(groups)
    order = np.argsort(label, kind="stable")
    starts = np.searchsorted(label[order], label, side="left")
    ends = np.searchsorted(label[order], label, side="right")
    second = order[rng.integers(starts[first], ends[first])]
    different = first != second
    return first[different], second[different]


def fit(pairs: Pairs, catalog: Catalog, params: RecommendParams) -> Similarity:
    """Scale each descriptor by its median distance between training photos of one partition.

    The weights are brought to a sum of 1, so that the fused squared distance of a random pair is about 1.

    Raises:
        InputError: a descriptor that has a weight has no scale, or weights are those of a category that there is not.
    """
    known = sorted(set(catalog.category))
    for category in params.category_weights:
        if category not in known:
            raise InputError(
                f"triplets.recommend.category_weights: the catalog has no category {category}. Name one of these:"
                f" {', '.join(known)}."
            )
    asked = [params.weights, *params.category_weights.values()]
    scales = {}
    for name in DESCRIPTORS:
        try:
            scales[name] = median_distance(name, pairs.squared[name])
        except InputError:
            if any(asdict(weights)[name] > 0 for weights in asked):
                raise
            scales[name] = 1.0  # It is only reported, never used.
    return weighted(params.weights, params.category_weights, scales)


def weighted(weights: Weights, category_weights: Mapping[str, Weights], scales: Mapping[str, float]) -> Similarity:
    """The distance with these weights, of all and of categories, brought to a sum of 1, in the given `scales`."""
    own = {category: of_sum_1(theirs) for category, theirs in sorted(category_weights.items())}
    return Similarity(of_sum_1(weights), dict(scales), own)


def of_sum_1(weights: Weights) -> dict[str, float]:
    """The weights by descriptor, brought to a sum of 1."""
    values = asdict(weights)
    return {name: values[name] / sum(values.values()) for name in DESCRIPTORS}


def median_distance(descriptor: str, squared: Doubles) -> float:
    """The median distance, given `squared` ones (m,).

    Raises:
        InputError: there are none, or half of them are 0.
    """
    if len(squared) == 0:
        raise InputError(
            f"{descriptor}: no two training photos share a partition, so distances have no scale. Add photos."
        )
    scale = float(np.sqrt(np.median(squared)))
    if scale == 0:
        raise InputError(
            f"{descriptor}: most training photos have one and the same vector. Look at what features wrote,"
            " or give it the weight 0."
        )
    return scale


def contributions(pairs: Pairs, similarity: Similarity) -> dict[str, dict[str, float]]:
    """What each descriptor really decides: its share of the variance of the fused squared distance over the `pairs`.

    A weight says how much a descriptor counts on average. One whose distances are all about the same decides little
    all the same. The shares are the covariances of the weighted parts with their sum, by its variance, so they sum
    to 1; below 0 a descriptor speaks against the others.

    Returns:
        Shares by descriptor, for `all` pairs and for each category with weights of its own.
    """
    told = {"all": _shares(pairs.squared, similarity)}
    for category in similarity.categories:
        inside = pairs.category == category
        if inside.any():
            own = {name: squared[inside] for name, squared in pairs.squared.items()}
            told[category] = _shares(own, similarity.of(category))
    return told


def _shares(squared: Mapping[str, Doubles], similarity: Similarity) -> dict[str, float]:
    parts = np.stack([similarity.weights[name] * squared[name] / similarity.scales[name] ** 2 for name in DESCRIPTORS])
    apart = parts - parts.mean(axis=1, keepdims=True)
    fused = apart.sum(axis=0)
    whole = float(fused @ fused)
    return {name: float(part @ fused) / whole if whole else 0.0 for name, part in zip(DESCRIPTORS, apart, strict=True)}
