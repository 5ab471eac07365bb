"""Where photos are read from, in place: a folder, a zip or a tar file, and http(s) addresses beside any of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.errors import InputError, PhotoError
from curate.checks import Reason
from curate.params import FetchParams
from curate.places.addresses import is_address
from curate.places.fetch import Addresses
from curate.places.folder import FolderRoot
from curate.places.tar_file import TarRoot
from curate.places.zip_file import ZipRoot

_COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")


class Place(Protocol):
    """One place that holds photos; every path is relative to it."""

    def find(self, path: str) -> str:
        """The identity of a photo: another one whenever its bytes change, as far as can be told without them."""

    def read(self, path: str, max_bytes: int) -> bytes:
        """The bytes of a photo."""

    def shown(self, path: str) -> str:
        """The path as the catalog table keeps it."""


@dataclass(frozen=True)
class Root:
    """The image root: a path that begins with http:// or https:// is an address, any other one a file.

    It holds no more than paths and parameters, so that it travels to a worker with every task.
    """

    files: Place | None
    addresses: Addresses

    def prepare(self, paths: Iterable[str]) -> None:
        """Fetch the photos at addresses among `paths`; those that files hold need nothing.

        Raises:
            InputError: the folder for fetched photos cannot be written.
        """
        self.addresses.prepare(path for path in paths if is_address(path))

    def find(self, path: str) -> str:
        """The identity of a photo: another one whenever its bytes change, as far as can be told without them.

        Raises:
            PhotoError: `outside_root`, `missing_file`, `not_fetched`, or `too_large` of an address.
            InputError: the archive is damaged.
        """
        return self._place(path).find(path)

    def read(self, path: str, max_bytes: int) -> bytes:
        """The bytes of a photo, at most `max_bytes`; of a larger one no more is read.

        Raises:
            PhotoError: as `find` does, `too_large`, or `truncated`, the archive has them damaged.
            InputError: the archive is damaged.
        """
        return self._place(path).read(path, max_bytes)

    def shown(self, path: str) -> str:
        """The path as the catalog table keeps it: with its root, or the address without a user's name and password."""
        if self.files is None and not is_address(path):
            return path
        return self._place(path).shown(path)

    def _place(self, path: str) -> Place:
        if is_address(path):
            return self.addresses
        if self.files is None:
            raise PhotoError(Reason.MISSING_FILE, "no http(s) address, and images is empty")
        return self.files


def open_root(images: str, fetch: FetchParams, max_bytes: int, cache: Path) -> Root:
    """The image root `images`, a folder, a zip or a tar file, or empty where every path is an address.

    Photos at addresses, of at most `max_bytes`, are kept in the folder `cache`.

    Raises:
        InputError: it is none of these.
    """
    return Root(_files(Path(images)) if images else None, Addresses(cache, fetch, max_bytes))


def _files(images: Path) -> Place:
    name = images.name.lower()
    if images.is_dir():
        return FolderRoot(images)
    if not images.exists():
        raise InputError(f"the image root {images} does not exist. Make it, or mend images in params.yaml.")
    if name.endswith(_COMPRESSED):
        raise InputError(
            f"the image root {images} is a compressed tar file; photos are compressed already."
            " Unpack it to a plain .tar, or to a folder."
        )
    if name.endswith(".zip"):
        return ZipRoot(images)
    if name.endswith(".tar"):
        return TarRoot(images)
    raise InputError(
        f"the image root {images} is no folder, .zip or .tar file. Unpack it, or mend images in params.yaml."
    )
