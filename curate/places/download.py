"""One photo over HTTP: retried, bounded in bytes and in time, its failures told in the same words every time."""

from collections.abc import Iterator
from concurrent.futures import CancelledError
from threading import Event
from time import monotonic

import requests
from urllib3 import Retry
from urllib3.exceptions import HTTPError, InvalidHeader, NameResolutionError

from core.errors import PhotoError
from curate.checks import Reason
from curate.params import FetchParams
from curate.places.folder import check_size
from curate.places.session import REDIRECTS, Session

_BACKOFF = 0.5  # seconds before the first retry; each further one waits twice as long
_PATIENCE = 2
_CHUNK = 65536  # bytes

# What to say of an error; its own words hold ports, addresses and object ids. The first that fits counts.
_LASTING: tuple[tuple[type[Exception], str], ...] = (
    (requests.TooManyRedirects, f"more than {REDIRECTS} redirects"),
    (requests.exceptions.InvalidSchema, "redirected to an address that is not http(s)"),
    (requests.exceptions.SSLError, "no trusted connection"),
    (requests.exceptions.InvalidHeader, "an answer that is no HTTP"),
    (ValueError, "no usable address"),
)
_PASSING: tuple[tuple[type[Exception], str], ...] = (
    (requests.Timeout, "timed out"),
    (TimeoutError, "timed out"),
    (NameResolutionError, "no such host"),
    (ConnectionRefusedError, "connection refused"),
    (requests.exceptions.ProxyError, "the proxy failed"),
)


class _PassingError(Exception):
    """A failure that another attempt may not meet; `pause` is what the server asks for, in seconds."""

    def __init__(self, detail: str, pause: float = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pause = pause


def download(address: str, session: Session, params: FetchParams, max_bytes: int, stop: Event) -> bytes:
    """The bytes at an http(s) address.

    Connection failures, broken bodies and the statuses 408, 429 and 5xx are retried, after the pause that the server
    asks for. `params.timeout` bounds each wait for the server; in all, retries and pauses included, a photo has twice
    (retries + 1) times as long, also where a server lets its answer trickle.

    Raises:
        PhotoError: `not_fetched` or `too_large`.
        CancelledError: `stop` is set.
    """
    end = monotonic() + _PATIENCE * (params.retries + 1) * params.timeout
    session.cookies.clear()  # what one photo's server sets must not change another one
    for attempt in range(params.retries + 1):
        if stop.is_set():
            raise CancelledError
        left = max(end - monotonic(), 0.1)
        try:
            with session.cut_after(left):
                return _attempt(address, session, min(params.timeout, left), max_bytes, end)
        except _PassingError as error:
            failure = error
        pause = max(failure.pause, _BACKOFF * 2**attempt)
        if attempt == params.retries or monotonic() + pause >= end:
            break
        stop.wait(pause)
    raise PhotoError(Reason.NOT_FETCHED, failure.detail)


def _attempt(address: str, session: Session, timeout: float, max_bytes: int, end: float) -> bytes:
    try:
        with session.get(address, stream=True, timeout=timeout) as response:
            if response.status_code != 200:
                raise _refusal(response)
            check_size(response.raw.length_remaining or 0, max_bytes)
            data = bytearray()
            # A connection that ends with its answer is out of reach of the cut; read1 never waits for a full chunk.
            while (chunk := response.raw.read1(_CHUNK, decode_content=True)) and monotonic() < end:
                data += chunk
                if len(data) > max_bytes:
                    raise PhotoError(Reason.TOO_LARGE, f"more than {max_bytes:,} bytes")
    except (requests.RequestException, HTTPError, ValueError) as error:
        raise _failure(error) if monotonic() < end else _PassingError("timed out") from error
    if monotonic() >= end:  # a body of no announced length looks whole where it was cut
        raise _PassingError("timed out")
    return bytes(data)


def _refusal(response: requests.Response) -> Exception:
    status = response.status_code
    if status not in (408, 429) and status < 500:
        return PhotoError(Reason.NOT_FETCHED, f"HTTP {status}")
    try:
        pause = Retry().get_retry_after(response.raw)
    except InvalidHeader:
        pause = None
    return _PassingError(f"HTTP {status}", pause or 0)


def _failure(error: Exception) -> Exception:
    for kind, detail in _LASTING:
        if isinstance(error, kind):
            return PhotoError(Reason.NOT_FETCHED, detail)
    causes = list(_causes(error))
    for kind, detail in _PASSING:
        if any(isinstance(cause, kind) for cause in causes):
            return _PassingError(detail)
    return _PassingError("connection broken off")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
