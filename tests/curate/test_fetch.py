"""Photos at addresses, fetched from a real server on this machine that has every bad habit."""

import base64
import gzip
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.errors import InputError, PhotoError
from curate.params import FetchParams
from curate.places import download
from curate.places.fetch import Addresses
from curate.places.roots import open_root

LIMIT = 100_000


def photo(number):
    return sha256(str(number).encode()).digest() * 300


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name, *rest = self.path.strip("/").split("/")
        with self.server.lock:
            self.server.asked[self.path] += 1
            self.server.now += 1
            self.server.peak = max(self.server.peak, self.server.now)
        try:
            getattr(self, name.replace("-", "_"))(*rest)
        finally:
            with self.server.lock:
                self.server.now -= 1

    def answer(self, body=b"", status=200, **headers):
        self.send_response(status)
        for key, value in {"Content_Length": len(body), **headers}.items():
            if value is not None:
                self.send_header(key.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def trickle(self, piece, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.wfile.write(piece)
            time.sleep(0.05)

    def photo(self, number):
        self.answer(photo(number))

    def slow(self, number):
        time.sleep(0.1)
        self.photo(number)

    def fails(self, status, times):
        failed = self.server.asked[self.path] <= int(times)
        self.answer(b"busy" if failed else photo(1), int(status) if failed else 200)

    def later(self, seconds):
        if self.server.asked[self.path] == 1:
            self.answer(status=429, Retry_After=seconds)
        else:
            self.photo(1)

    def status(self, status):
        self.answer(b"an error page", int(status))

    def announced(self):
        self.answer(b"", Content_Length=LIMIT + 1, Connection="close")

    def endless(self):
        self.answer(b"", Content_Length=None, Connection="close")
        self.trickle(b"x" * 20_000, 5)

    def full(self):
        self.answer(b"x" * LIMIT)

    def short(self, times):
        if self.server.asked[self.path] <= int(times):
            self.answer(photo(1)[:-1], Content_Length=len(photo(1)))
            self.close_connection = True
        else:
            self.photo(1)

    def chunks(self, ending):
        self.answer(b"5\r\nfirst\r\n6\r\nsecond\r\n", Content_Length=None, Transfer_Encoding="chunked")
        if ending == "whole":
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def drip(self):
        self.answer(b"", Content_Length=LIMIT)
        self.trickle(b"x", 5)

    def drip_header(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self.trickle(b"x", 5)

    def drip_unknown(self):
        self.answer(b"", Content_Length=None, Connection="close")
        self.trickle(b"x", 5)

    def silent(self):
        time.sleep(1)
        self.close_connection = True

    def hangs_up(self):
        self.close_connection = True

    def garbage(self):
        self.wfile.write(b"no HTTP at all\r\n\r\n")
        self.close_connection = True

    def loop(self):
        self.answer(status=302, Location="/loop")

    def hops(self, left):
        if left == "0":
            self.photo(1)
        else:
            self.answer(b"moved", status=301, Location=f"/hops/{int(left) - 1}")

    def to_file(self):
        self.answer(status=302, Location="file:///etc/hosts")

    def to_endless(self):
        self.answer(b"", status=302, Location="/photo/1", Content_Length=10**12)
        self.trickle(b"x" * 100_000, 5)

    def zipped(self):
        self.answer(gzip.compress(photo(1)), Content_Encoding="gzip")

    def bomb(self):
        self.answer(gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip")

    def two_lengths(self):
        self.answer(b"x", Content_length=2)

    def empty(self):
        self.answer()

    def cookie(self, _):
        self.answer(self.headers.get("Cookie", "none").encode(), Set_Cookie="seen=yes; Path=/")

    def private(self):
        right = "Basic " + base64.b64encode(b"user:secret").decode()
        self.answer(photo(1), 200 if self.headers.get("Authorization") == right else 401)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    block_on_close = False
    request_queue_size = 100

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock, self.asked, self.now, self.peak = threading.Lock(), Counter(), 0, 0

    def at(self, path, user=""):
        return f"http://{user}127.0.0.1:{self.server_port}/{path}"

    def handle_error(self, request, client_address):
        pass  # fetchers that hang up are meant


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(download, "_BACKOFF", 0.01)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def addresses(folder, connections=4, retries=2, timeout=2.0):
    return Addresses(folder / "fetched", FetchParams(connections=connections, retries=retries, timeout=timeout), LIMIT)


def fetch(place, address):
    """The photo, or the reason and the detail."""
    place.prepare([address])
    try:
        place.find(address)
        return place.read(address, LIMIT)
    except PhotoError as error:
        return str(error.reason), error.detail


def test_photos_are_fetched_once_over_bounded_connections(tmp_path, server):
    place = addresses(tmp_path, connections=4)
    asked = [server.at(f"slow/{number}") for number in range(24)]
    place.prepare(asked + asked[:5])
    assert 2 <= server.peak <= 4
    assert set(server.asked.values()) == {1}
    assert [place.read(address, LIMIT) for address in asked] == [photo(number) for number in range(24)]
    before = [place.find(address) for address in asked]
    place.prepare(asked)
    assert server.asked.total() == 24
    assert [place.find(address) for address in asked] == before
    assert sorted(file.name for file in place.cache.iterdir()) == sorted(
        sha256(address.encode()).hexdigest() for address in asked
    )


def test_one_connection_is_enough(tmp_path, server):
    place = addresses(tmp_path, connections=1)
    place.prepare(server.at(f"slow/{number}") for number in range(4))
    assert (server.peak, server.asked.total()) == (1, 4)


def test_more_photos_than_wait_at_a_time(tmp_path, server, monkeypatch):
    monkeypatch.setattr("curate.places.fetch._AHEAD", 3)
    place = addresses(tmp_path)
    asked = [server.at(f"photo/{number}") for number in range(20)]
    place.prepare(asked)
    assert [place.read(address, LIMIT) for address in asked] == [photo(number) for number in range(20)]


@pytest.mark.parametrize(
    ("path", "requests"),
    [
        ("fails/503/2", 3),
        ("fails/500/1", 2),
        ("fails/429/2", 3),
        ("fails/408/1", 2),
        ("later/garbage", 2),
        ("short/2", 3),
        ("zipped", 1),
        ("to-endless", 1),
    ],
)
def test_what_passes_is_overcome(tmp_path, server, path, requests):
    assert fetch(addresses(tmp_path), server.at(path)) == photo(1)
    assert server.asked[f"/{path}"] == requests


def test_a_server_may_ask_for_a_pause(tmp_path, server):
    start = time.monotonic()
    assert fetch(addresses(tmp_path), server.at("later/1")) == photo(1)
    assert time.monotonic() - start >= 1


def test_a_pause_longer_than_a_photo_has_is_not_waited_for(tmp_path, server):
    start = time.monotonic()
    assert fetch(addresses(tmp_path), server.at("later/3600")) == ("not_fetched", "HTTP 429")
    assert time.monotonic() - start < 60
    assert server.asked.total() == 1


@pytest.mark.parametrize(
    ("path", "reason", "detail", "requests"),
    [
        ("status/404", "not_fetched", "HTTP 404", 1),
        ("status/403", "not_fetched", "HTTP 403", 1),
        ("status/206", "not_fetched", "HTTP 206", 1),
        ("fails/503/9", "not_fetched", "HTTP 503", 3),
        ("short/9", "not_fetched", "connection broken off", 3),
        ("chunks/cut", "not_fetched", "connection broken off", 3),
        ("hangs-up", "not_fetched", "connection broken off", 3),
        ("garbage", "not_fetched", "connection broken off", 3),
        ("announced", "too_large", "100,001 bytes, at most 100,000", 1),
        ("endless", "too_large", "more than 100,000 bytes", 1),
        ("bomb", "too_large", "more than 100,000 bytes", 1),
        ("two-lengths", "not_fetched", "an answer that is no HTTP", 1),
        ("loop", "not_fetched", "more than 5 redirects", 6),
        ("hops/6", "not_fetched", "more than 5 redirects", 1),
        ("to-file", "not_fetched", "redirected to an address that is not http(s)", 1),
        ("private", "not_fetched", "HTTP 401", 1),
    ],
)
def test_what_stays_is_told_in_the_same_words(tmp_path, server, path, reason, detail, requests):
    place = addresses(tmp_path)
    for _ in range(2):
        assert fetch(place, server.at(path, "name:hidden@")) == (reason, detail)
    assert server.asked[f"/{path}"] == 2 * requests  # another run tries again
    kept = "".join(file.read_text() for file in place.cache.iterdir())
    assert "hidden" not in kept
    assert str(server.server_port) not in kept
    assert fetch(pickle.loads(pickle.dumps(place)), server.at(path, "name:hidden@")) == (reason, detail)


def test_whole_photos_of_every_kind(tmp_path, server):
    place = addresses(tmp_path)
    assert fetch(place, server.at("chunks/whole")) == b"firstsecond"
    assert fetch(place, server.at("full")) == b"x" * LIMIT
    assert fetch(place, server.at("empty")) == b""
    assert fetch(place, server.at("hops/5")) == photo(1)
    assert fetch(place, server.at("private", "user:secret@")) == photo(1)
    assert fetch(place, server.at("photo/a b?ü")) == photo("a%20b?%C3%BC")


def test_a_smaller_limit_holds_for_photos_that_are_there(tmp_path, server):
    place = addresses(tmp_path)
    place.prepare([server.at("photo/1")])
    with pytest.raises(PhotoError) as error:
        place.read(server.at("photo/1"), 9599)
    assert (error.value.reason, error.value.detail) == ("too_large", "9,600 bytes, at most 9,599")


def test_a_failure_that_is_mended_is_forgotten(tmp_path, server):
    place = addresses(tmp_path, retries=0)
    assert fetch(place, server.at("fails/500/1")) == ("not_fetched", "HTTP 500")
    assert fetch(place, server.at("fails/500/1")) == photo(1)


def test_what_one_server_sets_does_not_reach_the_next_photo(tmp_path, server):
    place = addresses(tmp_path, connections=1)
    place.prepare([server.at("cookie/1"), server.at("cookie/2")])
    assert place.read(server.at("cookie/1"), 10) == place.read(server.at("cookie/2"), 10) == b"none"


@pytest.mark.parametrize(("path", "seconds"), [("drip", 15), ("drip-unknown", 15), ("drip-header", 15), ("silent", 15)])
def test_a_server_that_takes_its_time_is_left(tmp_path, server, path, seconds):
    place = addresses(tmp_path, retries=1, timeout=0.3)
    start = time.monotonic()
    assert fetch(place, server.at(path)) == ("not_fetched", "timed out")
    assert time.monotonic() - start < seconds


def test_addresses_that_lead_nowhere(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    place = addresses(tmp_path, retries=1)
    assert fetch(place, f"http://127.0.0.1:{port}/a.jpg") == ("not_fetched", "connection refused")
    assert fetch(place, "http://no-such-host.invalid/a.jpg") == ("not_fetched", "no such host")
    for malformed in ("http://", "http://[", "http://a b/", "http://x:port/", "https:///a.jpg", "http://" + "x" * 300):
        assert fetch(place, malformed) == ("not_fetched", "no usable address")


def test_plain_http_behind_https_is_not_trusted(tmp_path, server):
    address = server.at("photo/1").replace("http:", "https:")
    assert fetch(addresses(tmp_path), address) == ("not_fetched", "no trusted connection")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, server):
    (tmp_path / "fetched").touch()
    with pytest.raises(InputError) as error:
        addresses(tmp_path).prepare([server.at("photo/1")])
    assert str(error.value) == (f"cannot write to {tmp_path / 'fetched'}: File exists. Make room, or mend its rights.")


def test_nothing_to_fetch_leaves_no_trace(tmp_path):
    addresses(tmp_path).prepare([])
    assert list(tmp_path.iterdir()) == []


def test_a_root_fetches_the_addresses_among_its_paths(tmp_path, server):
    (tmp_path / "in.jpg").write_bytes(b"in")
    fetch_params = FetchParams(connections=2, retries=0, timeout=2.0)
    root = open_root(str(tmp_path), fetch_params, LIMIT, tmp_path / "fetched")
    paths = ["in.jpg", server.at("photo/1"), server.at("photo/2"), server.at("status/404")]
    root.prepare(paths)
    assert [root.read(path, LIMIT) for path in paths[:3]] == [b"in", photo(1), photo(2)]
    assert root.shown(server.at("photo/1", "user:secret@")) == server.at("photo/1")
    for read in (root.find, lambda path: root.read(path, LIMIT)):
        with pytest.raises(PhotoError) as error:
            read(paths[3])
        assert (error.value.reason, error.value.detail) == ("not_fetched", "HTTP 404")


FETCH_FORTY = """
import signal

# A shell that runs tests in the background has them ignore interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

import sys
from pathlib import Path
from curate.places.fetch import Addresses
from curate.params import FetchParams
place = Addresses(Path(sys.argv[1]), FetchParams(connections=2, retries=0, timeout=5.0), 100_000)
place.prepare(sys.argv[2:])
"""


def start_fetching(place, asked, files):
    """A process that fetches, once it has `files` of the photos."""
    process = subprocess.Popen([sys.executable, "-c", FETCH_FORTY, place.cache, *asked], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while len(whole(place)) < files:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    return process


def whole(place):
    return {file.name for file in place.cache.glob("*")} if place.cache.exists() else set()


def test_a_killed_run_goes_on_where_it_was(tmp_path, server):
    place = addresses(tmp_path, connections=2)
    asked = [server.at(f"slow/{number}") for number in range(40)]
    process = start_fetching(place, asked, 8)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.3)  # the server finishes what was under way
    done = {name for name in whole(place) if not name.startswith(".")}
    assert 8 <= len(done) < 40
    names = {sha256(address.encode()).hexdigest(): address for address in asked}
    rest = {address for name, address in names.items() if name not in done}
    left = min(rest)
    (place.cache / f".{sha256(left.encode()).hexdigest()}.999999999.partial").write_bytes(b"half")
    server.asked.clear()
    place.prepare(asked)
    assert {server.at(path.strip("/")) for path in server.asked} == rest
    assert set(server.asked.values()) == {1}
    assert [place.read(address, LIMIT) for address in asked] == [photo(number) for number in range(40)]
    assert whole(place) == set(names)


def test_an_interrupted_run_ends_at_once(tmp_path, server):
    place = addresses(tmp_path)
    process = start_fetching(place, [server.at(f"slow/{number}") for number in range(200)], 4)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait() != 0
    assert time.monotonic() - start < 5
    assert not any(name.endswith(".failed") for name in whole(place))
