"""The index as it answers: a partition's Annoy file in mapped memory, and the test that it passes when opened.

Annoy (Bernhardsson, https://github.com/spotify/annoy) finds candidates among vectors of few dimensions; whoever asks
ranks them again by the exact distance. Items are the partition's photos in the catalog's order.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import TableError
from core.similarity import Floats, Similarity
from core.tables import Column
from triplets.distances import Described
from triplets.groups import Rows
from triplets.index.manifest import REBUILD, Manifest
from triplets.index.reduction import reduce

if TYPE_CHECKING:
    from annoy import AnnoyIndex

INSTALL = "Run pip install 'mildnet-triplets[index]'."
_PROBES = 16  # items that must find themselves when a file is opened
_NOTHING = 1e-3  # a distance that rounding alone may make; two photos picked at random are about 1 apart


@dataclass(frozen=True)
class Index:
    """The open trees of one partition, and the PCA's `components` (d, w) that a query goes through."""

    trees: "AnnoyIndex"
    components: Floats

    def candidates(self, fused: Floats, count: int) -> Rows:
        """The `count` items nearest to a fused vector (w,) in few dimensions, nearest first; all where fewer exist."""
        return np.array(self.trees.get_nns_by_vector(reduce(fused, self.components), count), np.int64)


def open_index(
    folder: Path, manifest: Manifest, partition: str, image_ids: Column, described: Described, similarity: Similarity
) -> Index:
    """Map the file of a partition of n photos and test it; `similarity` is the one to ask by.

    The files are hashed before they are used: Annoy trusts what it maps, and a changed byte may end the process.

    Raises:
        TableError: Annoy is not installed, or the file is missing, damaged, or of other photos, vectors or weights.
    """
    number = manifest.find(partition, image_ids, similarity.weights)
    entry = manifest.partitions[number]
    path, reduction = trees_path(folder, number), components_path(folder, entry.reduction)
    for file, written in ((path, entry.sha256), (reduction, manifest.reductions[entry.reduction].sha256)):
        if _hash_or_say(file) != written:
            raise TableError(f"{file} is damaged or of another build. {REBUILD}")
    components = np.load(reduction, allow_pickle=False)
    trees = new_trees(len(components))
    try:
        trees.load(str(path))
    except OSError as error:  # written by an Annoy of another layout
        raise TableError(f"{path} cannot be opened: {error}. {REBUILD}") from error
    index = Index(trees, components)
    if trees.get_n_items() != len(image_ids) or not _finds_itself(index, described, similarity):
        raise TableError(f"{path} does not find its own photos. {REBUILD}")
    return index


def new_trees(dimensions: int) -> "AnnoyIndex":
    """An empty Annoy index.

    Raises:
        TableError: Annoy is not installed.
    """
    try:
        from annoy import AnnoyIndex
    except ImportError as error:
        raise TableError(f"annoy is not installed. {INSTALL}") from error
    return AnnoyIndex(dimensions, "euclidean")


def trees_path(folder: Path, number: int) -> Path:
    """The file of the partition of this number; a partition's name may be no file's."""
    return folder / f"{number:06}.ann"


def components_path(folder: Path, number: int) -> Path:
    """The file of the PCA of this number, `components` (d, w)."""
    return folder / f"reduction-{number:03}.npy"


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_or_say(path: Path) -> str:
    try:
        return file_hash(path)
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}. {REBUILD}") from error


def _finds_itself(index: Index, described: Described, similarity: Similarity) -> bool:
    count = index.trees.get_n_items()
    items = np.unique(np.linspace(0, count - 1, _PROBES).astype(np.int64))
    reduced = reduce(similarity.fuse(described.take(items).load()), index.components)
    for item, vector in zip(items.tolist(), reduced, strict=True):
        apart = np.linalg.norm(np.array(index.trees.get_item_vector(item), np.float32) - vector)
        # A twin of the item may stand before it.
        nearest = index.trees.get_nns_by_vector(vector, 1, include_distances=True)[1]
        if apart > _NOTHING or not nearest or nearest[0] > _NOTHING:
            return False
    return True
