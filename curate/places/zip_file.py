"""Photos inside a zip file, read in place."""

import stat
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from core.errors import PhotoError
from curate.checks import Reason
from curate.places.archives import FOLDER, LINK, Listing, Unfit, refuse, version
from curate.places.folder import check_size, identity


@dataclass(frozen=True)
class ZipRoot:
    """The members of the zip file `images`, stored or deflated: no other method bounds what a few bytes inflate to."""

    images: Path

    def find(self, path: str) -> str:
        """The CRC and the size of the member `path`, and the identity of the zip file.

        Raises:
            PhotoError: `outside_root` or `missing_file`.
            InputError: the zip file is gone or damaged.
        """
        info = self._opened()[1].member(path)
        # The CRC is what the directory says: the bytes may have been damaged since.
        archive = identity(self.images.stat())
        return archive and f"{info.CRC:08x}-{info.file_size}-{archive}"

    def read(self, path: str, max_bytes: int) -> bytes:
        """The bytes of the member `path`; never more is inflated than the archive announces.

        Raises:
            PhotoError: as `find` does, `too_large`, or `truncated`, the member is damaged.
            InputError: the zip file is gone or damaged.
        """
        archive, listing = self._opened()
        info = listing.member(path)
        check_size(info.file_size, max_bytes)
        try:
            with archive.open(info) as opened:
                return opened.read(info.file_size + 1)  # the one more has the CRC checked
        except (BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError):
            raise PhotoError(Reason.TRUNCATED, "damaged in the zip file") from None
        except OSError as error:
            raise PhotoError(Reason.MISSING_FILE, f"{error.strerror}") from None

    def shown(self, path: str) -> str:
        """The path with that of the zip file."""
        return (self.images / path).as_posix()

    def _opened(self) -> tuple[ZipFile, Listing[ZipInfo]]:
        return _open_zip(self.images, *version(self.images))


@lru_cache(maxsize=2)
def _open_zip(images: Path, *_version: int) -> tuple[ZipFile, Listing[ZipInfo]]:
    try:
        archive = ZipFile(images)
    except (BadZipFile, struct.error, EOFError, ValueError, NotImplementedError, OSError) as error:
        refuse(images, "zip", error)
    return archive, Listing((info.filename, _zip_member(info)) for info in archive.infolist())


def _zip_member(info: ZipInfo) -> ZipInfo | Unfit:
    if info.is_dir():
        return FOLDER
    if stat.S_ISLNK(info.external_attr >> 16):
        return LINK
    if info.flag_bits & 1:
        return Unfit(Reason.MISSING_FILE, "encrypted in the zip file")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return Unfit(
            Reason.MISSING_FILE, f"compressed by method {info.compress_type}, only stored and deflated are read"
        )
    return info
