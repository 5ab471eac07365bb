"""The file of vectors by memory map: they are read as they are needed, with their ids and digests."""

import mmap
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.arrow import mapped, values
from core.errors import TableError

DIGEST = 16  # bytes of a vector's digest
_COLUMNS = ["image_id", "digest", "vector"]


@dataclass(frozen=True)
class VectorFile:
    """n float32 vectors: `ids` (n,), `digests` (n,) of their bytes, `values` (n, d); `made_by` says what made them."""

    ids: pa.ChunkedArray
    digests: pa.ChunkedArray
    values: npt.NDArray[np.float32]
    made_by: dict[str, str]
    _memory: mmap.mmap

    @classmethod
    def read(cls, path: Path) -> Self:
        """Map a file that `Vectors.write` made into memory.

        Raises:
            TableError: the file is missing or holds something else.
        """
        table, memory = mapped(path)
        if table.column_names != _COLUMNS:
            lacks = "vectors without digests" if {"image_id", "vector"} <= {*table.column_names} else "no vectors"
            raise TableError(f"{path} holds {lacks}: {', '.join(table.column_names)}. Run dvc repro.")
        kind = table.schema.field("vector").type
        if not pa.types.is_fixed_size_list(kind) or kind.value_type != pa.float32():
            raise TableError(f"{path} holds vectors of the type {kind}, not of float32. Run dvc repro.")
        if table.schema.field("digest").type != pa.binary(DIGEST):
            raise TableError(f"{path} holds digests of another type than {pa.binary(DIGEST)}. Run dvc repro.")
        column = table["vector"]
        # To combine copies all values into memory, even those of one chunk, which is what `write` leaves.
        flat = (column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()).flatten()
        made_by = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        return cls(table["image_id"], table["digest"], values(flat).reshape(-1, kind.list_size), made_by, memory)

    @cached_property
    def version(self) -> bytes:
        """A digest of the ids and of the vectors' digests: another one is another file."""
        found = blake2b(digest_size=DIGEST)
        for column in (self.ids, self.digests):
            for chunk in column.chunks:
                for buffer in chunk.buffers():
                    if buffer is not None:
                        found.update(buffer)
        return found.digest()

    def release(self) -> None:
        """Give the pages that were read back to the system: it keeps them as long as nobody needs the room.

        Who looks at a table part by part would otherwise hold all of it in the end.
        """
        if hasattr(mmap, "MADV_DONTNEED"):
            self._memory.madvise(mmap.MADV_DONTNEED)
