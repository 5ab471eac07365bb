"""Pixels: shrunk, encoded, and in the store that everything after ingest reads by memory map."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol, Self

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.arrow import mapped
from core.atomic import replacing
from core.errors import TableError

Pixels = npt.NDArray[np.uint8]

_SCHEMA = pa.schema(
    [
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("photo", pa.large_binary(), nullable=False),
    ]
)


def shrink(pixels: Pixels, largest_side: int) -> Pixels:
    """Scale down, keeping the aspect, so that the larger side is at most `largest_side` pixels."""
    height, width = pixels.shape[:2]
    scale = largest_side / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def encode(pixels: Pixels, quality: int | None) -> bytes:
    """RGB uint8 (h, w, 3) as JPEG of `quality` (1 to 100, colours at full resolution) or, for None, as lossless PNG.

    Encoded photos take a tenth of their pixels' room, and decode much faster than the network takes them.
    """
    if quality is None:
        ending, options = ".png", []
    else:
        full = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
        ending = ".jpg"
        options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, full]
    return cv2.imencode(ending, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1].tobytes()


def restored(encoded: bytes | pa.Buffer) -> Pixels:
    """The photo of which `encode` gave `encoded`: RGB uint8 (h, w, 3).

    Raises:
        ValueError: it is damaged.
    """
    data = np.frombuffer(encoded, np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if len(data) else None
    if pixels is None:
        raise ValueError(f"{len(data)} bytes that are no encoded photo")
    return pixels.astype(np.uint8, copy=False)


def write_store(path: Path, photos: Iterable[tuple[str, bytes]], *, per_batch: int = 64) -> None:
    """Write (image_id, what `encode` gave) pairs as a pixel store, in their order, a batch in memory at a time."""
    with replacing(path) as beside, pa.ipc.new_file(beside, _SCHEMA) as file:
        waiting = iter(photos)
        while batch := list(islice(waiting, per_batch)):
            ids, encoded = zip(*batch, strict=True)
            columns = [pa.array(ids, pa.string()), pa.array(encoded, pa.large_binary())]
            file.write_batch(pa.RecordBatch.from_arrays(columns, schema=_SCHEMA))


class Squares(Protocol):
    """What gives photos as squares, as a `PixelStore` does."""

    def square(self, image_ids: Iterable[str], size: int) -> Pixels:
        """The photos resized to size x size without keeping the aspect: RGB uint8 (n, size, size, 3)."""
        ...


class PixelStore:
    """Photos of one or more store files, by image id, decoded from the memory map when they are asked for.

    Reads from several threads at once.
    """

    def __init__(self, tables: Sequence[pa.Table]) -> None:
        self._where: dict[str, tuple[pa.LargeBinaryArray, int]] = {}
        for table in tables:
            for batch in table.to_batches():
                photos = batch.column("photo")
                for row, image_id in enumerate(batch.column("image_id").to_pylist()):
                    self._where[image_id] = photos, row

    @classmethod
    def open(cls, *paths: Path) -> Self:
        """Map the store files.

        Raises:
            TableError: a file is missing or is no pixel store.
        """
        tables = []
        for path in paths:
            table, _ = mapped(path)
            if not table.schema.equals(_SCHEMA):
                raise TableError(f"{path} is no pixel store. Run dvc repro.")
            tables.append(table)
        return cls(tables)

    def __len__(self) -> int:
        return len(self._where)

    def __getitem__(self, image_id: str) -> Pixels:
        """The photo as RGB uint8 (height, width, 3)."""
        try:
            return restored(self._buffer(image_id))
        except ValueError:
            message = f"the stored photo of {image_id} is damaged. Remove the store and run dvc repro."
            raise TableError(message) from None

    def encoded(self, image_id: str) -> bytes:
        """The photo as `encode` gave it."""
        return self._buffer(image_id).to_pybytes()

    def square(self, image_ids: Iterable[str], size: int) -> Pixels:
        """The photos resized to size x size without keeping the aspect: RGB uint8 (n, size, size, 3)."""
        ids = list(image_ids)
        squares = np.empty((len(ids), size, size, 3), np.uint8)
        for image_id, place in zip(ids, squares, strict=True):
            squared(self[image_id], size, place)
        return squares

    def _buffer(self, image_id: str) -> pa.Buffer:
        try:
            photos, row = self._where[image_id]
        except KeyError:
            raise TableError(f"no pixels for the image {image_id}. Run dvc repro.") from None
        return photos[row].as_buffer()


def squared(pixels: Pixels, size: int, place: Pixels | None = None) -> Pixels:
    """Resize RGB uint8 (h, w, 3) to (size, size, 3) without keeping the aspect, into `place` where it is given."""
    shrinks = max(pixels.shape[:2]) > size
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(pixels, (size, size), place, interpolation=method).astype(np.uint8, copy=False)
