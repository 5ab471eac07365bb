"""The server of the page, asked without a browser."""

import socket
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from small_project import catalog_rows, fit, write_project
from tune_browser import served

from core.images import restored
from core.paths import CATALOG, MIXED, PAGE, SIMILARITY, TABLE
from triplets.cli import main
from triplets.tune.tuning import Files, Tuning

FILES = Files(Path("params.yaml"), Path("judgements.csv"), Path("weights.yaml"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("served")
    fit(write_project(root, catalog_rows(20))).write(root / SIMILARITY)
    return root


@pytest.fixture(scope="module")
def address(root):
    with served(root) as answering:
        yield answering


def test_only_its_own_page_is_answered(address):
    assert requests.get(address, timeout=20).status_code == 200
    assert requests.get(address, timeout=20, headers={"host": "evil.example"}).status_code == 400
    other = requests.post(
        f"{address}/gradio_api/upload", headers={"origin": "http://evil.example"}, files={"files": b"x"}, timeout=20
    )
    assert (other.status_code, other.text) == (403, "this server answers its own page alone")
    assert requests.get(address, timeout=20, headers={"origin": address}).status_code == 200


def test_the_browser_is_told_to_load_nothing_from_elsewhere(address):
    policy = requests.get(address, timeout=20).headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "http" not in policy
    assert "googleapis" not in requests.get(address, timeout=20).text


def test_photos_are_small_jpegs_and_what_there_is_not_is_said(address, root, monkeypatch):
    monkeypatch.chdir(root)
    version = Tuning(FILES).opened().version
    found = requests.get(f"{address}/photo/{version}/c000-0", timeout=20)
    assert found.headers["content-type"] == "image/jpeg"
    assert "immutable" in found.headers["cache-control"]
    assert restored(found.content).shape == (16, 12, 3)
    for path, told in (
        (f"/photo/{version}/nothing", "no pixels for the image nothing"),
        (f"/photo/{version}/..%2F..%2Fparams.yaml", "no pixels for the image ../../params.yaml"),
        ("/upload/7", "no longer remembered"),
        ("/report", f"{MIXED / PAGE} does not exist"),
    ):
        lacking = requests.get(address + path, timeout=20)
        assert lacking.status_code == 404
        assert told in lacking.text


def test_a_port_that_is_taken_and_tables_that_are_missing_are_named(root, tmp_path, monkeypatch):
    monkeypatch.chdir(root)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["tune", "--no-open", "--port", str(port)])
    assert result.exit_code == 1
    expected = f"Error: cannot listen on port {port}: Address already in use. Choose another by --port."
    assert result.stderr.strip() == expected
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["tune", "--no-open", "--port", "0"])
    assert result.exit_code == 1
    assert result.stderr.strip() == f"Error: {CATALOG / TABLE} does not exist. Run the stage that writes it: dvc repro."
