"""Simulated judges: photos whose descriptors are clusters, questions about them, and answers that sometimes slip."""

from functools import cache
from pathlib import Path

import numpy as np
from small_project import fit

from core.paths import CATALOG, FEATURES, SIMILARITY, TABLE
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog
from triplets.distances import between, load
from triplets.judged import asking, learn
from triplets.judged.judgements import Judgement, append

TRUE = dict(zip(DESCRIPTORS, (0.7, 0.1, 0.2), strict=True))
SETTINGS = [(1 / 3, 1 / 3, 1 / 3), (0.7, 0.2, 0.1), (0.5, 0.5, 0.0), (0.2, 0.4, 0.4), (0.05, 0.05, 0.9)]


@cache
def squared_distances(photos: int = 200, seed: int = 7) -> np.ndarray:
    """Squared distances (n, n, 3) of photos that belong to clusters of their own per descriptor; medians of 1."""
    rng = np.random.default_rng(seed)
    found = []
    for width, clusters in ((32, 20), (16, 6), (24, 12)):
        centres = rng.normal(size=(clusters, width))
        vectors = centres[rng.integers(0, clusters, photos)] + 0.5 * rng.normal(size=(photos, width))
        found.append(np.square(vectors[:, None] - vectors[None]).sum(axis=2))
    squared = np.stack(found, axis=2)
    return squared / np.median(squared[np.triu_indices(photos, 1)], axis=0)


def informative(rng: np.random.Generator, likely: np.ndarray) -> np.ndarray:
    """Questions (m, 3), b less a, that are chosen as the product chooses them."""
    squared = squared_distances()
    query, others = asking.candidates(np.full(len(squared), "all", object), len(likely), rng)
    barred = (others[:, :, None] == others[:, None, :]) | (others == query[:, None])[:, :, None]
    barred |= barred.transpose(0, 2, 1)
    a, b = asking.close_calls(squared[query[:, None], others], barred, likely)
    each = np.arange(len(query))
    return squared[query, others[each, b]] - squared[query, others[each, a]]


def blind(rng: np.random.Generator, count: int) -> np.ndarray:
    """Questions (count, 3), b less a, about random photos."""
    squared = squared_distances()
    query, a, b = np.array([rng.choice(len(squared), 3, replace=False) for _ in range(count)]).T
    return squared[query, b] - squared[query, a]


def judged(rng: np.random.Generator, questions: np.ndarray, weights, slips: float = 0.1) -> np.ndarray:
    """The answers of a judge with these weights who errs on a share of the questions: other less closer (m, 3)."""
    right = np.where(questions @ np.asarray(weights) > 0, 1, -1)
    return questions * np.where(rng.random(len(questions)) < slips, -right, right)[:, None]


def judged_in_rounds(rng: np.random.Generator, count: int, weights, size: int) -> np.ndarray:
    """As `judged`, each round of questions chosen by what the rounds before have taught."""
    told = np.empty((0, 3))
    while len(told) < count:
        likely = learn.fit(told).draw(size, rng) if len(told) else asking.any_weights(size, rng)
        told = np.concatenate([told, judged(rng, informative(rng, likely), weights)])
    return told


def questions(similarity: Similarity, count: int = 200, seed: int = 1) -> tuple[Catalog, asking.Pairs]:
    """The catalog of the working folder's project, and questions about it."""
    catalog = Catalog.read(CATALOG / TABLE)
    return catalog, asking.pairs_to_judge(catalog, FEATURES, similarity, count, seed)


def judge(path: Path, weights: dict[str, float], count: int = 200, slips: float = 0.1) -> None:
    """Write the similarity of the working folder's project, and a judge's judgements by `weights` into `path`."""
    SIMILARITY.parent.mkdir(parents=True, exist_ok=True)
    similarity = fit(Path())
    similarity.write(SIMILARITY)
    catalog, pairs = questions(similarity, count * 2)
    prepared = load(FEATURES, catalog.image_id)
    far = [
        sum(weight * between(prepared, similarity, pairs.query, other)[name] ** 2 for name, weight in weights.items())
        for other in (pairs.a, pairs.b)
    ]
    wrong = np.random.default_rng(5).random(count) < slips
    for row in range(count):
        closer = "ab"[int((far[1][row] < far[0][row]) ^ wrong[row])]
        ids = (catalog.image_id[rows[row]] for rows in (pairs.query, pairs.a, pairs.b))
        append(path, Judgement(*ids, closer, "Ann", str(row)))
