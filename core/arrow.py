"""Arrow files by memory map."""

import mmap
from pathlib import Path

import pyarrow as pa

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
