"""Folders that Hugging Face `datasets` loads: Parquet files with the photos inside, and a README.md that names them."""

import json
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from core.atomic import write_text
from core.images import PixelStore
from core.tables import Column, Triplets
from triplets.exports.arrays import numbered

_SPLITS = {"train": "train", "val": "validation", "test": "test"}  # ours and theirs

_PHOTO_ROWS = 100  # of a row group with photos; what a reader holds in memory at a time
_ROWS = 2**16  # of a row group without
_SHARD = 2**29  # bytes, about, after which the next file begins

_TEXT = pa.string(), {"dtype": "string", "_type": "Value"}
_NUMBER = pa.float32(), {"dtype": "float32", "_type": "Value"}
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())]), {"_type": "Image"}


def _schema(**columns: tuple[pa.DataType, dict[str, str]]) -> pa.Schema:
    """The columns with their features, as `datasets` keeps them in a Parquet file."""
    features = {name: feature for name, (_, feature) in columns.items()}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema([(name, arrow_type) for name, (arrow_type, _) in columns.items()], metadata)


IDS = _schema(
    anchor_id=_TEXT,
    positive_id=_TEXT,
    negative_id=_TEXT,
    kind=_TEXT,
    positive_distance=_NUMBER,
    negative_distance=_NUMBER,
)
PHOTOS = _schema(image_id=_TEXT, image=_IMAGE)
IMAGES = _schema(anchor=_IMAGE, positive=_IMAGE, negative=_IMAGE)


def write_ids(folder: Path, triplets: Triplets, photos: PixelStore) -> None:
    """Write the triplets by photo id (`triplets`, the default configuration) and their photos, each once (`photos`).

    Raises:
        TableError: a photo of a triplet is not in the store.
    """
    splits = _splits(triplets)
    for name, some in splits.items():
        ids, _ = numbered(some)
        _write(folder / "triplets", name, IDS, _id_rows(some))
        _write(folder / "photos", name, PHOTOS, _photo_rows(name, ids, photos))
    _describe(folder, ["triplets", "photos"], splits)


def write_images(folder: Path, triplets: Triplets, photos: PixelStore) -> None:
    """Write the triplets with their photos inside: three columns of images, and no other.

    A photo is written once per column and row group that have it, and read as often as triplets name it.

    Raises:
        TableError: a photo of a triplet is not in the store.
    """
    splits = _splits(triplets)
    for name, some in splits.items():
        _write(folder / "triplets", name, IMAGES, _image_rows(name, some, photos))
    _describe(folder, ["triplets"], splits)


def _splits(triplets: Triplets) -> dict[str, Triplets]:
    """The triplets by split, those without any left out: `datasets` loads no split without rows."""
    tables = {name: triplets.take(triplets.split == split) for split, name in _SPLITS.items()}
    return {name: some for name, some in tables.items() if len(some)}


def _id_rows(triplets: Triplets) -> Iterator[pa.Table]:
    columns = [
        triplets.query_id,
        triplets.positive_id,
        triplets.negative_id,
        triplets.kind,
        triplets.positive_distance,
        triplets.negative_distance,
    ]
    for top in range(0, len(triplets), _ROWS):
        yield pa.table([pa.array(column[top : top + _ROWS]) for column in columns], schema=IDS)


def _photo_rows(split: str, image_ids: Column, photos: PixelStore) -> Iterator[pa.Table]:
    for top in _steps(split, len(image_ids)):
        some = image_ids[top : top + _PHOTO_ROWS]
        yield pa.table([pa.array(some, pa.string()), _images(some, photos)], schema=PHOTOS)


def _image_rows(split: str, triplets: Triplets, photos: PixelStore) -> Iterator[pa.Table]:
    columns = triplets.query_id, triplets.positive_id, triplets.negative_id
    for top in _steps(split, len(triplets)):
        yield pa.table([_images(column[top : top + _PHOTO_ROWS], photos) for column in columns], schema=IMAGES)


def _steps(split: str, rows: int) -> Iterable[int]:
    return tqdm(range(0, rows, _PHOTO_ROWS), desc=f"{split}, {_PHOTO_ROWS} rows a step", delay=2)


def _images(image_ids: Column, photos: PixelStore) -> pa.StructArray:
    """The encoded photos. They have no path: `datasets` may prefer a file of that name to the bytes."""
    encoded = pa.array([photos.encoded(image_id) for image_id in image_ids], pa.binary())
    return pa.StructArray.from_arrays([encoded, pa.nulls(len(encoded), pa.string())], fields=list(_IMAGE[0]))


def _write(folder: Path, split: str, schema: pa.Schema, groups: Iterator[pa.Table]) -> None:
    """Write row groups into files of about `_SHARD` bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    group = next(groups, None)
    for number in count():
        if group is None:
            break
        path = folder / f"{split}-{number:05}.parquet"
        with pq.ParquetWriter(path, schema, compression="zstd") as file:
            size = 0
            while group is not None and size < _SHARD:
                file.write_table(group)
                size += group.nbytes
                group = next(groups, None)


def _describe(folder: Path, configurations: list[str], splits: Iterable[str]) -> None:
    """Write the README.md whose head tells `datasets` which file belongs to which split; the first is the default."""
    lines = ["---", "configs:"]
    for name in configurations:
        lines.append(f"- config_name: {name}")
        lines += ["  default: true"] if name == configurations[0] else []
        lines.append("  data_files:")
        for split in splits:
            lines += [f"  - split: {split}", f"    path: {name}/{split}-*.parquet"]
    lines += ["---", "", "# Triplets", "", "Anchor, positive, negative: photos of a product catalog."]
    write_text(folder / "README.md", "\n".join(lines) + "\n")
