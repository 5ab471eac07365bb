"""All pairs of near fingerprints, without comparing all with all."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from core.errors import InputError
from core.images import Pixels
from curate.fingerprints import color_distance
from curate.params import DuplicateParams

Hashes = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]

_MOST = 30_000_000  # pairs, about 1 GB
_BLOCK = 1 << 17  # candidate pairs at a time: 10 MB, and 50 more where all of them have near hashes


def near_pairs(perceptual_hash: Hashes, colors: Pixels, params: DuplicateParams) -> Rows:
    """The pairs (m, 2), i < j, sorted, of n fingerprints that are near by hash and by colour.

    Takes hashes (n) and thumbnails (n, 8, 8, 3). Of `hash_distance` + 1 bands of bits, two near hashes agree in one
    at least (pigeonhole principle; Manku et al. 2007, Norouzi et al. 2012). Those that agree in a band are ordered
    by the lightness of one cell, and only those that are near in it are compared, so that photos of one studio, which
    share most of their bits, do not make it slow. The result is exact.

    Raises:
        InputError: there are more than 30 million pairs: too many photos that look alike to keep in memory.
    """
    count = len(perceptual_hash)
    if count == 0:
        return np.empty((0, 2), np.int64)
    lightness = _telling_cell(colors)
    reach = int(min(params.color_distance * 255 / 100, 255)) + 1
    found: list[Rows] = []
    pairs = 0
    bands = _bands(params.hash_distance + 1)
    for number, band in enumerate(tqdm(bands, desc="near copies, by band", delay=1)):
        order, ends = _windows(perceptual_hash & band, lightness, reach)
        hashes = perceptual_hash[order]
        for left, right in _candidates(ends):
            differing = hashes[left] ^ hashes[right]
            near = np.flatnonzero(np.bitwise_count(differing) <= params.hash_distance)
            for earlier in bands[:number]:
                # Where an earlier band agrees too, it has found the pair already.
                near = near[differing[near] & earlier != 0]
            one, other = order[left[near]], order[right[near]]
            same = color_distance(colors[one], colors[other]) <= params.color_distance
            found.append(np.stack([one[same], other[same]], axis=1))
            pairs += len(found[-1])
            if pairs > _MOST:
                raise InputError(
                    f"more than {_MOST:,} pairs of {count:,} photos look alike."
                    " Lower hash_distance or color_distance in curate.duplicates, or exclude placeholder photos."
                )
    return ordered(np.concatenate(found), count)


def ordered(pairs: Rows, count: int) -> Rows:
    """Pairs (m, 2) of numbers below `count` as i < j, sorted, each once."""
    keys = np.minimum(pairs[:, 0], pairs[:, 1]) * count + np.maximum(pairs[:, 0], pairs[:, 1])
    # np.unique hashes numbers, a hundred times slower than sorting them.
    keys.sort()
    return np.stack(np.divmod(keys[np.diff(keys, prepend=-1) > 0], count), axis=1)


def _bands(count: int) -> Hashes:
    """`count` masks that part the 64 bits; every band takes from all frequencies, as neighbours go together."""
    return np.array([sum(1 << bit for bit in range(first, 64, count)) for first in range(count)], np.uint64)


def _telling_cell(colors: Pixels) -> Rows:
    """The lightness, of 255, in the cell where the photos differ most (n)."""
    lightness = colors[..., 0].reshape(len(colors), -1)
    return lightness[:, lightness.var(axis=0, dtype=np.float64).argmax()].astype(np.int64)


def _windows(band: Hashes, lightness: Rows, reach: int) -> tuple[Rows, Rows]:
    """An order of the rows (n) and, per place in it, the end (n) of those in the band that are near in lightness."""
    _, bucket = np.unique(band, return_inverse=True)
    key = bucket * 256 + lightness
    order = np.argsort(key, kind="stable")
    last = bucket[order] * 256 + np.minimum(lightness[order] + reach, 255)
    return order, np.searchsorted(key[order], last, side="right")


def _candidates(ends: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Each place with each of those after it, up to its end, as two arrays per block."""
    places = np.arange(len(ends))
    counts = ends - places - 1
    before = np.cumsum(counts) - counts
    first = 0
    while first < len(ends):
        # At least one place, however many candidates it has.
        after = max(first + 1, int(np.searchsorted(before, before[first] + _BLOCK, side="right")) - 1)
        number = counts[first:after]
        left = np.repeat(places[first:after], number)
        skipped = np.repeat(before[first:after] - before[first], number)
        yield left, left + 1 + np.arange(len(left)) - skipped
        first = after
