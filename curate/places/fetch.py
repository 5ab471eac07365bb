"""Photos at http(s) addresses, fetched once into a folder and read from there."""

import os
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import TYPE_CHECKING

from core.atomic import replacing
from core.errors import InputError, PhotoError
from curate.checks import Reason
from curate.params import FetchParams
from curate.places.addresses import without_user
from curate.places.folder import identity, read_file

if TYPE_CHECKING:
    from curate.places.session import Session

# Photos that wait their turn, so that a long list of addresses does not become as many futures.
_AHEAD = 1000


@dataclass(frozen=True)
class Addresses:
    """Photos at http(s) addresses, of at most `max_bytes`, kept in the folder `cache`, which may be removed any time.

    A photo's file is named by the SHA-256 of its address, and appears whole or not at all. Where there is none, a
    file beside it says why.
    """

    cache: Path
    params: FetchParams
    max_bytes: int

    def prepare(self, addresses: Iterable[str]) -> None:
        """Fetch the photos that are not in the folder yet, with a progress bar.

        Raises:
            InputError: the folder cannot be written.
        """
        missing = [address for address in dict.fromkeys(addresses) if not self._file(address).exists()]
        if missing:
            self._fetch_all(missing)

    def find(self, address: str) -> str:
        """The identity of the fetched file.

        Raises:
            PhotoError: `not_fetched` or `too_large`.
        """
        try:
            return identity(self._file(address).stat())
        except FileNotFoundError:
            raise self._failure(address) from None

    def read(self, address: str, max_bytes: int) -> bytes:
        """The bytes of the fetched file.

        Raises:
            PhotoError: as `find` does, or `too_large`.
        """
        self.find(address)
        return read_file(os.fspath(self._file(address)), max_bytes)

    def shown(self, address: str) -> str:
        """The address without a user's name and password."""
        return without_user(address)

    def _file(self, address: str) -> Path:
        return self.cache / sha256(address.encode()).hexdigest()

    def _note(self, address: str) -> Path:
        return self._file(address).with_suffix(".failed")

    def _failure(self, address: str) -> PhotoError:
        try:
            reason, detail = self._note(address).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return PhotoError(Reason.NOT_FETCHED, "never asked for")
        return PhotoError(Reason(reason), detail)

    def _fetch_all(self, addresses: Sequence[str]) -> None:
        from tqdm import tqdm

        from curate.places.session import Session

        connections = min(self.params.connections, len(addresses))
        idle: SimpleQueue[Session] = SimpleQueue()
        stop = Event()
        waiting: deque[Future[None]] = deque()
        with ExitStack() as opened:
            bar = opened.enter_context(tqdm(total=len(addresses), desc="photos fetched", unit=" photos", delay=1))
            for _ in range(connections):
                idle.put(opened.enter_context(Session()))
            pool = opened.enter_context(ThreadPoolExecutor(connections))
            opened.callback(stop.set)  # comes before the pool waits for its threads
            for address in addresses:
                waiting.append(pool.submit(self._fetch, address, idle, stop))
                if len(waiting) > _AHEAD:
                    waiting.popleft().result()
                    bar.update()
            while waiting:
                waiting.popleft().result()
                bar.update()

    def _fetch(self, address: str, idle: "SimpleQueue[Session]", stop: Event) -> None:
        from curate.places.download import download

        session = idle.get()
        try:
            data = download(address, session, self.params, self.max_bytes, stop)
        except PhotoError as error:
            self._keep(self._note(address), f"{error.reason}\n{error.detail}\n".encode())
        else:
            self._keep(self._file(address), data)
        finally:
            idle.put(session)

    def _keep(self, file: Path, data: bytes) -> None:
        try:
            with replacing(file) as beside:
                beside.write_bytes(data)
        except OSError as error:
            raise InputError(
                f"cannot write to {self.cache}: {error.strerror}. Make room, or mend its rights."
            ) from error
