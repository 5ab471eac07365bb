"""The whole pipeline at its smallest, by DVC: what it makes, and what a change runs again."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from closure import PACKAGES, ROOT
from ruamel.yaml import YAML

ORDER = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]

CLASSIFIER = {
    "classes": {"least": 1},
    "head": {"width": 32, "epochs": 3},
    "tune": {"start": "conv1", "epochs": 1},
}
TRUNK = {"name": "MobileNet", "size": 64}
SMALL = {
    "curate": {
        "sample": {"products": 72, "street_products": 24, "photos": 2, "side": 96},
        "photos": {"min_side": 16, "largest_side": 64},
        "split": {"val": 0.2, "test": 0.2},
    },
    "features": {
        "structure": {**CLASSIFIER, "trunk": {**TRUNK, "tap": "conv_pw_2_relu"}},
        "pattern": {**CLASSIFIER, "trunk": {**TRUNK, "tap": "conv_pw_1_relu"}},
        "pattern_sources": {"rendered": 10},
    },
    "triplets": {"recommend": {"neighbors": 20}, "mine": {"gap": 1}},
    "train": {"fit": {"size": 32, "units": 16, "epochs": 2, "steps": 4, "batch": 4}},
}


def merge(old: dict, new: dict) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(key), dict):
            merge(old[key], value)
        else:
            old[key] = value


def change_params(project: Path, changes: dict) -> None:
    path = project / "params.yaml"
    params = YAML(typ="safe").load(path.read_text())
    merge(params, changes)
    with path.open("w") as file:
        YAML().dump(params, file)


def dvc(project: Path, *words: str) -> str:
    command = [Path(sys.executable).with_name("dvc"), *words]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ran(output: str) -> list[str]:
    return re.findall(r"Running stage '(\w+)'", output)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project with small parameters, run once."""
    folder = tmp_path_factory.mktemp("project")
    for name in (*PACKAGES, "dvc.yaml", "params.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    subprocess.run(["git", "init", "-q", folder], check=True)
    dvc(folder, "init", "-q")
    dvc(folder, "config", "core.analytics", "false")
    change_params(folder, SMALL)
    assert ran(dvc(folder, "repro")) == sorted(ORDER, key=list(ORDER).index)
    return folder


def test_leaves_a_judged_model(project):
    metrics = json.loads((project / "data/model/evaluation/metrics.json").read_text())
    assert {"structure", "pattern", "color", "recommender", "untrained", "trained"} <= set(metrics["systems"])
    assert (project / "data/model/fit/model.keras").stat().st_size > 1e6
    shown = dvc(project, "metrics", "show")
    assert "data/model/evaluation/metrics.json" in shown


def test_a_second_run_does_nothing(project):
    assert ran(dvc(project, "repro")) == []


def test_a_training_parameter_touches_the_training_alone(project):
    before = (project / "params.yaml").read_text()
    change_params(project, {"train": {"fit": {"margin": 0.2}}})
    changed = json.loads(dvc(project, "status", "--json"))
    (project / "params.yaml").write_text(before)
    assert list(changed) == ["fit"]
    assert json.loads(dvc(project, "status", "--json")) == {}


def test_the_commands_of_the_readme_run(project):
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.split("#")[0].split() for block in blocks for line in block.splitlines()]
    commands = [words for words in lines if words and words[0] != "make"]
    assert ["train", "where"] in commands
    for program, *words in commands:
        script = Path(sys.executable).with_name(program)
        done = subprocess.run([script, *words], cwd=project, capture_output=True, text=True)
        assert done.returncode == 0, f"{program} {words}: {done.stderr}"


def test_a_weight_regenerates_the_triplets_and_touches_what_is_made_of_them(project):
    change_params(project, {"triplets": {"recommend": {"weights": {"color": 0.5}}}})
    assert ran(dvc(project, "repro", "mix")) == ["recommend", "mine", "mix"]
    # What hangs on these three in its turn is not told before they have run.
    assert list(json.loads(dvc(project, "status", "--json"))) == ["similar", "fit", "evaluate"]


@pytest.mark.slow
def test_a_weight_runs_recommend_and_all_that_follows(project):
    change_params(project, {"triplets": {"recommend": {"weights": {"color": 0.9}}}})
    follow = ["recommend", "similar", "mine", "mix", "fit", "embed", "evaluate"]
    assert ran(dvc(project, "repro")) == follow
