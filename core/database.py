"""What the caches share: one SQLite file each, open in several processes, whole after a kill at any moment."""

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from core.errors import InputError

Key = str | bytes

_PER_QUERY = 500  # SQLite takes 999 values
_PATIENCE = 60.0  # seconds that one process waits for another
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def digest(data: bytes) -> bytes:
    """16 bytes that tell `data` apart: BLAKE2b."""
    return hashlib.blake2b(data, digest_size=16).digest()


class Database:
    """Base of a cache, which may be removed at any time. One process writes at a time; others wait, readers never do.

    It is closed as a context, in which an error of SQLite becomes an `InputError` of one line.
    """

    def __init__(self, path: Path, tables: str, name: str) -> None:
        """Open the file at `path`, or make it; its folder is made too.

        Args:
            tables: SQL that makes what is not there yet.
            name: of the cache, in errors.

        Raises:
            InputError: the file cannot be used, or is none of SQLite.
        """
        self._path = path
        self._name = name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=_PATIENCE)
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from None
        try:
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._make(tables)
        except sqlite3.Error as error:
            self._database.close()
            raise self._unusable(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()
        if isinstance(error, sqlite3.Error):
            raise self._unusable(error) from None

    @property
    def folder(self) -> Path:
        """Where its file lies."""
        return self._path.parent

    def _make(self, tables: str) -> None:
        # Of two processes that make a file at once, SQLite turns one away without any wait.
        patient = time.monotonic() + _PATIENCE
        while True:
            try:
                self._database.executescript(tables)
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > patient:
                    raise
            time.sleep(0.01)

    def _unusable(self, error: sqlite3.Error | OSError) -> InputError:
        # The low byte is the kind of error, the rest says at what it came.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NO_ROOM:
            step = "Make room on its disk and start again: what it has got is kept."
        else:
            step = "Wait where another run writes to it; else remove it, it is made again."
        return InputError(f"{self._path} cannot be used as the {self._name}: {error}. {step}")

    def _find(self, query: str, keys: Sequence[Key], *before: Key | int) -> Iterator[tuple]:
        """The rows of `query`, whose `{}` stands for some of `keys` and whose values before it are `before`."""
        for start in range(0, len(keys), _PER_QUERY):
            some = keys[start : start + _PER_QUERY]
            yield from self._database.execute(query.format(",".join("?" * len(some))), [*before, *some])

    def _list(self, name: str, keys: Iterable[Key]) -> None:
        """Make `keys` a table that this connection alone sees, for `IN name`."""
        with self._database:
            self._database.execute(f"DROP TABLE IF EXISTS temp.{name}")
            self._database.execute(f"CREATE TEMP TABLE {name} (key PRIMARY KEY)")
            self._database.executemany(f"INSERT OR IGNORE INTO {name} VALUES (?)", ((key,) for key in keys))
