"""An array of vectors in a file without a name, so that a catalog's need not fit into memory."""

import tempfile
from pathlib import Path

import numpy as np

from core.similarity import Floats


def empty(count: int, width: int, folder: Path) -> Floats:
    """An array (count, width) whose values lie in `folder`, which is made; memory holds what it has room for.

    The file goes with the array, also where the process is killed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        # No file of no bytes can be mapped.
        values = np.memmap(file, np.float32, "w+", shape=(max(count, 1), width))
    return np.asarray(values)[:count]
