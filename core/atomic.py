"""Outputs are never half-written: write beside, then rename."""

import errno
import glob
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a fresh path beside `path`; on success it takes the place of `path`, on any error it is removed.

    What is written may be a file or a folder. The parent folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name per process: two runs at once must not write into one another's.
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    _remove(beside)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        if not _runs(left.name.split(".")[-2]):
            _remove(left)
    try:
        yield beside
        if beside.is_dir():
            _replace_folder(beside, path)
        else:
            beside.replace(path)
    finally:
        _remove(beside)


def _replace_folder(new: Path, path: Path) -> None:
    """A folder takes no other's place by a rename; and another run may put its own there meanwhile."""
    while True:
        try:
            _remove(path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EISDIR, errno.ENOENT):
                raise
        try:
            new.rename(path)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Hold the file `path` as the one run of `what` here; the lock ends with the process, however it ends.

    Raises:
        InputError: another process holds it.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout:
        raise InputError(f"another {what} runs in this folder. Wait for its end, or stop it.") from None


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically; non-finite numbers are refused."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def _runs(process: str) -> bool:
    """Whether a process of this number runs; what a killed one has left is cleared away."""
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
