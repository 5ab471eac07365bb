"""The mirror of a data folder at a URL of fsspec: files are brought where they have changed, and sent back."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock
from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from core.atomic import replacing, write_json
from core.errors import InputError, MildnetError

CACHE = "MILDNET_MIRROR"  # the environment variable that names the folder of the mirrors
_DATA = Path("data")
_HELD = "versions.json"

Versions = dict[str, str]  # of the files that there are, by their path from the project's root


@dataclass(frozen=True)
class Mirror:
    """The mirror of the data folder at `url`."""

    url: str

    @classmethod
    def of(cls, url: str) -> "Mirror":
        """The mirror of what a person calls `url`: of a folder, its absolute path.

        Raises:
            InputError: it is no URL, or the package that reads it is not installed.
        """
        system, path = cls(url)._place
        return cls(str(Path(path).resolve()) if isinstance(system, LocalFileSystem) else url)

    @property
    def folder(self) -> Path:
        """What stands for the project's root."""
        home = os.environ.get(CACHE) or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "mildnet")
        return Path(home).absolute() / sha256(self.url.encode()).hexdigest()[:16]

    def bring(self, files: Sequence[Path], wanted: Mapping[str, str] | None = None) -> Versions:
        """Copy those of `files` that have changed; what is not there is not here. One process at a time does so.

        Args:
            wanted: the versions that they must have.

        Raises:
            InputError: the first is not there, the place cannot be read, or a file has changed meanwhile.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "lock"), self._told("read"):
            held = self._held()
            found = {file.as_posix(): version for file in files if (version := self._version(file)) is not None}
            if files and files[0].as_posix() not in found:
                raise InputError(
                    f"{shown(self.url)} has no {self._names(files[0])}. Correct --data, or copy the data there."
                )
            for name in (file.as_posix() for file in files):
                if wanted is not None and found.get(name) != wanted.get(name):
                    raise self._changed(name)
                if name not in found:
                    (self.folder / name).unlink(missing_ok=True)
                elif held.get(name) != self._holding(name, found[name]):
                    self._fetch(name, found[name])
                    self._hold(name, found[name])
        return found

    def send(self, files: Sequence[Path]) -> None:
        """Put `files` there, in their order, each as a whole.

        Raises:
            InputError: one cannot be written.
        """
        with FileLock(self.folder / "lock"), self._told("written"):
            for file in files:
                remote = self._remote(file)
                if isinstance(self._system, LocalFileSystem):
                    with replacing(Path(remote)) as beside:
                        shutil.copyfile(self.folder / file, beside)
                else:
                    self._system.makedirs(self._system._parent(remote), exist_ok=True)
                    self._system.put_file(str(self.folder / file), remote)
                self._hold(file.as_posix(), str(self._version(file)))

    @cached_property
    def _place(self) -> tuple[AbstractFileSystem, str]:
        try:
            return url_to_fs(self.url, use_listings_cache=False)
        except ImportError as error:
            package = getattr(error.__cause__, "name", None) or error
            raise InputError(
                f"{shown(self.url)} needs {package}, which is not installed. Run pip install {package}, here and on"
                " every worker."
            ) from error
        except ValueError as error:
            raise InputError(
                f"--data must be a folder or a URL, as s3://BUCKET/data. Received: {shown(self.url)}"
            ) from error

    @property
    def _system(self) -> AbstractFileSystem:
        return self._place[0]

    def _remote(self, file: Path | str) -> str:
        return f"{self._place[1].rstrip('/')}/{self._names(file)}"

    def _names(self, file: Path | str) -> str:
        return Path(file).relative_to(_DATA).as_posix()

    def _version(self, file: Path | str) -> str | None:
        try:
            self._system.invalidate_cache()
            return str(self._system.checksum(self._remote(file)))
        except FileNotFoundError:
            return None

    def _fetch(self, name: str, version: str) -> None:
        with replacing(self.folder / name) as beside:
            self._system.get_file(self._remote(name), str(beside))
            if self._version(name) != version:
                raise self._changed(name)

    def _changed(self, name: str) -> InputError:
        return InputError(f"{self._names(name)} at {shown(self.url)} changed while it was read. Run the command again.")

    def _holding(self, name: str, version: str) -> list[Any]:
        """What is noted of a file here: a command that wrote another, and failed, has not changed it there."""
        try:
            here = (self.folder / name).stat()
        except FileNotFoundError:
            return [version]
        return [version, here.st_ino, here.st_mtime_ns, here.st_size]

    def _held(self) -> dict[str, list[Any]]:
        try:
            found: dict[str, list[Any]] = json.loads((self.folder / _HELD).read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def _hold(self, name: str, version: str) -> None:
        write_json(self.folder / _HELD, self._held() | {name: self._holding(name, version)})

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        """Whatever a file system may raise, as one line without a password."""
        try:
            yield
        except MildnetError:
            raise
        except Exception as error:  # each system has its own
            said = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
            raise InputError(
                f"{shown(self.url)} cannot be {done}: {shown(said)}. Check the URL, your credentials and rights."
            ) from error


def shown(url: str) -> str:
    """`url`, or a text with one in it, without a user's name and password."""
    return re.sub(r"(?<=//)[^/@\s]*@", "", url)
