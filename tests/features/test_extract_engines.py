"""Every engine describes by networks with the same bytes; a damaged store costs its own photos alone."""

import shutil
from pathlib import Path

import needing_spark  # noqa: F401 - skips where there is none
import pytest
from click.testing import CliRunner
from damaged import damage
from sections import CLASSIFIER, write_params
from shapes import write_collection

from core import spark_session
from core.engines import Engine
from core.mirror import CACHE
from core.paths import CLASSIFIERS, STORES
from features.cli import main

pytestmark = pytest.mark.service

ENGINES = {
    "local": (),
    "little memory": ("--memory", "0.0001"),
    "processes": ("--engine", "processes", "--workers", "2"),
    "spark": ("--engine", "spark", "--workers", "2"),
}
FEATURES = Path("data/features")


@pytest.fixture(scope="module")
def spark():
    """One session for the commands of this file."""
    with spark_session.session(Engine("spark", workers=2)) as session:
        yield session


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A folder with both collections and classifiers on trunks of their own."""
    folder = tmp_path_factory.mktemp("fitted")
    write_collection(folder / "data/curated/catalog", 90, patterns=True)
    write_collection(folder / "data/curated/street", 12, patterns=True, domain="street")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_params(pattern={**CLASSIFIER, "trunk": {**CLASSIFIER["trunk"], "size": 48}})
        for name in ("structure", "pattern"):
            assert CliRunner().invoke(main, ["fit", name]).exit_code == 0
    shutil.rmtree(folder / "data/cache")
    return folder


@pytest.fixture
def project(fitted, tmp_path, monkeypatch):
    shutil.copytree(fitted, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tables(*words):
    shutil.rmtree("data/cache", ignore_errors=True)
    done = CliRunner().invoke(main, ["extract", *words])
    assert done.exit_code == 0, done.stderr
    found = {path.name: path.read_bytes() for path in FEATURES.glob("*.arrow")}
    for path in FEATURES.glob("*.arrow"):
        path.unlink()
    return found


def test_every_engine_writes_the_same_bytes(project, spark):
    before = set(Path().iterdir())
    found = {name: tables("networks", *words) for name, words in ENGINES.items()}
    assert sorted(found["local"]) == ["pattern.arrow", "structure.arrow"]
    for name in ENGINES:
        assert found[name] == found["local"], name
    assert set(Path().iterdir()) == before


def test_what_is_said_before_the_name_holds_for_it(project, spark):
    assert len(tables("--engine", "spark", "--workers", "2", "color")) == 1
    refused = CliRunner().invoke(main, ["extract", "--master", "local[2]", "networks"])
    assert refused.stderr.endswith("Error: --master is Spark's. Add --engine spark.\n")


def test_a_damaged_photo_leaves_the_tables_as_they_were(project, spark):
    wanted = tables()
    store = Path("data/curated/street/images.arrow")
    whole = store.read_bytes()
    damage(store, ["street-000", "street-003", "street-006", "street-009"])
    shutil.rmtree("data/cache")
    done = CliRunner().invoke(main, ["extract", "--engine", "spark", "--workers", "2"])
    assert done.exit_code == 1
    assert done.stderr.endswith(  # after the progress bar
        "Error: 1 failed, the others are done. women/round: 4 of its 34 photos cannot be read: the stored photo of"
        " street-000 is damaged. Remove the store and run dvc repro.\n"
    )
    assert list(FEATURES.glob("*.arrow")) == []
    said = CliRunner().invoke(main, ["cache"]).stdout
    assert said.startswith("data/cache/features.sqlite: 294 vectors")  # 98 photos, three makers
    store.write_bytes(whole)
    assert CliRunner().invoke(main, ["extract"]).exit_code == 0
    assert {path.name: path.read_bytes() for path in FEATURES.glob("*.arrow")} == wanted


def test_workers_elsewhere_bring_what_they_need(project, spark, tmp_path, monkeypatch):
    wanted = tables()
    far, machine = tmp_path / "far", tmp_path / "machine"
    Path("data").rename(far)
    monkeypatch.setenv(CACHE, str(tmp_path / "mirrors"))
    monkeypatch.setitem(spark.environment, CACHE, str(machine))
    done = CliRunner().invoke(main, ["extract", "--engine", "spark", "--workers", "2", "--data", str(far)])
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count(f"written to {far}\n") == 2
    assert {path.name: path.read_bytes() for path in (far / "features").glob("*.arrow")} == wanted
    assert not Path("data").exists()
    brought = {path.relative_to(machine).parts[1:] for path in machine.rglob("*") if path.is_file()}
    assert brought == {
        ("lock",),
        ("versions.json",),
        *(path.parts for path in STORES),
        *((folder / name).parts for folder in CLASSIFIERS.values() for name in ("model.keras", "trunk.json")),
    }
