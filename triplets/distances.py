"""Distances of listed pairs: fused, and each descriptor's own in units of its scale."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.similarity import Floats, Similarity, prepare
from core.tables import DESCRIPTORS, Column, Vectors
from triplets.groups import Rows

_BLOCK = 2048  # pairs; keeps the gathered vectors within the processor's reach


def load(features: Path, image_ids: Column) -> dict[str, Floats]:
    """The prepared vectors of `image_ids` from the folder `features`, (n, d) per descriptor.

    Raises:
        TableError: a descriptor's file is missing, or an image has no vector.
    """
    return {name: prepare(name, Vectors.read(features / f"{name}.arrow").of(image_ids)) for name in DESCRIPTORS}


def between(prepared: Mapping[str, Floats], similarity: Similarity, first: Rows, second: Rows) -> dict[str, Floats]:
    """The distances of the pairs of rows `first` (m,) and `second` (m,) of prepared vectors.

    Returns:
        (m,) per descriptor, 1 being its median distance on the training split, and the fused one as `distance`.
    """
    squared = {name: np.empty(len(first), np.float32) for name in DESCRIPTORS}
    for start in range(0, len(first), _BLOCK):
        some = slice(start, start + _BLOCK)
        for name, values in prepared.items():
            apart = values[first[some]] - values[second[some]]
            squared[name][some] = np.einsum("ij,ij->i", apart, apart) / np.float32(similarity.scales[name] ** 2)
    fused = sum(np.float32(similarity.weights[name]) * squared[name] for name in DESCRIPTORS)
    return {"distance": np.sqrt(fused), **{name: np.sqrt(squared[name]) for name in DESCRIPTORS}}
