"""Which pairs to judge: photos near a query about which likely weights disagree, so that every answer tells much."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.codes import codes
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog
from triplets.distances import between, load
from triplets.groups import Rows, generator

Doubles = npt.NDArray[np.float64]

_CANDIDATES = 32  # photos of the query's partition from which a and b come
_EVENNESS = 0.7  # of the weights that are asked by first; 1 is uniform
_CLOSE = 0.05  # share of the pairs of candidates that turn most easily


@dataclass(frozen=True)
class Pairs:
    """Questions: is photo `a` or photo `b` closer to the photo `query`? Rows (m,) of a catalog each."""

    query: Rows
    a: Rows
    b: Rows


def pairs_to_judge(
    catalog: Catalog, features: Path, similarity: Similarity, count: int, seed: int, likely: Doubles | None = None
) -> Pairs:
    """Choose `count` questions at most, less those of queries that have no two other products in their partition.

    Args:
        similarity: its scales count, not its weights.
        likely: weights (l, d) of which each question asks by one, such as draws from what earlier judgements have
            taught. None: any weights. Asked in rounds, each by the draws that the last round gave, far fewer
            judgements do.

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    rng = generator(seed, "judge")
    query, others = candidates(catalog.partition, count, rng)
    squared = squared_beside(catalog, features, similarity, query, others)
    barred = alike(catalog, query, others)
    by = (
        any_weights(len(query), rng)
        if likely is None
        else np.resize(rng.permutation(likely), (len(query), len(DESCRIPTORS)))
    )
    a, b = close_calls(squared, barred, by)
    asks = np.flatnonzero(a >= 0)
    return Pairs(query[asks], others[asks, a[asks]], others[asks, b[asks]])


def any_weights(count: int, rng: np.random.Generator) -> Doubles:
    """Random weights (count, d), lopsided ones a little likelier: their neighbourhood is the larger one to search."""
    return rng.dirichlet(np.full(len(DESCRIPTORS), _EVENNESS), count)


def candidates(
    partition: npt.NDArray, count: int, rng: np.random.Generator, each: int = _CANDIDATES
) -> tuple[Rows, Rows]:
    """`count` random queries among the photos of `partition` (n,), and for each of them random photos of its partition.

    Returns:
        Rows (count,) and (count, each); fewer where there are no photos.
    """
    numbers = codes(partition)
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], numbers, side="left")
    ends = np.searchsorted(numbers[order], numbers, side="right")
    query = rng.integers(0, len(partition), count if len(partition) else 0)
    chosen = rng.integers(starts[query, None], ends[query, None], (len(query), each))
    return query, order[chosen]


def squared_beside(catalog: Catalog, features: Path, similarity: Similarity, query: Rows, others: Rows) -> Doubles:
    """The squared scaled distances (m, c, d) of the photos `others` (m, c) to the photos `query` (m,).

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    shown, place = np.unique(np.concatenate([query, others.ravel()]), return_inverse=True)
    prepared = load(features, catalog.image_id[shown])
    asked, offered = place[: len(query)], place[len(query) :]
    apart = between(prepared, similarity, np.repeat(asked, others.shape[1]), offered)
    squared = np.stack([np.square(apart[name], dtype=np.float64) for name in DESCRIPTORS], axis=-1)
    return squared.reshape(*others.shape, len(DESCRIPTORS))


def alike(catalog: Catalog, query: Rows, others: Rows) -> npt.NDArray[np.bool_]:
    """Which pairs (m, c, c) of `others` (m, c) nobody is asked about.

    Two photos of them, or one and the `query` (m,), are of one product or copies, as any photo is of itself.
    """
    product, copies = codes(catalog.product_id), codes(catalog.duplicate_group)
    return _alike(product, query, others) | _alike(copies, query, others)


def close_calls(squared: Doubles, barred: npt.NDArray[np.bool_], likely: Doubles) -> tuple[Rows, Rows]:
    """For each query the two of its c candidates that weights near the `likely` ones would order either way.

    Only the nearer half of the candidates counts. Of the few pairs whose order turns with the least change of the
    weights, the one on which the descriptors disagree most is taken: it is also the easiest to judge.

    Args:
        squared: squared scaled distances (m, c, d) of the candidates to their query.
        barred: pairs (m, c, c) that must not be asked about.
        likely: weights (m, d).

    Returns:
        Two columns (m,) of `squared`, -1 where there is no pair.
    """
    fused = np.einsum("mcd,md->mc", squared, likely)
    near = fused <= np.median(fused, axis=1, keepdims=True) if fused.size else fused.astype(np.bool_)
    first, second = np.triu_indices(squared.shape[1], 1)
    apart = squared[:, second] - squared[:, first]  # (m, p, d)
    usable = near[:, first] & near[:, second] & ~barred[:, first, second]
    # What all descriptors say alike, weights cannot change.
    disagree = np.linalg.norm(apart - apart.mean(axis=2, keepdims=True), axis=2)
    usable &= disagree > 0
    margin = np.abs(fused[:, second] - fused[:, first])
    turn = np.divide(margin, disagree, out=np.full_like(margin, np.inf), where=usable)
    few = np.ceil(usable.sum(axis=1, keepdims=True) * _CLOSE).astype(np.int64)
    bound = np.take_along_axis(np.sort(turn, axis=1), np.maximum(few - 1, 0), axis=1)
    best = np.where(usable & (turn <= bound), disagree, -1).argmax(axis=1)
    found = usable.any(axis=1)
    return np.where(found, first[best], -1), np.where(found, second[best], -1)


def _alike(label: Rows, query: Rows, others: Rows) -> npt.NDArray[np.bool_]:
    """Which pairs (m, c, c) of `others` (m, c) share the `label` (n,) with one another or with the `query` (m,)."""
    own = label[others]  # (m, c)
    as_query = own == label[query][:, None]
    return (own[:, :, None] == own[:, None, :]) | as_query[:, :, None] | as_query[:, None, :]
