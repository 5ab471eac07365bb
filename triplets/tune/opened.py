"""The project's tables as the page reads them, read again when a run has written new ones."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np

from core.codes import codes
from core.errors import InputError
from core.images import PixelStore
from core.paths import CATALOG, FEATURES, SIMILARITY, STORE, TABLE
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog
from triplets.distances import Described
from triplets.groups import Rows, partitions

_FILES = (CATALOG / TABLE, CATALOG / STORE, *(FEATURES / f"{name}.arrow" for name in DESCRIPTORS), SIMILARITY)


@dataclass(frozen=True, eq=False)
class Opened:
    """What stands in the project's folder: the catalog, where its vectors stand, its photos, and the scales.

    `partitions` has the rows (n,) of each partition, `row` that of each image id, `first` those of the first photo of
    each product. `version` names the files' contents: it changes when one of them is written.
    """

    version: str
    catalog: Catalog
    described: Described
    photos: PixelStore
    similarity: Similarity
    partitions: dict[str, Rows]
    row: dict[str, int]
    first: dict[str, int]

    @classmethod
    def read(cls, version: str) -> Self:
        """Open everything; the vectors stay in their files.

        Raises:
            TableError: a table is missing, or a photo has no vector.
            InputError: the catalog is empty.
        """
        catalog = Catalog.read(CATALOG / TABLE)
        if not len(catalog):
            raise InputError(f"{CATALOG / TABLE} has no photo, so there is nothing to tune. Curate a catalog first.")
        _, first = np.unique(codes(catalog.product_id), return_index=True)
        return cls(
            version,
            catalog,
            Described.find(FEATURES, catalog.image_id),
            PixelStore.open(CATALOG / STORE),
            Similarity.read(SIMILARITY),
            partitions(catalog),
            {str(image_id): row for row, image_id in enumerate(catalog.image_id)},
            {str(catalog.product_id[row]): int(row) for row in first},
        )

    def find(self, name: str) -> int:
        """The row of the photo with the image id `name`, or of the first photo of the product of that id.

        Raises:
            InputError: the catalog has neither.
        """
        found = self.row.get(name, self.first.get(name))
        if found is None:
            raise InputError(
                f"the catalog has no photo and no product {name!r}. Pick one of the gallery, or type its id."
            )
        return found

    def products(self, partition: str) -> Rows:
        """The first photo of each product of `partition`, in the catalog's order.

        Raises:
            InputError: the catalog has no such partition.
        """
        rows = self.partitions.get(partition)
        if rows is None:
            raise InputError(f"the catalog has no partition {partition} any more. Choose another.")
        _, first = np.unique(codes(self.catalog.product_id[rows]), return_index=True)
        return rows[np.sort(first)]


class Current:
    """The project as it stands now. Threads share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opened: Opened | None = None

    def now(self) -> Opened:
        """The tables; the same object as long as no file of theirs is written.

        Raises:
            TableError: as `Opened.read`.
        """
        with self._lock:
            version = _version()
            if self._opened is None or (self._opened.version != version and not _being_made()):
                self._opened = Opened.read(version)
            return self._opened


def _version() -> str:
    return sha256(repr([_written(path) for path in _FILES]).encode()).hexdigest()[:12]


def _being_made() -> bool:
    """Whether a run has removed a table and not yet written it anew; what was mapped of it can be read until then."""
    return any(_written(path) is None for path in _FILES)


def _written(path: Path) -> tuple[int, int, int] | None:
    """What tells a file from the one that stood there before; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
