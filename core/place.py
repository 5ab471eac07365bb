"""Where a command and its tasks work: in the working folder, or in mirrors of a data folder that lies at a URL.

The files that a command reads are brought, it works in the mirror as it does in a project, and what it has written is
sent there once it has succeeded. A Spark worker on another machine makes a mirror too, of what it reads.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import InputError, PartialError
from core.mirror import Mirror

_entered: list["Place"] = []


@dataclass(frozen=True)
class Place:
    """Where a task works: in the driver's folder, or in a mirror that its own machine makes of some files."""

    folder: Path
    url: str | None = None
    versions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def here(cls) -> "Place":
        """Where this process works."""
        return _entered[-1] if _entered else cls(Path.cwd())

    def enter(self) -> None:
        """Make it the working folder.

        Raises:
            InputError: there is no such folder, or the mirror cannot be made.
        """
        folder = self.folder if self.url is None else _brought(self.url, self.versions)
        if str(folder) == os.getcwd():  # noqa: PTH109 - a path as text
            return
        try:
            os.chdir(folder)
        except OSError as error:
            raise InputError(
                f"a Spark worker has no folder {folder}: {error.strerror}. Share it with them all, or name where the"
                " data lie by --data."
            ) from error


@lru_cache(maxsize=1)
def _brought(url: str, versions: tuple[tuple[str, str], ...]) -> Path:
    mirror = Mirror(url)
    mirror.bring([Path(name) for name, _ in versions], dict(versions))
    return mirror.folder


@contextmanager
def mirrored(url: str, reads: Sequence[Path], of_workers: Sequence[Path], writes: Sequence[Path]) -> Iterator[None]:
    """Work in a mirror of the data folder at `url`; afterwards send what of `writes`, files or folders, is new.

    Nothing is sent after an error, but for a `PartialError`.

    Args:
        reads: the files that the command reads, as far as there are such, the first of which there must be.
        of_workers: those of them that a Spark worker reads.

    Raises:
        InputError: as `Mirror.bring` and `Mirror.send`.
    """
    mirror = Mirror.of(url)
    versions = mirror.bring(reads)
    names = [file.as_posix() for file in of_workers]
    _entered.append(
        Place(mirror.folder, mirror.url, tuple((name, versions[name]) for name in names if name in versions))
    )
    try:
        with chdir(mirror.folder):
            before, partly = _stamps(writes), None
            try:
                yield
            except PartialError as error:
                partly = error
            after = _stamps(writes)
    finally:
        _entered.pop()
    mirror.send([file for file, stamp in after.items() if before.get(file) != stamp])
    if partly:
        raise partly


def _stamps(paths: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """The files at or below `paths`, in their order, a folder's .json last; and what tells whether one is new."""
    found: list[Path] = []
    for path in paths:
        within = path.rglob("*") if path.is_dir() else [path]
        found += sorted(within, key=lambda file: (file.suffix == ".json", file))
    return {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in found if file.is_file()}
