"""Triplets made anew by real DVC: how far it is, what fails, and a run that outlives its reader."""

import subprocess
import sys
import time

import pytest

from core.errors import InputError
from core.paths import REGENERATION
from triplets.tune.regenerate import regenerate

PIPELINE = """
stages:
  recommend:
    cmd: mkdir -p out && cp weights.txt out/recommended
    deps: [weights.txt]
    outs: [out/recommended]
  similar:
    cmd: cp out/recommended out/similar
    deps: [out/recommended]
    outs: [out/similar]
  mix:
    cmd: sh mix.sh && cp out/recommended out/mix
    deps: [out/recommended, mix.sh]
    outs: [out/mix]
  fit:
    cmd: cp out/mix out/fit
    deps: [out/mix]
    outs: [out/fit]
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A project of quick stages that ran once."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "dvc.yaml").write_text(PIPELINE)
    (folder / "weights.txt").write_text("1")
    (folder / "mix.sh").write_text("echo mixing\nprintf '1 of 2\\r2 of 2'\n")
    subprocess.run(["git", "init", "-q", folder], check=True)
    for words in (["init", "-q"], ["config", "core.analytics", "false"]):
        subprocess.run([sys.executable, "-m", "dvc", *words], cwd=folder, check=True)
    told = list(regenerate(folder))
    assert [(one.done, one.stage) for one in told if one.line.startswith("> ")] == [
        (0, "recommend"),
        (1, "similar"),
        (2, "mix"),
    ]
    lines = [one.line for one in told if one.stage == "mix"]
    assert lines[:5] == [
        "Running stage 'mix':",
        "> sh mix.sh && cp out/recommended out/mix",
        "mixing",
        "1 of 2",
        "2 of 2Updating lock file 'dvc.lock'",
    ]
    assert {one.of for one in told} == {3}
    assert told[-1].done == 3
    return folder


@pytest.fixture
def project(prepared):
    """The project, its outputs up to date before and after."""
    files = {name: (prepared / name).read_text() for name in ("weights.txt", "mix.sh", "dvc.yaml")}
    yield prepared
    for name, text in files.items():
        (prepared / name).write_text(text)
    (prepared / "weights.txt").write_text("1")


def test_what_is_up_to_date_counts_as_done(project):
    told = list(regenerate(project))
    passed = [(one.done, one.of, one.line) for one in told if "skipping" in one.line]
    assert passed == [
        (number, 3, f"Stage '{name}' didn't change, skipping")
        for number, name in enumerate(("recommend", "similar", "mix"), start=1)
    ]
    assert (told[-1].done, told[-1].of) == (3, 3)
    assert (project / REGENERATION).read_text().startswith("Stage 'recommend' didn't change, skipping\n")
    assert not (project / "out/fit").exists()


def test_a_stage_that_fails_is_named_with_its_last_error(project):
    (project / "weights.txt").write_text("2")
    (project / "mix.sh").write_text("echo half\necho 'Error: no weights. Add some.' >&2\nexit 1\n")
    told = []
    with pytest.raises(InputError) as error:
        told.extend(regenerate(project))  # what came before the error is not kept by extend
    log = project / REGENERATION
    assert str(error.value) == f"the stage mix failed: no weights. Add some. All that the run said is in {log}."
    assert (project / "out/similar").read_text() == "2"


@pytest.mark.slow
def test_a_stage_that_fails_without_a_word_is_named_too(project):
    (project / "mix.sh").write_text("exit 3\n")
    with pytest.raises(InputError, match=r"^the stage mix failed: failed to run: sh mix\.sh .*, exited with 3\. All"):
        list(regenerate(project))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "weights.txt",
            None,
            r"^the stage recommend failed: \[Errno 2\] No such file or directory: '.*weights\.txt'\. All that",
        ),
        ("dvc.yaml", "stages: [", r"^DVC failed: .*dvc\.yaml' is invalid\.$"),
        pytest.param(
            "dvc.yaml",
            "stages: {}",
            r"^DVC failed: Stage 'similar' not found inside 'dvc\.yaml' file\. All that",
            marks=pytest.mark.slow,
        ),
        ("dvc.yaml", None, r"^/.* has no dvc\.yaml\. Run in the project's folder\.$"),
    ],
)
def test_a_project_that_cannot_run_says_so(project, name, text, message):
    (project / name).unlink()
    if text is not None:
        (project / name).write_text(text)
    with pytest.raises(InputError, match=message) as error:
        list(regenerate(project))
    assert "\n" not in str(error.value)


def test_without_dvc_it_says_so(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "dvc", None)
    with pytest.raises(InputError) as error:
        regenerate(project)
    assert str(error.value) == "DVC is not installed, and it runs the stages. Install it: pip install dvc."


def test_outside_of_a_dvc_project_it_says_so(tmp_path):
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    with pytest.raises(InputError, match=r"^DVC failed: you are not inside of a DVC repository"):
        regenerate(tmp_path)


def test_the_run_outlives_its_reader_and_a_second_one_is_refused(project):
    (project / "weights.txt").write_text("3")
    (project / "mix.sh").write_text("while [ ! -e go ]; do sleep 0.05; done\necho gone on\n")
    code = (
        "import sys; from pathlib import Path; from triplets.tune.regenerate import regenerate\n"
        "for one in regenerate(Path(sys.argv[1])):\n"
        "    if one.stage == 'mix': print(one.done, one.of); break\n"
    )
    begun = subprocess.run([sys.executable, "-c", code, project], capture_output=True, text=True, check=True)
    assert begun.stdout == "2 3\n"
    with pytest.raises(InputError) as error:
        regenerate(project)
    log = project / REGENERATION
    assert str(error.value) == (
        f"the triplets are being made anew already. Wait for the end; {log} tells how far it is."
    )
    (project / "go").touch()
    told = []
    while not told:
        try:
            told = list(regenerate(project))
        except InputError:
            time.sleep(0.05)
    (project / "go").unlink()
    assert (project / "out/mix").read_text() == "3"
    assert [one.line for one in told][2] == "Stage 'mix' didn't change, skipping"
