"""An answer for the eye: as a table, and as a sheet of photos."""

from collections.abc import Sequence
from pathlib import Path

from core.images import Pixels, PixelStore
from core.rows import text
from core.tables import DESCRIPTORS, Catalog
from triplets.index.search import Answer
from triplets.sheets import answer_sheet

_DRAWN = 200  # photos on a sheet, at most: a picture cannot have any size
_COLUMNS = 8
_LEAST = 3  # columns, for the heading's sake


def table(answer: Answer, catalog: Catalog) -> str:
    """The photos found, rank by rank, with their products and distances."""
    rows = [
        [
            place + 1,
            catalog.image_id[row],
            catalog.product_id[row],
            *(float(answer.apart[name][place]) for name in ("distance", *DESCRIPTORS)),
        ]
        for place, row in enumerate(answer.rows)
    ]
    return text([["rank", "image", "product", "distance", *DESCRIPTORS], *rows])


def sheet(
    path: Path, name: str, pixels: Pixels | None, answer: Answer, catalog: Catalog, stores: Sequence[Path]
) -> None:
    """Write a PNG of the photo called `name` and of the first found; `pixels` are its own where no store has it.

    Raises:
        TableError: a store is missing or lacks a photo.
    """
    photos = PixelStore.open(*stores)
    found = [str(image_id) for image_id in catalog.image_id[answer.rows[:_DRAWN]]]
    shown = {image_id: photos[image_id] for image_id in found}
    shown[name] = photos[name] if pixels is None else pixels
    captions = [f"{distance:.2f}" for distance in answer.apart["distance"][:_DRAWN]]
    columns = min(_COLUMNS, max(_LEAST, len(found)))
    answer_sheet(path, name, list(zip(found, captions, strict=True)), shown, columns=columns)
