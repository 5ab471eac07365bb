"""Fewer dimensions for the index: a PCA of fused vectors, fitted on training photos only."""

from dataclasses import dataclass

import numpy as np

from core.similarity import Floats, Similarity
from triplets.distances import Described
from triplets.groups import Rows


@dataclass(frozen=True)
class Fit:
    """What one PCA is fitted on: n training photos, the numbers (n,) of their partitions, and the weights."""

    described: Described
    partition: Rows
    similarity: Similarity
    dimensions: int
    seed: int


def fit(task: Fit) -> Floats:
    """The components of the task's photos, see `components`."""
    return components(task.similarity.fuse(task.described.load()), task.partition, task.dimensions, task.seed)


def components(fused: Floats, partition: Rows, dimensions: int, seed: int) -> Floats:
    """The directions (d, w) in which fused vectors (n, w) differ most inside a partition, orthonormal, the first most.

    d is `dimensions`, or n or w where one of them is fewer. Each partition is centred on its own mean: neighbours are
    sought inside one, so what tells partitions apart is of no use. The decomposition is randomised (Halko, Martinsson
    and Tropp, SIAM Review 2011), its draws seeded.
    """
    from sklearn.decomposition import PCA  # a second to import, for which no answer should wait

    values = fused.copy()
    for number in np.unique(partition):
        inside = partition == number
        values[inside] -= values[inside].mean(axis=0)
    pca = PCA(min(dimensions, *values.shape), svd_solver="randomized", random_state=seed, copy=False)
    with np.errstate(divide="ignore", invalid="ignore"):  # shares of a variance of 0, which nobody asks for
        return np.asarray(pca.fit(values).components_, np.float32)


def reduce(fused: Floats, kept: Floats) -> Floats:
    """Fused vectors (n, w) in the coordinates (n, d) of the components `kept` (d, w)."""
    return fused @ kept.T
