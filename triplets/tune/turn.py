"""One process or thread at a time reads a file and writes it anew, so that no change is lost."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Wait until nobody else holds the folder of the file `path`, a link followed, and hold it.

    The folder is locked, not the file: a rename puts another file in the place of the one that is locked, and a file
    of its own for the lock would be left in the project.
    """
    path.resolve().parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)  # which ends the lock
