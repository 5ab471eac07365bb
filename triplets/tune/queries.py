"""The photos that ask: those of the catalog, and those that a person uploads."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from threading import Lock

from core import photo_file
from core.describe import Describer
from core.errors import InputError
from core.images import Pixels
from core.params import load
from core.photo_params import PhotoParams
from core.similarity import Floats, prepare
from triplets.tune.asked import Asked
from triplets.tune.opened import Opened

_UPLOADS = 32  # photos that are remembered; an older one must be uploaded again
_ASKED = 16  # queries whose distances are remembered


@dataclass(frozen=True)
class Query:
    """The photo that asks: an image id of the catalog or, where it was `uploaded`, the number that it got."""

    name: str
    uploaded: bool = False


@dataclass(frozen=True)
class Upload:
    """A photo of no catalog: what its file was called, RGB uint8 (h, w, 3), and its prepared vectors (1, d).

    `version` is that of the tables by whose networks it was described.
    """

    name: str
    pixels: Pixels
    version: str
    prepared: dict[str, Floats]


class Queries:
    """The distances of queries, the latest remembered; and the uploaded photos. Threads share it."""

    def __init__(self, params_path: Path) -> None:
        self._params_path = params_path
        self._lock, self._describing = Lock(), Lock()
        self._numbers = count(1)
        self._of: Opened | None = None
        self._uploads: OrderedDict[str, Upload] = OrderedDict()
        self._describer = lru_cache(maxsize=1)(_describer)
        self._asked = lru_cache(maxsize=_ASKED)(self._measured)

    def add(self, path: Path, opened: Opened) -> Query:
        """Describe the photo file `path`, so that it can ask.

        Raises:
            InputError: it holds no photo that can be used.
            ModelError: what described the catalog cannot describe it.
        """
        try:
            pixels = photo_file.read(path, load(self._params_path, "curate.photos", PhotoParams))
        except InputError as error:  # the folder that it was uploaded to tells a person nothing
            raise InputError(str(error).replace(str(path), path.name)) from None
        prepared = self._described(pixels, opened)
        with self._lock:
            query = Query(str(next(self._numbers)), uploaded=True)
            self._uploads[query.name] = Upload(path.name, pixels, opened.version, prepared)
            while len(self._uploads) > _UPLOADS:
                self._uploads.popitem(last=False)
        return query

    def _described(self, pixels: Pixels, opened: Opened) -> dict[str, Floats]:
        with self._describing:  # the networks take all cores
            described = self._describer(opened).of([pixels])
        return {name: prepare(name, values) for name, values in described.items()}

    def upload(self, query: Query) -> Upload:
        """The uploaded photo that asks.

        Raises:
            InputError: it is forgotten.
        """
        with self._lock:
            found = self._uploads.get(query.name)
        if found is None:
            raise InputError("that uploaded photo is no longer remembered. Upload it again.")
        return found

    def asked(self, opened: Opened, query: Query, partition: str) -> Asked:
        """The `query` beside the photos of its place; an uploaded one seeks in `partition`.

        Raises:
            InputError: there is no such photo, or no such partition.
            TableError: a vector is not finite.
        """
        with self._lock:
            if self._of is not opened:  # nothing of earlier tables is held any longer
                self._asked.cache_clear()
                self._of = opened
        return self._asked(opened, query, partition)

    def _measured(self, opened: Opened, query: Query, partition: str) -> Asked:
        scales = opened.similarity.scales
        if query.uploaded:
            if partition not in opened.partitions:
                raise InputError(f"the catalog has no partition {partition} any more. Choose another.")
            upload = self.upload(query)
            known = upload.version == opened.version
            prepared = upload.prepared if known else self._described(upload.pixels, opened)
            return Asked.of_strange(upload.name, prepared, partition, opened.catalog, opened.described, scales)
        return Asked.of_known(opened.find(query.name), opened.catalog, opened.described, scales)


def _describer(opened: Opened) -> Describer:
    """What described the catalog that is `opened`; another one is read with another catalog."""
    return Describer.read()
