"""Arrow files by memory map."""

from pathlib import Path

import pyarrow as pa

from core.errors import TableError


def mapped(path: Path) -> pa.Table:
    """The table of an Arrow file, its values left on disk until they are read.

    Raises:
        TableError: the file is missing or is no Arrow file.
    """
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except FileNotFoundError:
        raise TableError(f"{path} does not exist. Run the stage that writes it: dvc repro.") from None
    except pa.ArrowInvalid as error:
        raise TableError(f"{path} is not an Arrow file: {error}. Run dvc repro.") from error
