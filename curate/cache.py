"""What each photo file turned out to be, kept across runs, so that only new photos are decoded.

One SQLite file, which outlives a kill at any moment and may be removed at any time. Its table `files` says what a
file held when it was read last, and spares reading it; `photos` says what comes of such bytes under given parameters,
and spares decoding them.
"""

import inspect
import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from core import decoding, icc, images, opening
from core.database import Database, digest
from core.photo_params import PhotoParams
from curate import fingerprints, photos, quality
from curate.checks import Reason
from curate.fingerprints import Fingerprint
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


class PhotoCache(Database):
    """Outcomes by key, and keys by file."""

    def __init__(self, path: Path, params: PhotoParams) -> None:
        """Open the cache, or make it.

        Raises:
            InputError: the file is no such cache.
        """
        super().__init__(path, _TABLES, "photo cache")
        self._settings = _digest(json.dumps([_makers(), vars(params)]))
        self._files: list[tuple[str, str, str]] = []
        self._photos: list[tuple[str, str, str, str, bytes | None]] = []

    def key(self, content: str, cut: Cut) -> str:
        """What an outcome is kept under: the content, what counts of it, the parameters and the decoder's version."""
        # The content of a crop has the box; the box of a photo that stays whole is clipped and kept all the same.
        return _digest(f"{content} {cut} {self._settings}")

    def contents(self, files: Sequence[tuple[str, str]]) -> list[str | None]:
        """The content of each (place, identity), None where the place is new or what lies there is."""
        query = "SELECT place, identity, content FROM files WHERE place IN ({})"
        rows = self._find(query, [place for place, _ in files])
        held = {place: (identity, content) for place, identity, content in rows}
        return [
            held[place][1] if identity and held.get(place, ("",))[0] == identity else None for place, identity in files
        ]

    def present(self, keys: Iterable[str]) -> set[str]:
        """Those of `keys` that have an outcome."""
        return {key for (key,) in self._find("SELECT key FROM photos WHERE key IN ({})", list(keys))}

    def outcomes(self, keys: Iterable[str]) -> dict[str, Outcome]:
        """The outcomes of those of `keys` that have one."""
        rows = self._find("SELECT key, facts, encoded FROM photos WHERE key IN ({})", list(keys))
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
        self._list("wanted", contents)
        with self._database:
            self._database.execute("DELETE FROM files WHERE content NOT IN wanted")
            gone = "DELETE FROM photos WHERE settings != ? OR content NOT IN wanted"
            self._database.execute(gone, (self._settings,))
        self._database.execute("VACUUM")


def _digest(text: str) -> str:
    return digest(text.encode()).hex()


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
