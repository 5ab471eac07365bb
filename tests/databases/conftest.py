"""A PostgreSQL server of the session, and a database of its own for every test."""

import os
import tempfile
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def server():
    """Runs until the session ends; skipped where there is none to run."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'mildnet-triplets[database]'")
    from postgres_server import Server, programs

    if programs() is None:
        pytest.skip("PostgreSQL is not installed: make postgres")
    # Not below pytest's own folder, which is closed to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="triplets-postgres-") as folder:
        running = Server(Path(folder))
        yield running
        running.stop()


@pytest.fixture
def database(server, request, monkeypatch):
    """A connection to a fresh database, which the environment names for our commands."""
    name = f"d{abs(hash(request.node.nodeid))}"
    with server.connect("postgres") as admin:
        admin.execute(f"CREATE DATABASE {name}")
    for key in [key for key in os.environ if key.startswith("PG")]:
        monkeypatch.delenv(key)
    for key, value in server.environment(name).items():
        monkeypatch.setenv(key, value)
    with closing(server.connect(name)) as connection:
        yield connection
