"""Whether two splits share a photo: every one compared with every one, so that no search can hide a leak."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from curate.fingerprints import cells, color_distance
from curate.params import DuplicateParams

Rows = npt.NDArray[np.int64]

_ROWS, _COLUMNS = 32, 4096  # of a block: its 1 MB of differences stays in the cache


@dataclass(frozen=True)
class Side:
    """One split of n photos: content hash (n) objects, perceptual hash (n) uint64, thumbnail (n) objects of bytes."""

    content_hash: npt.NDArray[Any]
    perceptual_hash: npt.NDArray[np.uint64]
    colors: npt.NDArray[Any]


def leaks(one: Side, other: Side, params: DuplicateParams) -> Rows:
    """The pairs (m, 2) of a row of `one` and a row of `other` that are copies, sorted.

    Copies have equal content, or are near by hash and by colour as `params` say. Nothing is left out by an index,
    and no group is asked: this judges them.
    """
    _, content = np.unique(np.concatenate([one.content_hash, other.content_hash]), return_inverse=True)
    content_one, content_other = np.split(content.astype(np.int32), [len(one.content_hash)])
    colors_one, colors_other = cells(one.colors), cells(other.colors)
    found = [np.empty((0, 2), np.int64)]
    for top in tqdm(range(0, len(content_one), _ROWS), desc=f"leaks, {_ROWS} photos a step", delay=1):
        hash_rows = one.perceptual_hash[top : top + _ROWS, None]
        content_rows = content_one[top : top + _ROWS, None]
        for left in range(0, len(content_other), _COLUMNS):
            columns = slice(left, left + _COLUMNS)
            near = np.bitwise_count(hash_rows ^ other.perceptual_hash[columns]) <= params.hash_distance
            equal = content_rows == content_other[columns]
            row, column = np.divmod(np.flatnonzero(near | equal), near.shape[1])
            same_colors = color_distance(colors_one[top + row], colors_other[left + column]) <= params.color_distance
            pairs = np.stack([top + row, left + column], axis=1)
            found.append(pairs[same_colors | equal[row, column]])
    leaked = np.concatenate(found)
    return leaked[np.lexsort((leaked[:, 1], leaked[:, 0]))]
