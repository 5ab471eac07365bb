"""Every engine writes the same bytes, and tells a fault in the same line."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_project import random_vectors, write_vectors

from core.engines import Engine
from core.errors import InputError
from core.tables import Catalog
from triplets.cli import main

pytest.importorskip("pyspark", reason="PySpark is not installed: the extra `spark`")

from core import spark_session

try:
    spark_session.require_java()
except InputError as error:
    pytest.skip(f"Spark cannot run here: {error}", allow_module_level=True)

pytestmark = pytest.mark.service

COMMANDS = ("recommend", "mine", "similar", "mix")
ENGINES = {"local": (), "processes": ("--workers", "2"), "spark": ("--workers", "2")}


@pytest.fixture(scope="module")
def spark():
    """One session for the commands of this file."""
    with spark_session.session(Engine("spark", workers=2)) as session:
        yield session


def written(name: str) -> dict[str, bytes]:
    """The files that the commands write by an engine."""
    shutil.rmtree("data/triplets", ignore_errors=True)
    for command in COMMANDS:
        done = CliRunner().invoke(main, [command, "--engine", name, *ENGINES[name]])
        assert done.exit_code == 0, done.output
    return {path.as_posix(): path.read_bytes() for path in Path("data/triplets").rglob("*") if path.is_file()}


def test_every_engine_writes_the_same_bytes_and_nothing_else(project, spark):
    before = set(Path().iterdir())
    found = {name: written(name) for name in ENGINES}
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


def test_the_master_is_spark_s_alone(project):
    done = CliRunner().invoke(main, ["recommend", "--master", "local[2]"])
    assert done.exit_code == 2
    assert done.stderr.endswith("Error: --master is Spark's. Add --engine spark.\n")
