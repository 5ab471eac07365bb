"""Fit the recommender's distance to a catalog: weights that sum to 1, scales from the training split."""

from dataclasses import asdict
from pathlib import Path

from core.errors import InputError
from core.similarity import Similarity, fit_scale, prepare
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
