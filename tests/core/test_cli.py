"""What the command lines share: one-line errors, exit codes, options; and files that are whole or absent."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from core.atomic import replacing, write_json
from core.cli import Stage, params_option, workers_option
from core.errors import InputError


@click.group(cls=Stage)
def main():
    """A stage."""


@main.command()
@params_option
@workers_option
def works(params_path, workers):
    """Say the options."""
    click.echo(f"{params_path} {workers > 0}")


@main.command()
@click.argument("kind")
def fails(kind):
    """Raise."""
    match kind:
        case "input":
            raise InputError("the table is\n  empty. Fill it.")
        case "file":
            open("/nowhere/at/all")  # noqa: PTH123, SIM115
        case "full disk":
            Path("/dev/full").write_text("no room for this")
        case _:
            raise KeyError("a bug")


def test_options_have_defaults():
    done = CliRunner().invoke(main, ["works"])
    assert (done.exit_code, done.output) == (0, "params.yaml True\n")


def test_an_error_is_one_line_on_stderr_with_code_1():
    done = CliRunner().invoke(main, ["fails", "input"])
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "Error: the table is empty. Fill it.\n")


def test_a_full_disk_says_what_to_do():
    done = CliRunner().invoke(main, ["fails", "full disk"])
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: [Errno 28] No space left on device. Make room on its disk and run the command again:"
        " what was there is as it was.\n",
    )


def test_an_os_error_is_one_line_too():
    done = CliRunner().invoke(main, ["fails", "file"])
    assert (done.exit_code, done.stderr) == (1, "Error: [Errno 2] No such file or directory: '/nowhere/at/all'\n")


def test_a_bug_keeps_its_traceback():
    done = CliRunner().invoke(main, ["fails", "bug"])
    assert isinstance(done.exception, KeyError)


@pytest.mark.parametrize("workers", ["0", "-1", "many"])
def test_workers_must_be_at_least_one(workers):
    done = CliRunner().invoke(main, ["works", "--workers", workers])
    assert done.exit_code == 2
    assert "Invalid value for '--workers'" in done.stderr


def half_written(target):
    with replacing(target) as beside:
        beside.mkdir()
        (beside / "new").write_text("new")
        raise InputError("no")


def test_a_folder_is_replaced_as_a_whole_or_not_at_all(tmp_path):
    target = tmp_path / "out"
    with replacing(target) as beside:
        beside.mkdir()
        (beside / "old").write_text("old")
    with pytest.raises(InputError):
        half_written(target)
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["out", "out/old"]
    with replacing(target) as beside:
        beside.mkdir()
        (beside / "new").write_text("new")
    assert [path.name for path in target.iterdir()] == ["new"]


def test_what_a_killed_process_has_left_is_cleared_away_and_a_running_one_s_is_not(tmp_path):
    target = tmp_path / "out"
    (tmp_path / ".out.999999999.partial").mkdir()
    (tmp_path / ".out.1.partial").mkdir()
    (tmp_path / ".other.999999999.partial").touch()
    with replacing(target) as beside:
        beside.write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.999999999.partial", ".out.1.partial", "out"]


def test_json_refuses_what_is_not_finite(tmp_path):
    write_json(tmp_path / "r.json", {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "r.json", {"a": float("nan")})
    assert (tmp_path / "r.json").read_text() == '{\n  "a": 1\n}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]
