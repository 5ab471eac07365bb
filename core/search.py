"""Exact nearest neighbours by blocked matrix products; an index may serve, this decides."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.similarity import Floats, squares

Rows = npt.NDArray[np.int64]
_ROUNDOFF = 2.0**-24
_TINY = np.finfo(np.float32).tiny  # what the smallest numbers lose, whose roundings are not relative

Barred = tuple[tuple[npt.NDArray, npt.NDArray], ...]


@dataclass(frozen=True)
class Nearest:
    """`rows` (q, min(k, g)) into the gallery, nearest first, -1 where fewer exist; `distances` alike, L2, inf there."""

    rows: Rows
    distances: Floats


@dataclass(frozen=True)
class Fused:
    """The nearest by several vectors at once: as `Nearest`, and `parts` (p, q, min(k, g)), each vector's own L2."""

    rows: Rows
    distances: Floats
    parts: Floats


def nearest(queries: Floats, gallery: Floats, k: int, *, barred: Barred = (), block: int = 512) -> Nearest:
    """The `k` rows of `gallery` (g, d) nearest to each of `queries` (q, d); ties go to the smaller row.

    Args:
        barred: pairs of labels ((q,), (g,)); a gallery row whose label equals the query's is never returned.
            Give image ids to leave the query out, products and duplicate groups to leave out its copies.
        block: queries per matrix product.
    """
    offered = [gallery]
    found = fused(offered if queries is gallery else [queries], offered, [1.0], k, barred=barred, block=block)
    return Nearest(found.rows, found.distances)


def fused(
    queries: Sequence[Floats],
    gallery: Sequence[Floats],
    weights: Sequence[float],
    k: int,
    *,
    barred: Barred = (),
    block: int = 512,
) -> Fused:
    """The nearest by a squared distance that is a weighted sum of p squared L2 distances, as `nearest` finds them.

    Everything is summed in float32, about the gallery's mean, so that few digits cancel. Rows of the gallery that
    are equal in every part are at the same distance from every query, whatever the matrix product rounds.

    Args:
        queries: p arrays (q, d), whose widths may differ.
        gallery: likewise, (g, d).
        weights: p of them, at least 0. A part of weight 0 is reported and decides nothing.
    """
    count, kept = len(queries[0]), min(k, len(gallery[0]))
    rows = np.full((count, kept), -1, np.int64)
    distances = np.full((count, kept), np.inf, np.float32)
    parts = np.full((len(queries), count, kept), np.inf, np.float32)
    if kept == 0 or count == 0:
        return Fused(rows, distances, parts)
    blocks = (slice(start, start + block) for start in range(0, count, block))
    for one in in_blocks(queries, gallery, weights, blocks):
        some, total = one.queries, one.squared
        for of_query, of_gallery in barred:
            total[_equal(of_query[some], of_gallery)] = np.inf
        order = smallest(total, kept)
        found = np.take_along_axis(total, order, axis=1)
        rows[some] = np.where(np.isinf(found), -1, order)
        distances[some] = np.sqrt(found)
        asking = np.broadcast_to(np.arange(len(order))[:, None], order.shape)
        parts[:, some] = np.where(np.isinf(found), np.inf, np.sqrt(one.parts(asking, order)))
    return Fused(rows, distances, parts)


@dataclass(frozen=True)
class Block:
    """Some queries (b) beside a gallery (g): `squared` (b, g), the squared distances as `fused` sums them.

    All of it is written over by the next block.
    """

    queries: slice
    squared: Floats
    _products: Sequence[Floats]
    _lengths: Sequence[tuple[Floats, Floats]]
    _weights: Sequence[float]
    _widest: int

    def errors(self) -> tuple[Floats, Floats]:
        """How far off `squared` may be, of the queries (b,) and of the gallery (g,): a pair's bound is the sum of both.

        With u the unit roundoff, d the widest part, A and B the lengths about the mean: any order of summing errs by at
        most d u A B in a product and d u A^2 in a length (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
        Centring, weights and the last sums add a few u (A + B)^2; summing the pair's differences one by one, to compare
        with, d u (A + B)^2. As (A + B)^2 <= 2 (A^2 + B^2), it is 4 (d + 64) u (A^2 + B^2), weighted, at most.
        """
        share = np.float32(4 * (self._widest + 64) * _ROUNDOFF)
        of_query, of_photo = (_weighted(each, self._weights) for each in zip(*self._lengths, strict=True))
        return share * of_query + _TINY, share * of_photo + _TINY

    def parts(self, query: Rows, photo: Rows) -> Floats:
        """The p squared L2 distances (p, ...) of some pairs of a query of the block and a row of the gallery (...)."""
        each = [
            of_query[query] + of_photo[photo] - 2 * product[query, photo]
            for product, (of_query, of_photo) in zip(self._products, self._lengths, strict=True)
        ]
        return np.maximum(each, np.float32(0))


