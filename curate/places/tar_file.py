"""Photos inside a tar file that is not compressed, read in place."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from core.errors import PhotoError
from curate.checks import Reason
from curate.places.archives import FOLDER, LINK, Listing, Unfit, refuse, version
from curate.places.folder import check_size, identity


class Part(NamedTuple):
    """The bytes of a photo in a tar file, from `start`; `mtime` in seconds."""

    start: int
    size: int
    mtime: float


@dataclass(frozen=True)
class TarRoot:
    """The members of the tar file `images`, which is not compressed."""

    images: Path

    def find(self, path: str) -> str:
        """The size, time and place of the member `path`, and the identity of the tar file.

        Raises:
            PhotoError: `outside_root` or `missing_file`.
            InputError: the tar file is gone or damaged.
        """
        part = _list_tar(self.images, *version(self.images)).member(path)
        archive = identity(self.images.stat())
        return archive and f"{part.size}-{part.mtime}-{part.start}-{archive}"

    def read(self, path: str, max_bytes: int) -> bytes:
        """The bytes of the member `path`.

        Raises:
            PhotoError: as `find` does, `too_large`, before anything is read, or `truncated`, the tar file ends in it.
            InputError: the tar file is gone or damaged.
        """
        part = _list_tar(self.images, *version(self.images)).member(path)
        check_size(part.size, max_bytes)
        try:
            with self.images.open("rb") as opened:
                opened.seek(part.start)
                data = opened.read(part.size)
        except OSError as error:
            raise PhotoError(Reason.MISSING_FILE, f"{error.strerror}") from None
        if len(data) < part.size:
            raise PhotoError(Reason.TRUNCATED, f"{len(data):,} of {part.size:,} bytes are in the tar file")
        return data

    def shown(self, path: str) -> str:
        """The path with that of the tar file."""
        return (self.images / path).as_posix()


@lru_cache(maxsize=2)
def _list_tar(images: Path, *_version: int) -> Listing[Part]:
    try:
        with images.open("rb") as opened, tarfile.open(fileobj=opened, mode="r:") as archive:
            listing = Listing(_tar_members(archive))
            # tarfile takes a damaged header for the end; the end is a block of zeros, or nothing.
            opened.seek(archive.offset)
            if opened.read(tarfile.BLOCKSIZE).strip(b"\0"):
                raise tarfile.ReadError("a header is damaged")
            return listing
    except (tarfile.TarError, EOFError, ValueError, OSError) as error:
        refuse(images, "tar", error)


def _tar_members(archive: tarfile.TarFile) -> Iterator[tuple[str, Part | Unfit]]:
    seen: dict[str, Part | Unfit] = {}
    for info in archive:
        absent = Unfit(Reason.MISSING_FILE, "a hard link to no earlier member of the archive")
        seen[info.name] = seen.get(info.linkname, absent) if info.islnk() else _tar_member(info)
        yield info.name, seen[info.name]


def _tar_member(info: tarfile.TarInfo) -> Part | Unfit:
    if info.isdir():
        return FOLDER
    if info.issym():
        return LINK
    if not info.isreg() or info.issparse():
        return Unfit(Reason.MISSING_FILE, "not a regular file")
    return Part(info.offset_data, info.size, info.mtime)
