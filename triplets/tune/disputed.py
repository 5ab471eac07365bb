"""Which pairs to judge between two settings: those that one orders clearly one way and the other the other way."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.similarity import Similarity
from core.tables import Catalog
from triplets.distances import weights_of_each
from triplets.groups import Rows, generator
from triplets.judged.asking import Doubles, Pairs, alike, candidates, squared_beside

_QUERIES = 4  # that are looked at for a question
_CANDIDATES = 128  # photos of a query's partition that are looked at
_NEAR = 8  # of them that count, by either setting
_CLEAR = 0.01  # contrast of two distances that a setting tells apart
_AT_ONCE = 32  # queries whose candidates are in memory


def disputed(
    catalog: Catalog,
    features: Path,
    one: Similarity,
    other: Similarity,
    count: int,
    seed: int,
    partition: str | None = None,
) -> Pairs:
    """Up to `count` pairs of photos that two settings order differently, each of another query, most disputed first.

    How clearly a setting orders a and b is the contrast of their squared distances to the query, (b - a) / (b + a):
    0 for a tie, near 1 where one of them is by far the closer. It has no unit, so settings and crowded or sparse
    neighbourhoods compare. A pair is as disputed as the less clear of the two settings is: where one setting hardly
    prefers either, an answer would not tell which of the two is right. Only photos near the query by either setting
    are asked about, none of its own product and no copies, and no two of one product. Which of a and b a setting
    prefers does not show: a is the earlier in the catalog.

    Args:
        one, other: the settings, in the same scales.
        partition: the one to ask about; None is all.

    Raises:
        TableError: a descriptor's file or an image's vector is missing, or a vector is not finite.
    """
    place = np.arange(len(catalog)) if partition is None else np.flatnonzero(catalog.partition == partition)
    rng = generator(seed, "disputed")
    drawn, offered = candidates(catalog.partition[place], max(_QUERIES * count, _AT_ONCE), rng, _CANDIDATES)
    _, first = np.unique(drawn, return_index=True)
    query, others = place[drawn[first]], np.sort(place[offered[first]], axis=1)
    a, b = np.empty_like(query), np.empty_like(query)
    dispute = np.zeros(len(query))
    for start in range(0, len(query), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        a[some], b[some], dispute[some] = _of_each(catalog, features, one, other, query[some], others[some])
    order = np.argsort(-dispute, kind="stable")
    most = order[dispute[order] > 0][:count]
    return Pairs(query[most], a[most], b[most])


def _of_each(
    catalog: Catalog, features: Path, one: Similarity, other: Similarity, query: Rows, others: Rows
) -> tuple[Rows, Rows, Doubles]:
    """The most disputed pair a and b (m,) of each of m queries among `others` (m, c), and how disputed it is, or 0."""
    squared = squared_beside(catalog, features, one, query, others)
    category = catalog.category[query]
    fused = np.stack([np.einsum("mcd,md->mc", squared, weights_of_each(setting, category)) for setting in (one, other)])
    near = _near(fused, _usable(catalog, query, others))  # (m, n)
    nearby = np.take_along_axis(others, near, axis=1)
    apart = np.take_along_axis(fused, near[None], axis=2)  # (2, m, n)
    first, second = np.triu_indices(near.shape[1], 1)
    contrast = _contrast(apart[:, :, first], apart[:, :, second])  # (2, m, p)
    clear = np.abs(contrast).min(axis=0)
    asks = (clear >= _CLEAR) & (contrast[0] * contrast[1] < 0)
    asks &= ~alike(catalog, query, nearby)[:, first, second]
    dispute = np.where(asks, clear, 0)
    best = dispute.argmax(axis=1)
    each = np.arange(len(query))
    return nearby[each, first[best]], nearby[each, second[best]], dispute[each, best]


def _usable(catalog: Catalog, query: Rows, others: Rows) -> npt.NDArray[np.bool_]:
    """Which of `others` (m, c), sorted, may be asked about beside the query: one of another product, and no copy."""
    usable = np.diff(others, axis=1, prepend=-1) != 0  # drawn twice
    for label in (catalog.product_id, catalog.duplicate_group):
        usable &= label[others] != label[query][:, None]
    return usable


def _near(fused: Doubles, usable: npt.NDArray[np.bool_]) -> Rows:
    """The columns (m, n) of the usable candidates nearest by either setting, given distances (2, m, c)."""
    order = np.argsort(np.where(usable, fused, np.inf), axis=2, kind="stable")
    return np.concatenate([one[:, :_NEAR] for one in order], axis=1)


def _contrast(a: Doubles, b: Doubles) -> Doubles:
    """How much further `b` (...) is than `a` (...), from -1 to 1; 0 where both are at 0."""
    whole = a + b
    return np.divide(b - a, whole, out=np.zeros_like(whole), where=whole > 0)
