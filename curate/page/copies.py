"""The report page's copies: the groups of one photo that are worth a look."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from core.thumbnails import Thumbnail, stored
from curate.fingerprints import cells, color_distance
from curate.page.input import Collection
from curate.params import DuplicateParams

_GROUPS = 12  # of each of the two orders
_SHOWN = 8  # photos of a group
_PHOTOS = 96  # of all groups


class Copy(NamedTuple):
    """A photo of a group, and how far it is from the group's centre: in bits and in Delta E."""

    thumbnail: Thumbnail
    collection: str
    image_id: str
    product_id: str
    split: str
    bits: int
    delta_e: float


class Group(NamedTuple):
    """Copies of one photo, the centre first and then the farthest; `exact` where the bytes are equal.

    `bits` and `delta_e` are the largest distances from the centre; `copies` are the photos that are shown.
    """

    label: str
    photos: int
    exact: bool
    products: int
    bits: int
    delta_e: float
    copies: list[Copy]


class Copies(NamedTuple):
    """Counts of the groups of more than one photo, and those worth a look."""

    groups: int
    photos: int
    exact: int
    several_products: int
    largest: list[Group]
    doubtful: list[Group]


class _Found(NamedTuple):
    """A group: its rows among all photos, the centre first and then the farthest, and their distances."""

    label: str
    rows: npt.NDArray[np.int64]
    exact: bool
    products: int
    bits: npt.NDArray[np.int64]
    delta_e: npt.NDArray[np.float32]


def copies(collections: Sequence[Collection], params: DuplicateParams) -> Copies:
    """The duplicate groups of all `collections` together: the largest, and the most doubtful of the others."""
    found = _find(collections)
    by_size = sorted(found, key=lambda one: (-len(one.rows), -_doubt(one, params), one.label))
    near = [one for one in by_size[_GROUPS:] if not one.exact]
    doubtful = sorted(near, key=lambda one: (-_doubt(one, params), one.label))
    shown = _show([*by_size[:_GROUPS], *doubtful[:_GROUPS]], collections)
    return Copies(
        groups=len(found),
        photos=sum(len(one.rows) for one in found),
        exact=sum(one.exact for one in found),
        several_products=sum(one.products > 1 for one in found),
        largest=shown[:_GROUPS],
        doubtful=shown[_GROUPS:],
    )


def _find(collections: Sequence[Collection]) -> list[_Found]:
    label, content = _joined(collections, "duplicate_group"), _joined(collections, "content_hash")
    product = _joined(collections, "product_id")
    hashes = np.concatenate([one.measures.perceptual_hash.astype(np.uint64) for one in collections])
    colors = np.concatenate([one.measures.colors for one in collections])
    own = np.flatnonzero(~np.concatenate([one.lent for one in collections]))
    _, of, sizes = np.unique(label[own].astype(str), return_inverse=True, return_counts=True)
    ends, order = np.cumsum(sizes), np.argsort(of, kind="stable")
    found = []
    for end, size in zip(ends[sizes > 1], sizes[sizes > 1], strict=True):
        rows = own[order[end - size : end]]
        # The centre gave the group its name; the first photo stands in where it is gone.
        centre = int(np.argmax(content[rows] == label[rows]))
        bits = np.bitwise_count(hashes[rows] ^ hashes[rows[centre]]).astype(np.int64)
        thumbnails = cells(colors[rows])
        delta_e = color_distance(thumbnails, thumbnails[[centre]])
        far = np.lexsort((-delta_e, -bits, np.arange(size) != centre))
        exact, products = len(set(content[rows])) == 1, len(set(product[rows]))
        found.append(_Found(str(label[rows[0]]), rows[far], exact, products, bits[far], delta_e[far]))
    return found


def _joined(collections: Sequence[Collection], column: str) -> npt.NDArray[Any]:
    return np.concatenate([getattr(one.table, column) for one in collections])


def _doubt(group: _Found, params: DuplicateParams) -> float:
    # Either distance against its limit; a limit of 0 is taken as 1 to divide by.
    return max(group.bits.max() / max(params.hash_distance, 1), group.delta_e.max() / max(params.color_distance, 1))


def _show(found: Sequence[_Found], collections: Sequence[Collection]) -> list[Group]:
    owners = [(collection, row) for collection in collections for row in range(len(collection.table))]
    shown: list[Group] = []
    left = _PHOTOS
    for place, group in enumerate(found, 1):
        # What is kept back shows two photos of each group to come.
        room = min(_SHOWN, left - 2 * (len(found) - place))
        places = zip(group.rows[:room], group.bits.tolist(), group.delta_e.tolist(), strict=False)
        copies = [_copy(owners[row], bits, delta_e) for row, bits, delta_e in places]
        left -= len(copies)
        farthest = int(group.bits.max()), float(group.delta_e.max())
        shown.append(Group(group.label, len(group.rows), group.exact, group.products, *farthest, copies))
    return shown


def _copy(owner: tuple[Collection, int], bits: int, delta_e: float) -> Copy:
    collection, row = owner
    table = collection.table
    image_id = table.image_id[row]
    thumbnail = stored(collection.store, image_id)
    return Copy(thumbnail, collection.name, image_id, table.product_id[row], table.split[row], bits, delta_e)
