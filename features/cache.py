"""What was computed of each photo, kept across runs, so that only new photos and new networks cost anything.

One SQLite file. A vector is kept under what the stored photo holds and under what made the vector; so a photo that
moved, or stands in two collections, is known, and a network with other weights knows nothing.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.database import Database, digest
from core.errors import InputError
from core.similarity import Floats

Rows = npt.NDArray[np.int64]

# Pages as large as SQLite has them: of a vector that fills most of a page, the rest of the page stays empty.
_TABLES = """
PRAGMA page_size = 65536;
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS vectors
    (maker BLOB NOT NULL, photo BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (maker, photo));
"""
# The first of two processes that made a vector is right; one of another width is no vector of this maker.
_KEEP = """
INSERT INTO vectors VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET vector = excluded.vector
    WHERE length(vector) != length(excluded.vector)
"""
_FLOAT = np.dtype("<f4")
_AT_ONCE = 500  # vectors that are in memory a few times while they are read


def photo_key(encoded: bytes) -> bytes:
    """What the cache knows a photo by: 16 bytes, of the photo as `PixelStore.encoded` gives it."""
    return digest(encoded)


class FeatureCache(Database):
    """Vectors by photo and maker; a maker is any text that tells apart what may make different vectors of a photo."""

    def __init__(self, path: Path) -> None:
        """Open the cache, or make it.

        Raises:
            InputError: the file is no such cache.
        """
        super().__init__(path, _TABLES, "feature cache")

    def read(self, maker: str, photos: Sequence[bytes], into: Floats) -> npt.NDArray[np.bool_]:
        """Copy the vectors that there are into their rows of `into` (n, d); the other rows stay as they are.

        Returns:
            Which rows were found, (n,). A vector of another width than d was not.
        """
        query = "SELECT photo, vector FROM vectors WHERE maker = ? AND photo IN ({})"
        found = np.zeros(len(photos), bool)
        for start in range(0, len(photos), _AT_ONCE):
            asked = photos[start : start + _AT_ONCE]
            size = into.shape[1] * _FLOAT.itemsize
            held = {photo: vector for photo, vector in self._find(query, asked, _key(maker)) if len(vector) == size}
            rows = [row for row, photo in enumerate(asked, start) if photo in held]
            vectors = b"".join([held[photos[row]] for row in rows])
            into[rows] = np.frombuffer(vectors, _FLOAT).reshape(len(rows), into.shape[1])
            found[rows] = True
        return found

    def fetch(self, maker: str, photos: Sequence[bytes], into: Floats) -> Floats:
        """`into` (n, d), filled with the vector of each photo.

        Raises:
            InputError: one is not there.
        """
        lost = np.count_nonzero(~self.read(maker, photos, into))
        if lost:
            raise InputError(f"{self._path} has lost {lost} vectors meanwhile. Run the command again.")
        return into

    def lacking(self, makers: Sequence[tuple[str, int]], photos: Sequence[bytes]) -> Rows:
        """The rows of the photos that one of `makers`, (maker, width), has no vector for; of equal photos the first."""
        rows = {photo: row for row, photo in reversed(list(enumerate(photos)))}
        query = "SELECT photo FROM vectors WHERE maker = ? AND length(vector) = ? AND photo IN ({})"
        held = set(rows)
        for maker, width in makers:
            before = (_key(maker), width * _FLOAT.itemsize)
            held &= {photo for (photo,) in self._find(query, list(rows), *before)}
        return np.array(sorted(row for photo, row in rows.items() if photo not in held), np.int64)

    def keep(self, maker: str, photos: Sequence[bytes], values: Floats) -> None:
        """Keep a vector of each photo, `values` (n, d), all or none, at once; one that is there already stays.

        Raises:
            InputError: a value is not finite.
        """
        finite = np.isfinite(values).all(axis=1)
        if not finite.all():
            raise InputError(
                f"{np.count_nonzero(~finite)} of {len(values)} photos came out with values that are not finite,"
                " which the feature cache does not keep. Check the weights that made them."
            )
        vectors = np.ascontiguousarray(values, _FLOAT)
        with self._database:
            self._database.executemany(_KEEP, zip(repeat(_key(maker), len(photos)), photos, vectors, strict=True))

    def count(self) -> int:
        """How many vectors there are."""
        return int(self._database.execute("SELECT COUNT(*) FROM vectors").fetchone()[0])

    def size(self) -> int:
        """The bytes that it takes on disk, once nobody writes to it."""
        pages, page = (self._database.execute(f"PRAGMA page_{what}").fetchone()[0] for what in ("count", "size"))
        return int(pages * page)

    def prune(self, makers: Collection[str], photos: Collection[bytes]) -> None:
        """Forget all vectors but those that `makers` made of `photos`, and give their room back."""
        self._list("wanted_makers", map(_key, makers))
        self._list("wanted_photos", photos)
        with self._database:
            gone = "DELETE FROM vectors WHERE maker NOT IN wanted_makers OR photo NOT IN wanted_photos"
            self._database.execute(gone)
        self._database.execute("VACUUM")


def through_cache(
    cache: FeatureCache,
    makers: Sequence[tuple[str, int]],
    photos: Sequence[bytes],
    compute: Callable[[Rows], Iterable[tuple[Rows, Sequence[Floats]]]],
) -> list[Floats]:
    """What each of `makers`, (maker, width), makes of `photos`: (n, width) each, from the cache where it has them.

    What the cache has stands, so that two runs never differ by the rounding of a computation: a photo that one maker
    lacks is computed for all, and where another maker, or another process meanwhile, has kept a vector, that one
    is returned and not the new one.

    Args:
        compute: is given the rows that a maker lacks, of equal photos the first alone, unless there are none. It
            yields some of them at a time with their values, (m, width) for each maker. These are kept before the
            next are asked for, so that a killed run resumes there.

    Raises:
        InputError: a computed value is not finite.
    """
    rows_left = cache.lacking(makers, photos)
    for rows, outputs in compute(rows_left) if len(rows_left) else ():
        keys = [photos[row] for row in rows]
        for (maker, _), output in zip(makers, outputs, strict=True):
            cache.keep(maker, keys, output)
    return [cache.fetch(maker, photos, np.empty((len(photos), width), np.float32)) for maker, width in makers]


def _key(maker: str) -> bytes:
    return digest(maker.encode())
