"""What zip and tar files have in common: members by name, listed once per process and again when the file changes."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Generic, NamedTuple, NoReturn, TypeVar

from core.errors import InputError, PhotoError
from curate.checks import Reason

Member = TypeVar("Member")


class Unfit(NamedTuple):
    """A member that is no photo to read, and why."""

    reason: Reason
    detail: str


FOLDER = Unfit(Reason.MISSING_FILE, "a folder, not a file")
_ABSENT = Unfit(Reason.MISSING_FILE, "no such file")
LINK = Unfit(Reason.OUTSIDE_ROOT, "a symbolic link, which is not followed in an archive")


class Listing(Generic[Member]):
    """The members of an archive by their normal names; of equal names the last one counts."""

    def __init__(self, members: Iterable[tuple[str, Member | Unfit]]) -> None:
        self._members: dict[str, Member | Unfit] = {"": FOLDER}
        for name, member in members:
            try:
                key = normal(name)
            except PhotoError:
                continue  # no path that stays below the root leads to it
            self._members[key] = member
            while (key := key.rpartition("/")[0]) not in self._members:
                self._members[key] = FOLDER

    def member(self, path: str) -> Member:
        """The member `path`.

        Raises:
            PhotoError: `outside_root` or `missing_file`.
        """
        found = self._members.get(path) or self._members.get(normal(path), _ABSENT)
        if isinstance(found, Unfit):
            raise PhotoError(found.reason, found.detail)
        return found


def normal(path: str) -> str:
    """The path without `.`, `..` and repeated slashes.

    Raises:
        PhotoError: `outside_root`, it is absolute or leads above where it begins.
    """
    if path.startswith("/"):
        raise PhotoError(Reason.OUTSIDE_ROOT, "leads to an absolute path")
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and not parts:
            raise PhotoError(Reason.OUTSIDE_ROOT, "leads to a folder above the image root")
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def version(images: Path) -> tuple[int, int, int, int]:
    """What tells whether an archive has changed: its times of change in nanoseconds, its size and its inode.

    Raises:
        InputError: it is gone.
    """
    try:
        found = os.stat(images)  # noqa: PTH116
    except OSError as error:
        raise InputError(
            f"cannot read the image root {images}: {error.strerror}. Mend images in params.yaml."
        ) from None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def refuse(images: Path, kind: str, error: Exception) -> NoReturn:
    """Say that an archive is damaged.

    Raises:
        InputError: always.
    """
    raise InputError(
        f"the image root {images} is no {kind} file that can be read: {error}."
        " Make it again, or unpack it and name the folder."
    ) from None
