"""The one decoder, and the pixel store that everything after ingest reads by memory map."""

import warnings
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.arrow import mapped
from core.atomic import replacing
from core.errors import PhotoError, TableError

if TYPE_CHECKING:
    from PIL import Image

Pixels = npt.NDArray[np.uint8]

_SCHEMA = pa.schema(
    [
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("height", pa.int32(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
        pa.field("pixels", pa.large_binary(), nullable=False),
    ]
)


def decode(data: bytes, *, max_pixels: int) -> Pixels:
    """Decode one photo to RGB uint8 (height, width, 3): EXIF orientation applied, alpha on white, first frame.

    Raises:
        PhotoError: `not_an_image`, `truncated` or `too_large` (more than `max_pixels`, told by the header,
            before any pixel is decoded).
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Pillow's own size warning repeats max_pixels; other warnings are about metadata that we do not use.
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data)) as photo:
                if photo.width * photo.height > max_pixels:
                    raise PhotoError("too_large", f"{photo.width} x {photo.height} pixels, at most {max_pixels}")
                upright = ImageOps.exif_transpose(photo)
                return np.asarray(_rgb(upright))
    except Image.DecompressionBombError as error:  # Pillow's own limit, before the header reaches us
        raise PhotoError("too_large", str(error)) from error
    except UnidentifiedImageError as error:
        raise PhotoError("not_an_image", f"{len(data)} bytes of no known image format") from error
    except PhotoError:
        raise
    except Exception as error:  # Pillow's plugins raise anything from struct.error to SyntaxError on damaged files.
        raise PhotoError("truncated", " ".join(str(error).split()) or type(error).__name__) from error


def _rgb(photo: "Image.Image") -> "Image.Image":
    from PIL import Image

    if photo.mode in ("RGBA", "LA", "PA") or "transparency" in photo.info:
        photo = photo.convert("RGBA")
        ground = Image.new("RGBA", photo.size, "white")
        return Image.alpha_composite(ground, photo).convert("RGB")
    if photo.mode.startswith("I;16"):
        # Pillow clips 16 bits to 8 instead of scaling them.
        return Image.fromarray((np.asarray(photo) >> 8).astype(np.uint8)).convert("RGB")
    return photo.convert("RGB")


def shrink(pixels: Pixels, largest_side: int) -> Pixels:
    """Scale down, keeping the aspect, so that the larger side is at most `largest_side` pixels."""
    height, width = pixels.shape[:2]
    scale = largest_side / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def write_store(path: Path, photos: Iterable[tuple[str, Pixels]], *, per_batch: int = 64) -> None:
    """Write (image_id, RGB uint8 (h, w, 3)) pairs as a pixel store, in their order, a batch in memory at a time."""
    with replacing(path) as beside, pa.ipc.new_file(beside, _SCHEMA) as file:
        batch: list[tuple[str, Pixels]] = []
        for photo in photos:
            batch.append(photo)
            if len(batch) == per_batch:
                file.write_batch(_batch(batch))
                batch = []
        if batch:
            file.write_batch(_batch(batch))


def _batch(photos: Sequence[tuple[str, Pixels]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            pa.array([image_id for image_id, _ in photos], pa.string()),
            pa.array([pixels.shape[0] for _, pixels in photos], pa.int32()),
            pa.array([pixels.shape[1] for _, pixels in photos], pa.int32()),
            pa.array([pixels.tobytes() for _, pixels in photos], pa.large_binary()),
        ],
        schema=_SCHEMA,
    )


class PixelStore:
    """Read-only photos of one or more store files, by image id, straight from the memory map."""

    def __init__(self, tables: Sequence[pa.Table]) -> None:
        self._where: dict[str, tuple[pa.RecordBatch, int]] = {}
        for table in tables:
            for batch in table.to_batches():
                for row, image_id in enumerate(batch.column("image_id").to_pylist()):
                    self._where[image_id] = batch, row

    @classmethod
    def open(cls, *paths: Path) -> Self:
        """Map the store files.

        Raises:
            TableError: a file is missing or is no pixel store.
        """
        tables = []
        for path in paths:
            table = mapped(path)
            if not table.schema.equals(_SCHEMA):
                raise TableError(f"{path} is no pixel store. Run dvc repro.")
            tables.append(table)
        return cls(tables)

    def __len__(self) -> int:
        return len(self._where)

    def __getitem__(self, image_id: str) -> Pixels:
        """The photo as RGB uint8 (height, width, 3), a read-only view into the file."""
        try:
            batch, row = self._where[image_id]
        except KeyError:
            raise TableError(f"no pixels for the image {image_id}. Run dvc repro.") from None
        height, width = batch.column("height")[row].as_py(), batch.column("width")[row].as_py()
        buffer = batch.column("pixels")[row].as_buffer()
        return np.frombuffer(buffer, np.uint8).reshape(height, width, 3)

    def square(self, image_ids: Iterable[str], size: int) -> Pixels:
        """The photos resized to size x size without keeping the aspect: RGB uint8 (n, size, size, 3)."""
        return np.stack([_square(self[image_id], size) for image_id in image_ids])


def _square(pixels: Pixels, size: int) -> Pixels:
    if pixels.shape[:2] == (size, size):
        return pixels
    shrinks = max(pixels.shape[:2]) > size
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(pixels, (size, size), interpolation=method).astype(np.uint8, copy=False)
