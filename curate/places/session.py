"""One thread's way to the photos at addresses: one connection, few redirects, and a time when it is cut."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

import requests
from requests.adapters import HTTPAdapter

REDIRECTS = 5


class Session(requests.Session):
    """A session that holds one connection at most."""

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = REDIRECTS
        # Photos are compressed already, and unpacked the announced length would not be theirs.
        self.headers.update({"User-Agent": "mildnet-triplets", "Accept-Encoding": "identity"})
        self.hooks["response"].append(_leave_redirect)
        self._line = _Line(pool_connections=1, pool_maxsize=1)
        for scheme in ("http://", "https://"):
            self.mount(scheme, self._line)

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """Break off what is under way inside after `seconds`: a timeout alone begins anew with every byte."""
        timer = Timer(seconds, self._line.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class _Line(HTTPAdapter):
    """Knows its connection, also while it waits for an answer."""

    _connection: Any = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = type(pool).ConnectionCls

        def connection(**options: Any) -> Any:
            self._connection = kind(**options)
            return self._connection

        pool.ConnectionCls = connection
        return pool

    def cut(self) -> None:
        """End the connection's reads and writes; where there is none, nothing."""
        opened = self._connection and self._connection.sock
        if opened is not None:
            with suppress(OSError):
                # Of a TLS connection too the socket, for the thread that reads from it holds the rest.
                socket.socket.shutdown(opened, socket.SHUT_RDWR)


def _leave_redirect(response: requests.Response, **_: object) -> None:
    # requests would read the body of a redirect, however long, before it follows.
    if response.is_redirect:
        response.close()
