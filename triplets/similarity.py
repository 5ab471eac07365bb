"""Fit the recommender's distance to a catalog: weights that sum to 1, scales from the training split."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InputError
from core.similarity import Floats, Similarity, prepare
from core.tables import DESCRIPTORS, Catalog, Vectors
from triplets.groups import generator
from triplets.params import RecommendParams


def fit(catalog: Catalog, features: Path, params: RecommendParams) -> Similarity:
    """Scale each descriptor by its median distance between training photos of one partition.

    The weights are brought to a sum of 1, so that the fused squared distance of a random pair is about 1.

    Raises:
        InputError: a descriptor with a weight above 0 has no scale.
        TableError: a descriptor's file or an image's vector is missing.
    """
    train = catalog.take(catalog.split == "train")
    weights: dict[str, float] = asdict(params.weights)
    scales = {}
    for name in DESCRIPTORS:
        vectors = Vectors.read(features / f"{name}.arrow").of(train.image_id)
        rng = generator(params.seed, name)
        try:
            scales[name] = fit_scale(name, prepare(name, vectors), train.partition, params.scale_pairs, rng)
        except InputError:
            if weights[name] > 0:
                raise
            scales[name] = 1.0  # It is only reported, never used.
    total = sum(weights.values())
    return Similarity({name: weights[name] / total for name in DESCRIPTORS}, scales)


def fit_scale(descriptor: str, prepared: Floats, groups: npt.NDArray, pairs: int, rng: np.random.Generator) -> float:
    """The median distance of `prepared` (n, d) between random pairs of different rows of one group.

    Args:
        groups: (n,) labels, such as partitions; only rows that share one are paired.
        pairs: how many pairs to draw.

    Raises:
        InputError: no two rows share a group, or half of the pairs are at distance 0.
    """
    first = rng.integers(0, len(prepared), pairs) if len(prepared) else np.empty(0, np.int64)
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], groups, side="left")
    ends = np.searchsorted(groups[order], groups, side="right")
    second = order[rng.integers(starts[first], ends[first])] if len(first) else first
    different = first != second
    if not different.any():
        raise InputError(
            f"{descriptor}: no two training photos share a partition, so distances have no scale. Add photos."
        )
    gaps = prepared[first[different]] - prepared[second[different]]
    scale = float(np.median(np.linalg.norm(gaps, axis=1)))
    if scale == 0:
        raise InputError(
            f"{descriptor}: most training photos have one and the same vector. Look at what features wrote,"
            " or give it the weight 0."
        )
    return scale