def in_blocks(
    queries: Sequence[Floats], gallery: Sequence[Floats], weights: Sequence[float], blocks: Iterable[slice]
) -> Iterator[Block]:
    """The `blocks` of queries, one after the other, with their squared distances to a gallery (see `fused`)."""
    asked, offered = _centred(queries, gallery)
    of_offered = [squares(values) for values in offered]
    of_asked = of_offered if asked is offered else [squares(values) for values in asked]
    copies, originals = _twins(gallery, np.sum(of_offered, axis=0))
    memory = np.empty((len(asked) + 2, 0, 0), np.float32)
    for some in blocks:
        shape = len(asked[0][some]), len(offered[0])
        if memory.shape[1:] != shape:
            memory = np.empty((len(asked) + 2, *shape), np.float32)
        total, scratch, *products = memory
        for one, other, product in zip(asked, offered, products, strict=True):
            np.matmul(one[some], other.T, out=product)
            product[:, copies] = product[:, originals]
        lengths = [(of_one[some], of_other) for of_one, of_other in zip(of_asked, of_offered, strict=True)]
        of_query, of_photo = (_weighted(each, weights) for each in zip(*lengths, strict=True))
        np.add(of_query[:, None], of_photo[None, :], out=total)
        for product, weight in zip(products, weights, strict=True):
            if weight > 0:
                total += np.multiply(product, np.float32(-2 * weight), out=scratch)
        np.maximum(total, 0, out=total)
        yield Block(some, total, products, lengths, weights, max(values.shape[1] for values in offered))


def beside(
    queries: Sequence[Floats], products: Sequence[Floats], of_gallery: Sequence[Floats], weights: Sequence[float]
) -> Block:
    """Some queries beside a gallery that is known by its products with them alone; it need never be in memory.

    Nothing is moved to the mean, so that the distances are a little less exact, as `Block.errors` says.

    Args:
        queries: p arrays (q, d), whose widths may differ.
        products: p arrays (q, g), the inner products of each part.
        of_gallery: p arrays (g,), the squared lengths of each part of the gallery.
        weights: p of them, at least 0.
    """
    lengths = list(zip(map(squares, queries), of_gallery, strict=True))
    of_query, of_photo = (_weighted(each, weights) for each in zip(*lengths, strict=True))
    total = of_query[:, None] + of_photo[None, :]
    for product, weight in zip(products, weights, strict=True):
        if weight > 0:
            total -= np.float32(2 * weight) * product
    np.maximum(total, 0, out=total)
    widest = max(values.shape[1] for values in queries)
    return Block(slice(0, len(total)), total, products, lengths, weights, widest)


def _weighted(lengths: Sequence[Floats], weights: Sequence[float]) -> Floats:
    return np.sum([np.float32(weight) * own for own, weight in zip(lengths, weights, strict=True)], axis=0)


def _centred(queries: Sequence[Floats], gallery: Sequence[Floats]) -> tuple[list[Floats], list[Floats]]:
    """Distances do not change when everything moves; about the mean, fewer digits cancel in the matrix product."""
    centres = [values.mean(axis=0) for values in gallery]
    offered = [values - centre for values, centre in zip(gallery, centres, strict=True)]
    if queries is gallery:
        return offered, offered
    return [values - centre for values, centre in zip(queries, centres, strict=True)], offered


def _equal(of_query: npt.NDArray, of_gallery: npt.NDArray) -> tuple[Rows, Rows]:
    """The pairs of a query and a gallery row with equal labels: two arrays (m,)."""
    order = np.argsort(of_gallery, kind="stable")
    first = np.searchsorted(of_gallery[order], of_query, side="left")
    count = np.searchsorted(of_gallery[order], of_query, side="right") - first
    query = np.repeat(np.arange(len(of_query)), count)
    turn = np.arange(len(query)) - np.repeat(np.cumsum(count) - count, count)
    return query, order[np.repeat(first, count) + turn]


def _twins(gallery: Sequence[Floats], lengths: Floats) -> tuple[Rows, Rows]:
    """The rows that equal an earlier one in every part, and for each the first such row; equal rows are as long."""
    _, group, size = np.unique(lengths, return_inverse=True, return_counts=True)
    first: dict[bytes, int] = {}
    copies, originals = [], []
    for row in np.flatnonzero(size[group] > 1):
        original = first.setdefault(b"".join(values[row].tobytes() for values in gallery), int(row))
        if original != row:
            copies.append(row)
            originals.append(original)
    return np.array(copies, np.int64), np.array(originals, np.int64)


def smallest(values: Floats, k: int) -> Rows:
    """The columns (q, k) of the k smallest of each row (q, c), ascending; ties go to the smaller column."""
    rows, count = values.shape
    strips = count // (4 * k)
    if strips < 2:
        return np.argsort(values, axis=1, kind="stable")[:, :k]
    # Column by column the least of some strips: k of them are no larger than the k-th, so no larger value is needed.
    width = count // strips
    least = np.minimum.reduce([values[:, start : start + width] for start in range(0, strips * width, width)])
    bounds = np.partition(least, k - 1, axis=1)[:, k - 1, None]
    row, column = np.divmod(np.flatnonzero(values <= bounds), count)
    sizes = np.bincount(row, minlength=rows)
    turn = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kept, columns = np.full((rows, sizes.max()), np.inf, values.dtype), np.zeros((rows, sizes.max()), np.int64)
    kept[row, turn], columns[row, turn] = values[row, column], column
    return np.take_along_axis(columns, np.argsort(kept, axis=1, kind="stable")[:, :k], axis=1)
