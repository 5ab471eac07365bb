"""The pairs of photos that may decide a list: found by matrix products, with a margin that no rounding exceeds."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from core.search import Block, beside, in_blocks, smallest
from core.similarity import Floats
from core.tables import DESCRIPTORS
from triplets.groups import Rows
from triplets.products.place import Place
from triplets.products.ranking import Loaded

_BLOCK = 512  # photos per matrix product, and those of the last product besides
_CELLS = 2**24  # of a matrix; where a place has more photos, fewer ask at a time
_FEW = 4  # where no more than this part of the photos asks, the others are read, and not held

Found = tuple[Rows, Rows]


def candidates(place: Place, asked: Rows, kept: int, reach: Floats) -> Iterator[tuple[Loaded, Found, Found]]:
    """Pairs of photos, block after block of the products `asked` (a,), ascending, of the P of a place.

    Args:
        kept: how many families a list has.
        reach: (P,) the distance up to which a product wants to know of the `asked` ones, -1 where it does not.

    Yields:
        The vectors of all photos that are named, at least; the photos (m,) of products asked and (m,) of others, all
        pairs among which the lists are; and photos (m,) of products asked and (m,) of others that are within reach,
        and a few beyond. Never of one family.

    Raises:
        TableError: a vector is not finite.
    """
    photos = np.flatnonzero(np.isin(place.product, asked))
    reached = np.where(reach < 0, -np.inf, reach**2).astype(np.float32)[place.product]
    few = _FEW * len(photos) <= len(place)
    everything = None if few else Loaded.of(place, np.arange(len(place)))
    for block, mine in _few(place, photos) if everything is None else _many(place, photos, everything):
        wanted, near = _of_block(place, block, mine, kept, reached)
        yield everything or Loaded.of(place, np.unique(np.concatenate([*wanted, *near]))), wanted, near


def _many(place: Place, photos: Rows, everything: Loaded) -> Iterator[tuple[Block, Rows]]:
    gallery = [everything.prepared[name] for name in DESCRIPTORS]
    queries = gallery if len(photos) == len(place) else [values[photos] for values in gallery]
    for block in in_blocks(queries, gallery, place.similarity.factors(), _blocks(place, photos)):
        yield block, photos[block.queries]


def _few(place: Place, photos: Rows) -> Iterator[tuple[Block, Rows]]:
    for some in _blocks(place, photos):
        loaded = place.described.take(photos[some]).load()
        queries = [loaded[name] for name in DESCRIPTORS]
        products, lengths = zip(*(place.described.products(name, loaded[name]) for name in DESCRIPTORS), strict=True)
        block = beside(queries, products, lengths, place.similarity.factors())
        yield block, photos[some]


def _blocks(place: Place, photos: Rows) -> list[slice]:
    """Runs of whole products among `photos` (m,): each begins with the first product that reaches a further block."""
    first = np.flatnonzero(np.diff(place.product[photos], prepend=-1))
    begins = first[np.unique(first // max(1, min(_BLOCK, _CELLS // len(place))), return_index=True)[1]]
    return [slice(begin, end) for begin, end in zip(begins, [*begins[1:], len(photos)], strict=True)]


def _of_block(place: Place, block: Block, photos: Rows, kept: int, reached: Floats) -> tuple[Found, Found]:
    of_query, of_photo = block.errors()
    total = block.squared  # (b, n)
    total += of_photo
    limit = _limits(place, total, of_query, photos, kept) + of_query
    total -= 2 * of_photo  # no true distance is below this by more than `of_query`
    wanted = _apart(place, photos, total <= limit[:, None])
    if (reached < 0).all():
        return wanted, (photos[:0], photos[:0])
    return wanted, _apart(place, photos, total <= reached[None, :] + of_query[:, None])


def _limits(place: Place, upper: Floats, of_query: Floats, photos: Rows, kept: int) -> Floats:
    """For each of the query `photos` (b,) no less than the squared distance of the last family of its product's list.

    `upper` (b, n) are distances that, with `of_query` (b,), are no smaller than the true ones.
    """
    first = np.flatnonzero(np.diff(place.product[photos], prepend=-1))
    products = place.product[photos[first]]
    if len(first) < len(photos):
        # A row at a time is faster than `reduceat` down the columns.
        parts = zip(np.split(upper, first[1:]), np.split(of_query, first[1:]), strict=True)
        nearest = np.stack([(rows + own[:, None]).min(axis=0) for rows, own in parts])  # (q, n)
    else:
        nearest = upper + of_query[:, None]
    if len(place.first) < len(place):
        nearest = np.minimum.reduceat(nearest, place.first, axis=1)  # (q, P)
    nearest[place.family[products][:, None] == place.family[None, :]] = np.inf
    _collapse(nearest, place.family)
    last = smallest(nearest, kept)[:, -1:]
    limits = np.take_along_axis(nearest, last, axis=1)[:, 0]
    return np.repeat(limits, np.diff(first, append=len(photos)))


def _apart(place: Place, photos: Rows, chosen: npt.NDArray[np.bool_]) -> Found:
    """The pairs that are `chosen` (b, n) and not of one family."""
    row, theirs = np.divmod(np.flatnonzero(chosen), chosen.shape[1])
    mine = photos[row]
    strange = place.family[place.product[mine]] != place.family[place.product[theirs]]
    return mine[strange], theirs[strange]


def _collapse(apart: Floats, family: Rows) -> None:
    """Leave of each family (P,) one product in `apart` (q, P), with the least of their distances; others get inf."""
    columns = np.argsort(family, kind="stable")
    _, group, sizes = np.unique(family[columns], return_inverse=True, return_counts=True)
    columns, sizes = columns[sizes[group] > 1], sizes[sizes > 1]
    if len(sizes) == 0:
        return
    begins = np.cumsum(sizes) - sizes
    least = np.minimum.reduceat(apart[:, columns], begins, axis=1)
    apart[:, columns] = np.inf
    apart[:, columns[begins]] = least
