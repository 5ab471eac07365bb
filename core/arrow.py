"""Arrow files by memory map."""

import mmap
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import TableError


def mapped(path: Path) -> tuple[pa.Table, mmap.mmap]:
    """The table of an Arrow file, its values left on disk until they are read; and the memory that they lie in.

    Raises:
        TableError: the file is missing or is no Arrow file.
    """
    try:
        with path.open("rb") as file:
            memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return pa.ipc.open_file(pa.BufferReader(pa.py_buffer(memory))).read_all(), memory
    except FileNotFoundError:
        raise TableError(f"{path} does not exist. Run the stage that writes it: dvc repro.") from None
    except ValueError as error:  # Arrow's own is one, and Python's where the file is empty
        raise TableError(f"{path} is not an Arrow file: {error}. Run dvc repro.") from error


def numbers(values: npt.NDArray[np.int64]) -> pa.Array:
    """Int64 values (n,) as Arrow has them, without a copy, and without pandas as `values`."""
    values = np.ascontiguousarray(values, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def as_bytes(column: pa.ChunkedArray) -> npt.NDArray[np.uint8]:
    """The bytes (n, w) of binary values of the width w, none of which is null."""
    width = column.type.byte_width
    parts = [
        np.frombuffer(chunk.buffers()[1], np.uint8)[chunk.offset * width : (chunk.offset + len(chunk)) * width]
        for chunk in column.chunks
        if len(chunk)
    ]
    return np.concatenate([np.empty(0, np.uint8), *parts]).reshape(-1, width)


def from_bytes(values: npt.NDArray[np.uint8]) -> pa.Array:
    """Bytes (n, w) as binary values of the width w, without a copy."""
    values = np.ascontiguousarray(values, np.uint8)
    return pa.Array.from_buffers(pa.binary(values.shape[1]), len(values), [None, pa.py_buffer(values)])


def floats(values: npt.NDArray[np.float32]) -> pa.Array:
    """Float32 values (n,) likewise."""
    values = np.ascontiguousarray(values, np.float32)
    return pa.Array.from_buffers(pa.float32(), len(values), [None, pa.py_buffer(values)])


def rows_in(values: pa.Array, wanted: pa.Array) -> npt.NDArray[np.int64]:
    """The row of each of `wanted` (m,) in `values`, -1 where it is none of them."""
    return or_missing(pc.index_in(wanted, value_set=values))


def or_missing(indices: pa.Array) -> npt.NDArray[np.int64]:
    """Int32 `indices` (n,) as Arrow finds them, -1 where they are null."""
    found = np.frombuffer(indices.buffers()[1], np.int32)[indices.offset : indices.offset + len(indices)]
    rows: npt.NDArray[np.int64] = found.astype(np.int64)
    if indices.null_count:
        rows[values(pc.indices_nonzero(indices.is_null()))] = -1
    return rows


def values(column: pa.Array | pa.ChunkedArray) -> npt.NDArray:
    """Numbers (n,), none of which is null.

    Arrow's own way imports pandas first, which takes longer than a small run.
    """
    if isinstance(column, pa.Array):
        return np.from_dlpack(column)
    none = np.empty(0, column.type.to_pandas_dtype())
    return np.concatenate([none, *(np.from_dlpack(chunk) for chunk in column.chunks if len(chunk))])


def whole(values: npt.NDArray[np.int64]) -> pa.Array:
    """Int64 values (n,) as int32."""
    values = np.ascontiguousarray(values, np.int32)
    return pa.Array.from_buffers(pa.int32(), len(values), [None, pa.py_buffer(values)])
