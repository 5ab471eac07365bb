"""Which photos are copies of one another: equal files, equal fingerprints, and near ones."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from curate.fingerprints import cells
from curate.near import Hashes, Rows, near_pairs, ordered
from curate.params import DuplicateParams


@dataclass(frozen=True)
class Copies:
    """Of n photos: the label of the group of copies (n), the class (n), and the near pairs of classes (m, 2).

    Photos of one class are equal in their file or in their fingerprint; classes count from 0 in the order of the
    photos. Links are pairs i < j, sorted, unique. A group is one class, its centre, and classes near to it.
    """

    group: npt.NDArray[Any]
    class_of: Rows
    links: Rows


def find(
    content_hash: npt.NDArray[Any], perceptual_hash: Hashes, colors: npt.NDArray[Any], params: DuplicateParams
) -> Copies:
    """Group n photos, given by content hash (n) objects, perceptual hash (n) and thumbnail (n) objects of bytes.

    The group's label is the content hash of the first photo of its centre. Unlike a number it stays when photos
    are added elsewhere, and the same photo has the same label in two catalogs.
    """
    print_of = _numbered(zip(perceptual_hash.tolist(), colors, strict=True))
    class_of = _classes(_numbered(content_hash), print_of)
    # Near pairs of distinct fingerprints, as equal ones, of a placeholder say, make too many.
    _, first = np.unique(print_of, return_index=True)
    pairs = class_of[first][near_pairs(perceptual_hash[first], cells(colors[first]), params)]
    _, first = np.unique(class_of, return_index=True)
    links = ordered(pairs[pairs[:, 0] != pairs[:, 1]], len(first))
    return Copies(content_hash[first][_stars(len(first), links)][class_of], class_of, links)


def _numbered(values: Iterable[Hashable]) -> Rows:
    """Numbers from 0, in order of first appearance, equal for equal values."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)


def _classes(content: Rows, print_of: Rows) -> Rows:
    """The classes that equal numbers in either column make, directly or over others."""
    # A file may have several fingerprints, as street photos are cropped to their box.
    smallest = np.arange(len(content))
    while True:
        joined = smallest
        for column in (content, print_of):
            least = np.full(len(content), len(content))
            np.minimum.at(least, column, joined)
            joined = least[column]
        if np.array_equal(joined, smallest):
            return _numbered(joined.tolist())
        smallest = joined


def _stars(count: int, links: Rows) -> Rows:
    """The centre of each of `count` classes (star clustering; Aslam, Pelekhov and Rus 2004).

    In the order of their number of links, most first and the earlier first among equals, a class that has no
    centre becomes one and takes those of its near classes that have none. So every member is near to its centre,
    and a chain of photos, each near to the next, does not make one group of strangers.
    """
    both = np.concatenate([links, links[:, ::-1]])
    near = both[np.argsort(both[:, 0], kind="stable"), 1]
    degree = np.bincount(both[:, 0], minlength=count)
    end = np.cumsum(degree)
    centre = np.arange(count)
    free = degree > 0
    for number in np.lexsort((centre, -degree))[: free.sum()].tolist():
        if free[number]:
            free[number] = False
            members = near[end[number] - degree[number] : end[number]]
            members = members[free[members]]
            centre[members] = number
            free[members] = False
    return centre
