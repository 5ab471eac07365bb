"""Triplets for other libraries, by what stands in their three columns: paths, ids, images, or rows of an array."""

from pathlib import Path

from core.atomic import replacing, write_json
from core.errors import InputError
from core.images import PixelStore
from core.tables import SPLITS, Catalog, Triplets
from triplets.exports.arrays import write_rows
from triplets.exports.hugging_face import write_ids, write_images
from triplets.mix import write_paths

RECORD = "mildnet-triplets.json"  # by it an export is known again, and only an export is ever replaced


def export(folder: Path, form: str, triplets: Triplets, photos: PixelStore, catalog: Catalog) -> None:
    """Write `triplets` to `folder` in a form: `paths`, `ids`, `images` or `rows`.

    Raises:
        TableError: the store or the catalog lacks a photo of a triplet.
    """
    with replacing(folder) as beside:
        beside.mkdir()
        match form:
            case "paths":
                write_paths(beside, triplets, catalog)
            case "ids":
                write_ids(beside, triplets, photos)
            case "images":
                write_images(beside, triplets, photos)
            case "rows":
                write_rows(beside, triplets)
            case _:
                raise ValueError(form)
        write_json(beside / RECORD, {"form": form, "triplets": counts(triplets)})


def counts(triplets: Triplets) -> dict[str, int]:
    """The triplets of each split."""
    return {split: int((triplets.split == split).sum()) for split in SPLITS}


def refuse_to_overwrite(folder: Path, replace: bool) -> None:
    """Let only a new folder, an empty one or, to `replace`, an earlier export pass.

    Raises:
        InputError: the folder is none of them.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / RECORD).is_file():
        raise InputError(f"{folder} exists and is no export: it has no {RECORD}. Name another folder.")
    if not replace:
        raise InputError(f"{folder} holds an export. Use --replace to delete and replace it, or name another folder.")
