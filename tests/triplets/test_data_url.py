"""The daily commands work on data at a URL, on every engine, with the bytes that they write in a project."""

import shutil
from pathlib import Path

import needing_spark  # noqa: F401 - skips where there is none
import pytest
from click.testing import CliRunner

from core import spark_session
from core.engines import Engine
from core.mirror import CACHE
from triplets.cli import main

pytestmark = pytest.mark.service

COMMANDS = ("recommend", "mine", "similar", "mix")
VECTORS = {f"data/features/{name}.arrow" for name in ("structure", "pattern", "color")}


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """Where the mirrors of Spark's workers lie, whose working folder is not that of a test."""
    folder = tmp_path_factory.mktemp("machine")
    with spark_session.session(Engine("spark", workers=2)) as context:
        context.environment[CACHE] = str(folder)
        yield folder


def outputs(folder: Path) -> dict[str, bytes]:
    written = folder / "triplets"
    return {str(path.relative_to(written)): path.read_bytes() for path in written.rglob("*") if path.is_file()}


def test_data_at_a_url_give_the_bytes_of_a_project(project, machine, tmp_path, monkeypatch):
    for command in COMMANDS:
        assert CliRunner().invoke(main, [command, "--engine", "local"]).exit_code == 0
    wanted = outputs(Path("data"))
    shutil.rmtree("data/triplets")
    far = tmp_path / "far"
    Path("data").rename(far)
    monkeypatch.setenv(CACHE, str(tmp_path / "mirrors"))
    for engine in ("processes", "spark"):
        shutil.rmtree(far / "triplets", ignore_errors=True)
        for command in COMMANDS:
            words = [command, "--engine", engine, "--workers", "2", "--data", far.as_uri()]
            done = CliRunner().invoke(main, words)
            assert done.exit_code == 0, done.stderr
            assert done.stdout.endswith(f"written to {far.as_uri()}\n")
        assert outputs(far) == wanted
    assert not Path("data").exists()
    (mirror,) = machine.iterdir()
    assert {str(path.relative_to(mirror)) for path in mirror.rglob("*.*") if path.is_file()} == {
        "versions.json",
        *VECTORS,
    }
