"""`curate report`: both collections are looked at again, every test photo beside every train photo."""

from collections.abc import Sequence

import numpy as np

from core.decoding import decode
from core.errors import InputError, PhotoError
from core.images import Pixels, shrink
from core.paths import CATALOG, COLLECTIONS, CURATION, FETCHED, STREET, TABLE
from core.tables import Catalog, Column
from core.thumbnails import SIDE
from curate.fingerprints import cells, color_distance
from curate.leaks import Side, leaks
from curate.page.input import Collection, Leak, Leaks, Original, Settings
from curate.page.page import write
from curate.places.roots import open_root


def inspect(settings: Settings) -> Leaks:
    """Write the page, and return what leaks.

    Raises:
        InputError: something does; the page shows it.
    """
    collections = [
        Collection.read(CATALOG, _original(settings.ingest.images, settings)),
        Collection.read(STREET, _original(settings.street.images, settings)),
    ]
    found = compare(collections, settings)
    write(CURATION / "index.html", collections, found, settings)
    if found.pairs:
        first = found.pairs[0]
        raise InputError(
            f"{len(found.pairs):,} test photos have a copy in train, {first.test} is one of {first.train}."
            f" See {CURATION}/index.html; run dvc repro --force, and report it if that does not help."
        )
    return found


def compare(collections: Sequence[Collection], settings: Settings) -> Leaks:
    """Every test photo of any collection beside every train photo of any."""
    tests, test_ids = _side(collections, "test")
    trains, train_ids = _side(collections, "train")
    test, train = leaks(tests, trains, settings.duplicates).T
    bits = np.bitwise_count(tests.perceptual_hash[test] ^ trains.perceptual_hash[train])
    colors = color_distance(cells(tests.colors[test]), cells(trains.colors[train]))
    columns = test_ids[test], train_ids[train], bits.tolist(), colors.tolist()
    return Leaks([Leak(*row) for row in zip(*columns, strict=True)], len(test_ids), len(train_ids))


def _side(collections: Sequence[Collection], split: str) -> tuple[Side, Column]:
    chosen = [(one, one.table.split == split) for one in collections]
    side = Side(
        content_hash=np.concatenate([one.table.content_hash[rows] for one, rows in chosen]),
        perceptual_hash=np.concatenate([one.measures.perceptual_hash[rows].astype(np.uint64) for one, rows in chosen]),
        colors=np.concatenate([one.measures.colors[rows] for one, rows in chosen]),
    )
    return side, np.concatenate([one.table.image_id[rows] for one, rows in chosen])


def contents() -> set[str]:
    """The content of every photo of the collections that are there.

    Raises:
        InputError: there is none, as while a stage runs.
    """
    tables = [Catalog.read(folder / TABLE) for folder in COLLECTIONS if (folder / TABLE).exists()]
    if not tables:
        raise InputError(f"neither {CATALOG} nor {STREET} is there, so every photo would be forgotten. Ingest first.")
    return {content for table in tables for content in table.content_hash}


def _original(images: str, settings: Settings) -> Original:
    def original(path: str) -> Pixels | None:
        try:
            # A root that has moved since leaves the page without these photos.
            root = open_root(images, settings.fetch, settings.photos.max_bytes, FETCHED)
            data = root.read(path, settings.photos.max_bytes)
            return shrink(decode(data, max_pixels=settings.photos.max_pixels).pixels, SIDE)
        except (PhotoError, InputError):
            return None

    return original
