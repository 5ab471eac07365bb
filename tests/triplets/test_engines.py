"""Every engine writes the same bytes, and tells a fault in the same line."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import needing_spark  # noqa: F401 - skips where there is none
import psutil
import pytest
from click.testing import CliRunner
from small_project import random_vectors, write_vectors

from core import spark_session
from core.engines import Engine
from core.tables import Catalog
from triplets.cli import main
from triplets.products import similar

pytestmark = pytest.mark.service

ROOT = Path(__file__).parents[2]
COMMANDS = ("recommend", "mine", "similar", "mix")
ENGINES = {"local": (), "processes": ("--workers", "2"), "spark": ("--workers", "2")}


@pytest.fixture(scope="module")
def spark():
    """One session for the commands of this file."""
    with spark_session.session(Engine("spark", workers=2)) as session:
        yield session


def written(name: str, *commands: str) -> dict[str, bytes]:
    """The files that the commands, or else all of them, write by an engine."""
    shutil.rmtree("data/triplets", ignore_errors=True)
    for command in commands or COMMANDS:
        done = CliRunner().invoke(main, [command, "--engine", name, *ENGINES[name]])
        assert done.exit_code == 0, done.output
    return {path.as_posix(): path.read_bytes() for path in Path("data/triplets").rglob("*") if path.is_file()}


def test_every_engine_writes_the_same_bytes_and_nothing_else(project, spark, monkeypatch):
    before = set(Path().iterdir())
    found = {"local": written("local")}
    monkeypatch.setattr(similar, "_SMALL", 0)
    monkeypatch.setattr(similar, "_PART", 200)  # a partition is many tasks
    found |= {name: written(name) for name in ("processes", "spark")}
    assert len(found["local"]) > 8
    assert found["processes"] == found["local"]
    assert found["spark"] == found["local"]
    assert set(Path().iterdir()) == before


def test_a_histogram_below_0_is_the_same_line(project, spark):
    written("local")
    ids = Catalog.read(Path("data/curated/catalog/catalog.parquet")).image_id
    vectors = random_vectors(len(ids))
    vectors["color"][3, 2] = -1
    write_vectors(Path("data/features"), ids, vectors)
    done = [CliRunner().invoke(main, ["similar", "--engine", name, *ENGINES[name]]) for name in ("local", "spark")]
    assert [result.exit_code for result in done] == [1, 1]
    assert "has values below 0, so it is no histogram. Run dvc repro." in done[0].stderr
    assert done[1].stderr == done[0].stderr


def begun(root: Path, *words: str) -> subprocess.Popen:
    """A command that runs in a folder, as a user starts it."""
    program = [sys.executable, "-c", "from triplets.cli import main; main()", *words]
    return subprocess.Popen(
        program, cwd=root, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def test_two_runs_at_once_write_what_one_alone_writes(project):
    written("local", "recommend")
    alone = (project / "data/triplets/recommended/neighbors.parquet").read_bytes()
    for name in ("one", "other"):
        shutil.copytree(project / "data", project / name / "data", ignore=shutil.ignore_patterns("triplets"))
        shutil.copy(project / "params.yaml", project / name)
    runs = [
        begun(root, "recommend", "--engine", "spark", "--workers", "1")
        for root in (project / "one", project / "other", project / "other")  # two of them in one folder
    ]
    said = [run.communicate(timeout=120)[1].decode() for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], said
    for name in ("one", "other"):
        assert (project / name / "data/triplets/recommended/neighbors.parquet").read_bytes() == alone
        assert [path.name for path in (project / name / "data/triplets").iterdir()] == ["recommended"]


def test_the_work_of_a_killed_process_is_done_again(project):
    written("local", "recommend")
    before = {path: path.read_bytes() for path in Path("data/triplets").rglob("*") if path.is_file()}
    shutil.rmtree("data/triplets")
    run = begun(project, "recommend", "--workers", "2")
    while not (workers := [one for one in psutil.Process(run.pid).children() if is_worker(one)]):
        assert run.poll() is None
    workers[0].kill()
    said = run.communicate(timeout=60)[1].decode()
    assert run.returncode == 0, said
    assert {path: path.read_bytes() for path in Path("data/triplets").rglob("*") if path.is_file()} == before


def is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # it has ended meanwhile
        return "spawn_main" in " ".join(process.cmdline())
    return False


def test_the_master_is_spark_s_alone(project):
    done = CliRunner().invoke(main, ["recommend", "--master", "local[2]"])
    assert done.exit_code == 2
    assert done.stderr.endswith("Error: --master is Spark's. Add --engine spark.\n")
