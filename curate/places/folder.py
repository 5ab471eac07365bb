"""Photos that are files below a folder."""

import os
import posixpath
import time
from functools import lru_cache
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

from core.errors import PhotoError
from curate.checks import Reason

_TICK = 2_000_000_000  # nanoseconds, of the coarsest clocks
# Parent folders that are remembered as resolved; of a catalog with more, some are resolved again.
_REMEMBERED = 65536


class FolderRoot:
    """The files below the folder `images`. It pickles as that path alone."""

    def __init__(self, images: Path) -> None:
        self._images, self._prefix = images, images.as_posix()
        self._root = images.resolve()
        self._below = lru_cache(_REMEMBERED)(self._resolved)

    def __reduce__(self) -> tuple[Any, ...]:
        return FolderRoot, (self._images,)

    def find(self, path: str) -> str:
        """What tells whether the file `path` has changed, or nothing where that cannot be told yet.

        Raises:
            PhotoError: `outside_root`, by `..`, an absolute path or a link, or `missing_file`.
        """
        return identity(self._locate(path)[1])

    def read(self, path: str, max_bytes: int) -> bytes:
        """The bytes of the file `path`.

        Raises:
            PhotoError: as `find` does, or `too_large`, before anything is read.
        """
        return read_file(self._locate(path)[0], max_bytes)

    def shown(self, path: str) -> str:
        """The path with its root, as the parameters spell it."""
        # As pathlib would, which takes five times as long.
        return path if self._prefix == "." else posixpath.join(self._prefix, path)

    def _locate(self, path: str) -> tuple[str, os.stat_result]:
        # The one system call that most photos need; whatever is not plainly a file below the root goes the long way.
        head, slash, name = path.rpartition("/")
        folder = self._below(head + slash)
        if folder is not None and name not in ("", ".", ".."):
            try:
                found = os.lstat(folder + name)
                if S_ISREG(found.st_mode):
                    return folder + name, found
            except (OSError, ValueError):
                pass
        return self._follow(path)

    def _resolved(self, head: str) -> str | None:
        try:
            folder = (self._root / head).resolve()
        except (OSError, ValueError, RuntimeError):
            return None
        return os.path.join(folder, "") if folder.is_relative_to(self._root) else None  # noqa: PTH118

    def _follow(self, path: str) -> tuple[str, os.stat_result]:
        try:
            file = (self._root / path).resolve()
            if not file.is_relative_to(self._root):
                raise PhotoError(Reason.OUTSIDE_ROOT, f"leads to {_target(path, file)}")
            found = os.stat(file)  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            raise PhotoError(Reason.MISSING_FILE, "no such file") from None
        except (OSError, ValueError, RuntimeError) as error:  # too long, a null character, a loop of links
            raise PhotoError(Reason.MISSING_FILE, f"{type(error).__name__}: no usable path") from None
        if not S_ISREG(found.st_mode):
            # A named pipe would keep its reader waiting forever.
            kind = "a folder, not a file" if S_ISDIR(found.st_mode) else "not a regular file"
            raise PhotoError(Reason.MISSING_FILE, kind)
        return str(file), found


def _target(path: str, file: Path) -> str:
    # The resolved path would differ between machines, and the table's bytes with it.
    if Path(path).is_absolute():
        return "an absolute path"
    return "a folder above the image root" if ".." in Path(path).parts else f"{file.name}, by a symbolic link"


def identity(found: os.stat_result) -> str:
    """Of a file's size in bytes, its times of change in nanoseconds and its inode; empty where it changed just now.

    Two changes at one tick of a file system's clock look the same, so that nothing tells such a file from its next
    state (in git, the racy ones).
    """
    if abs(time.time_ns() - found.st_mtime_ns) < _TICK:
        return ""
    return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}-{found.st_ino}"


def read_file(file: str, max_bytes: int) -> bytes:
    """The bytes of a regular file.

    Raises:
        PhotoError: `too_large`, before anything is read, or `missing_file`, it cannot be read.
    """
    try:
        with open(file, "rb") as opened:  # noqa: PTH123
            size = os.fstat(opened.fileno()).st_size
            check_size(size, max_bytes)
            return opened.read(size)
    except OSError as error:
        raise PhotoError(Reason.MISSING_FILE, f"{error.strerror}") from None


def check_size(size: int, max_bytes: int) -> None:
    """Refuse `size` bytes.

    Raises:
        PhotoError: `too_large`.
    """
    if size > max_bytes:
        raise PhotoError(Reason.TOO_LARGE, f"{size:,} bytes, at most {max_bytes:,}")
