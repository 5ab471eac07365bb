"""Train, val and test: no product, copy or further group stands in two of them, and no later photo moves another."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from core.tables import NO_SPLIT, SPLITS
from curate.duplicates import Copies
from curate.params import SplitParams

_TRAIN, _VAL, _TEST = SPLITS


@dataclass(frozen=True)
class Photos:
    """The photos to split (n), oldest first: a photo never moves one before it.

    Photos of one `path` are parts of one file. `groups` are further keys of a photo, such as who sent it; `split` is
    None but where it is settled already.
    """

    product_id: npt.NDArray[Any]
    partition: npt.NDArray[Any]
    path: npt.NDArray[Any]
    groups: Sequence[tuple[str, ...]]
    split: npt.NDArray[Any]


def assign(
    photos: Photos,
    copies: Copies,
    params: SplitParams,
    *,
    train: Collection[str] = (),
    test: Collection[str] = (),
) -> npt.NDArray[Any]:
    """The split of each photo (n).

    A photo follows the older photos of its product, file and groups, and the copies and near copies of itself. Where
    there are none, a hash of the seed, the partition and the product (or the first group) decides, so that every
    partition is split in the same proportions, as exactly as hashes do. Where they stand in several splits, the photo
    gets `NO_SPLIT`: any other choice would leak, or move an older photo.

    `train` and `test` are products that the source itself divides: they stay on their side, train with val.
    """
    copied = _neighbours(copies)
    settled: dict[object, str] = {}  # by product, group, and class of copies, which is a number
    splits = photos.split.copy()
    for row, product in enumerate(photos.product_id):
        keys: list[object] = [("product", product), ("path", photos.path[row]), *photos.groups[row]]
        own = int(copies.class_of[row])
        if splits[row] is None:
            around = {settled[key] for key in (*keys, own, *copied[own]) if key in settled}
            side = {_TEST} if product in test else {_TRAIN, _VAL} if product in train else set(SPLITS)
            if not around:
                decides = photos.groups[row][0] if photos.groups[row] else f"{photos.partition[row]}:{product}"
                splits[row] = _hashed(uniform(params.seed, decides), side, params)
            else:
                splits[row] = around.pop() if len(around) == 1 and around <= side else NO_SPLIT
        if splits[row] != NO_SPLIT:
            for key in (*keys, own):
                settled.setdefault(key, splits[row])
    return splits


def uniform(seed: int, key: str) -> float:
    """A number in [0, 1) from `seed` and `key` alone, the same on every machine (BLAKE2b)."""
    digest = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def _hashed(where: float, side: Collection[str], params: SplitParams) -> str:
    if _TRAIN not in side:
        return _TEST
    if _TEST not in side:
        # The same order of hashes, stretched over what is left without test.
        where = params.test + where * (1 - params.test)
    if where < params.test:
        return _TEST
    return _VAL if where < params.test + params.val else _TRAIN


def _neighbours(copies: Copies) -> dict[int, list[int]]:
    near: dict[int, list[int]] = defaultdict(list)
    for one, other in copies.links.tolist():
        near[one].append(other)
        near[other].append(one)
    return near
