"""What the report page is made from."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from core.errors import TableError
from core.images import Pixels, PixelStore
from core.paths import MEASURES, REJECTED, REPORT, STORE, STREET_PAIRS, TABLE
from core.photo_params import PhotoParams
from core.tables import Catalog, Measures, Rejected, StreetPairs
from curate.params import (
    DuplicateParams,
    FetchParams,
    IngestParams,
    PseudoWildParams,
    QualityParams,
    SplitParams,
    StreetParams,
)

Original = Callable[[str], Pixels | None]


@dataclass(frozen=True)
class Collection:
    """One collection: `rows` were read, `pairs` is None where the collection has none.

    `categories` are the counts of each category of Street2Shop.
    `original` decodes the photo at a path of `rejected`, RGB uint8 (h, w, 3), or gives None where it cannot be shown.
    """

    name: str
    rows: int
    table: Catalog
    rejected: Rejected
    measures: Measures
    pairs: StreetPairs | None
    categories: dict[str, dict[str, int]]
    store: PixelStore
    original: Original

    @classmethod
    def read(cls, folder: Path, original: Original) -> Self:
        """Read the collection in `folder`; its name is the folder's, and its pixel store may be missing.

        Raises:
            TableError: a table is missing or of another version, or the measures are of other photos.
        """
        table, measures = Catalog.read(folder / TABLE), Measures.read(folder / MEASURES)
        if not np.array_equal(table.image_id, measures.image_id):
            raise TableError(f"{folder / MEASURES} and {TABLE} hold other photos. Run dvc repro.")
        report = _report(folder / REPORT)
        return cls(
            name=folder.name,
            rows=report["rows"],
            table=table,
            rejected=Rejected.read(folder / REJECTED),
            measures=measures,
            pairs=StreetPairs.read(folder / STREET_PAIRS) if (folder / STREET_PAIRS).exists() else None,
            categories=report.get("categories", {}),
            store=PixelStore.open(folder / STORE) if (folder / STORE).exists() else PixelStore([]),
            original=original,
        )

    @property
    def lent(self) -> npt.NDArray[np.bool_]:
        """Which photos (n) are those of the catalog beside its pseudo-wild ones, and copies by intent."""
        made = set() if self.pairs is None else set(self.pairs.product_id[self.pairs.pseudo])
        of_made = np.array([product in made for product in self.table.product_id], np.bool_)
        return of_made & (self.table.domain == "catalog")


def _report(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise TableError(f"{path} is missing or damaged: {error}. Run dvc repro.") from None
    if not isinstance(report, dict) or "rows" not in report:
        raise TableError(f"{path} has no counts. Run dvc repro.")
    return report


class Leak(NamedTuple):
    """A test photo and its copy in train, by image id; distances in bits and in Delta E."""

    test: str
    train: str
    hash_distance: int
    color_distance: float


@dataclass(frozen=True)
class Leaks:
    """The copies found when each of `tested` test photos was compared with each of `trained` train photos."""

    pairs: Sequence[Leak]
    tested: int
    trained: int


@dataclass(frozen=True)
class Settings:
    """The sections `curate.*` that the collections were made with; a field has its section's name."""

    ingest: IngestParams
    street: StreetParams
    photos: PhotoParams
    fetch: FetchParams
    quality: QualityParams
    duplicates: DuplicateParams
    pseudo_wild: PseudoWildParams
    split: SplitParams
