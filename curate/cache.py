"""What each photo file turned out to be, kept across runs, so that only new photos are decoded.

One SQLite file, which outlives a kill at any moment and may be removed at any time. Its table `files` says what a
file held when it was read last, and spares reading it; `photos` says what comes of such bytes under given parameters,
and spares decoding them.
"""

import hashlib
import inspect
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

from core import decoding, icc, images, opening
from core.errors import InputError
from curate import fingerprints, photos, quality
from curate.checks import Reason
from curate.fingerprints import Fingerprint
from curate.params import PhotoParams
from curate.photos import Box, Cut, Outcome, Photo, Refused
from curate.quality import Quality

_TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS files (place TEXT PRIMARY KEY, identity TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS photos
    (key TEXT PRIMARY KEY, content TEXT NOT NULL, settings TEXT NOT NULL, facts TEXT NOT NULL, encoded BLOB);
"""
# The code that makes a photo of bytes: what another version of it has made counts for nothing.
_CODE = (decoding, icc, images, opening, fingerprints, photos, quality)
_PER_QUERY = 500  # SQLite takes 999 values


class PhotoCache:
    """Outcomes by key, and keys by file. One process writes at a time; others wait, readers never do."""

    def __init__(self, path: Path, params: PhotoParams) -> None:
        """Open the cache, or make it.

        Raises:
            InputError: the file is no such cache.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._settings = _digest(json.dumps([_makers(), vars(params)]))
        self._files: list[tuple[str, str, str]] = []
        self._photos: list[tuple[str, str, str, str, bytes | None]] = []
        try:
            self._database = sqlite3.connect(path, timeout=60)
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        try:
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.executescript(_TABLES)
        except sqlite3.Error as error:
            self._database.close()
            raise self._unusable(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()
        if isinstance(error, sqlite3.Error):
            raise self._unusable(error) from None

    def _unusable(self, error: sqlite3.Error) -> InputError:
        return InputError(
            f"{self._path} cannot be used as the photo cache: {error}."
            " Wait where another run writes to it; else remove it, it is made again."
        )

    def key(self, content: str, cut: Cut) -> str:
        """What an outcome is kept under: the content, what counts of it, the parameters and the decoder's version."""
        # The content of a crop has the box; the box of a photo that stays whole is clipped and kept all the same.
        return _digest(f"{content} {cut} {self._settings}")

    def contents(self, files: Sequence[tuple[str, str]]) -> list[str | None]:
        """The content of each (place, identity), None where the place is new or what lies there is."""
        rows = self._in("files", "place", "place, identity, content", files)
        held = {place: (identity, content) for place, identity, content in rows}
        return [
            held[place][1] if identity and held.get(place, ("",))[0] == identity else None for place, identity in files
        ]

    def present(self, keys: Iterable[str]) -> set[str]:
        """Those of `keys` that have an outcome."""
        return {key for (key,) in self._in("photos", "key", "key", [(key,) for key in keys])}

    def outcomes(self, keys: Iterable[str]) -> dict[str, Outcome]:
        """The outcomes of those of `keys` that have one."""
        rows = self._in("photos", "key", "key, facts, encoded", [(key,) for key in keys])
        return {key: _outcome(facts, encoded) for key, facts, encoded in rows}

    def keep(self, place: str, identity: str, content: str, key: str, outcome: Outcome) -> None:
        """Take note of a file and of what came of it; an empty `identity` names no file. Lasts from `commit` on."""
        if identity:
            self._files.append((place, identity, content))
        encoded = outcome.encoded if isinstance(outcome, Photo) else None
        self._photos.append((key, content, self._settings, json.dumps(_facts(outcome)), encoded))

    def commit(self) -> None:
        """Write what was kept, all of it or nothing, and let another process write."""
        with self._database:
            self._database.executemany("REPLACE INTO files VALUES (?, ?, ?)", self._files)
            self._database.executemany("INSERT OR IGNORE INTO photos VALUES (?, ?, ?, ?, ?)", self._photos)
        self._files.clear()
        self._photos.clear()

    def empty(self) -> bool:
        """Whether it has no photo."""
        return self._database.execute("SELECT 1 FROM photos LIMIT 1").fetchone() is None

    def count(self) -> int:
        """How many photos there are."""
        return int(self._database.execute("SELECT COUNT(*) FROM photos").fetchone()[0])

    def prune(self, contents: Iterable[str]) -> None:
        """Forget all photos but those of `contents` as they are under these parameters, and give their room back."""
        with self._database:
            self._database.execute("CREATE TEMP TABLE wanted (content TEXT PRIMARY KEY)")
            self._database.executemany("INSERT INTO wanted VALUES (?)", ((content,) for content in contents))
            self._database.execute("DELETE FROM files WHERE content NOT IN wanted")
            gone = "DELETE FROM photos WHERE settings != ? OR content NOT IN wanted"
            self._database.execute(gone, (self._settings,))
        self._database.execute("VACUUM")

    def _in(self, table: str, column: str, wanted: str, values: Sequence[tuple[str, ...]]) -> Iterator[tuple]:
        for start in range(0, len(values), _PER_QUERY):
            some = [value[0] for value in values[start : start + _PER_QUERY]]
            marks = ",".join("?" * len(some))
            yield from self._database.execute(f"SELECT {wanted} FROM {table} WHERE {column} IN ({marks})", some)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@cache
def _makers() -> list[str]:
    versions = [version(name) for name in ("pillow", "opencv-python-headless", "numpy")]
    return versions + [_digest(inspect.getsource(module)) for module in _CODE]


def _facts(outcome: Outcome) -> list:
    if isinstance(outcome, Refused):
        return [outcome.reason, outcome.detail]
    hashed, colors = outcome.fingerprint.perceptual_hash, outcome.fingerprint.colors.hex()
    return [outcome.width, outcome.height, outcome.box, outcome.frames, outcome.quality, hashed, colors]


def _outcome(facts: str, encoded: bytes | None) -> Outcome:
    read = json.loads(facts)
    if encoded is None:
        return Refused(Reason(read[0]), read[1])
    width, height, box, frames, quality, hashed, colors = read
    fingerprint = Fingerprint(hashed, bytes.fromhex(colors))
    return Photo(encoded, width, height, Box(*box) if box else None, frames, Quality(*quality), fingerprint)
