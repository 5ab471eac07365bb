"""A command works on a data folder at a URL: brought, changed, sent back; what goes wrong is one line."""

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from fsspec import register_implementation
from fsspec.core import url_to_fs
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import known_implementations

from core.cli import Stage
from core.data_option import data_option
from core.errors import InputError, PartialError
from core.mirror import CACHE, Mirror, shown
from core.place import Place

TABLE = Path("data/catalog/table")
PHOTOS = Path("data/catalog/photos")
OUTPUT = Path("data/out")


@click.group(cls=Stage)
def main():
    pass


@main.command()
@click.option("--read", type=click.Path(path_type=Path), default=TABLE)
@click.option("--fail", is_flag=True)
@data_option(reads=(TABLE, PHOTOS), of_workers=(PHOTOS,), writes=(OUTPUT, Path("data/seal")))
def copy(read, fail):
    """Copy the table."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    text = read.read_text()
    (OUTPUT / "report.json").write_text("{}")
    (OUTPUT / "table").write_text(text)
    Path("data/seal").write_text("sealed")
    if fail:
        raise OSError("no")


@main.command()
@data_option(reads=(TABLE,), of_workers=(), writes=(OUTPUT, Path("data/seal")))
def look():
    """Print the table."""
    click.echo(TABLE.read_text())


@main.command()
@data_option(reads=(OUTPUT / "table",), of_workers=(), writes=())
def look_at_output():
    """Print what the other has written."""
    click.echo((OUTPUT / "table").read_text())


@main.command()
@data_option(reads=(TABLE,), of_workers=(), writes=(OUTPUT,))
def half():
    """Write a part."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "table").write_text("half")
    raise PartialError("one failed")


@pytest.fixture
def far(tmp_path, monkeypatch):
    """A data folder elsewhere."""
    far = tmp_path / "far"
    (far / "catalog").mkdir(parents=True)
    (far / "catalog/table").write_text("one")
    (far / "catalog/photos").write_text("photos")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv(CACHE, str(tmp_path / "mirrors"))
    return far


def run(*words):
    done = CliRunner().invoke(main, ["copy", *map(str, words)])
    return done.exit_code, done.stderr


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_without_a_url_the_working_folder_is_used(far):
    (far.parent / "here/data").symlink_to(far)
    assert run() == (0, "")
    assert (far / "out/table").read_text() == "one"
    assert not (far.parent / "mirrors").exists()


@pytest.mark.parametrize("url", ["{}", "file://{}", "file:{}", "../far"])
def test_outputs_lie_where_the_inputs_lie_and_nothing_is_left_here(far, url):
    assert run("--data", url.format(far)) == (0, "")
    assert files(far) == {"catalog/table", "catalog/photos", "out/table", "out/report.json", "seal"}
    assert (far / "out/table").read_text() == "one"
    assert list(Path().iterdir()) == []
    assert len(list((far.parent / "mirrors").iterdir())) == 1


def test_what_has_not_changed_is_not_brought_again_and_what_has_is(far):
    run("--data", far)
    mirror = Mirror.of(str(far))
    before = {path: (mirror.folder / path).stat() for path in (TABLE, PHOTOS)}
    (far / "catalog/table").write_text("two")
    run("--data", far)
    assert (far / "out/table").read_text() == "two"
    assert (mirror.folder / PHOTOS).stat() == before[PHOTOS]
    (far / "catalog/photos").unlink()
    run("--data", far)
    assert not (mirror.folder / PHOTOS).exists()


def test_a_path_of_the_command_line_is_one_of_the_working_folder(far):
    Path("mine").write_text("mine")
    assert run("--data", far, "--read", "mine") == (0, "")
    assert (far / "out/table").read_text() == "mine"


def test_a_failed_command_sends_nothing(far):
    assert run("--data", far, "--fail") == (1, "Error: no\n")
    assert files(far) == {"catalog/table", "catalog/photos"}


def test_what_a_failed_command_wrote_is_not_read_by_the_next(far):
    (far / "out").mkdir()
    (far / "out/table").write_text("old")
    assert CliRunner().invoke(main, ["look-at-output", "--data", str(far)]).stdout.startswith("old\n")
    run("--data", far, "--fail")
    assert CliRunner().invoke(main, ["look-at-output", "--data", str(far)]).stdout.startswith("old\n")


def test_a_command_that_is_partly_done_sends_what_it_has(far):
    done = CliRunner().invoke(main, ["half", "--data", str(far)])
    assert (done.exit_code, done.stderr) == (1, "Error: one failed\n")
    assert (far / "out/table").read_text() == "half"


def test_a_path_below_data_is_one_of_the_working_folder_too(far):
    Path("data").mkdir()
    Path("data/mine").write_text("mine")
    assert run("--data", far, "--read", "data/mine") == (0, "")
    assert (far / "out/table").read_text() == "mine"


def test_what_an_earlier_command_left_in_the_mirror_is_not_sent_again(far):
    run("--data", far)
    (far / "seal").write_text("another's")
    done = CliRunner().invoke(main, ["look", "--data", str(far)])
    assert done.stdout == f"one\nwritten to {far}\n"
    assert (far / "seal").read_text() == "another's"


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("nowhere", "{cwd}/nowhere has no catalog/table. Correct --data, or copy the data there."),
        ("moon://b/data", "--data must be a folder or a URL, as s3://BUCKET/data. Received: moon://b/data"),
        (
            "http://me:secret@127.0.0.1:9/data",
            "http://127.0.0.1:9/data has no catalog/table. Correct --data, or copy the data there.",
        ),
    ],
)
def test_a_wrong_url_is_one_line(far, url, line):
    code, said = run("--data", url)
    assert code == 1
    assert said.startswith("Error: " + line.format(cwd=Path.cwd()))
    assert said.count("\n") == 1
    assert "secret" not in said


def test_a_package_that_is_not_installed_is_named(far):
    known_implementations["lacking"] = {"class": "no_such_package.System", "err": "Install no_such_package"}
    assert run("--data", "lacking://bucket/data") == (
        1,
        "Error: lacking://bucket/data needs no_such_package, which is not installed."
        " Run pip install no_such_package, here and on every worker.\n",
    )


def test_an_output_that_cannot_be_written_is_one_line(far):
    (far / "out").write_text("in the way")
    code, said = run("--data", far)
    assert code == 1
    assert said.startswith(f"Error: {far} cannot be written: [Errno 17] File exists: ")
    assert not (far / "seal").exists()


class Changing(MemoryFileSystem):
    """A place where somebody writes to each file as it is read."""

    def get_file(self, rpath, lpath, **kwargs):
        super().get_file(rpath, lpath, **kwargs)
        self.pipe_file(rpath, b"new")

    def checksum(self, path):
        return self.cat_file(path)


class Locked(MemoryFileSystem):
    """A place that wants credentials."""

    def checksum(self, path):
        raise RuntimeError("Unable to locate credentials for //me:secret@host\nand more")


def test_missing_credentials_are_one_line(far):
    register_implementation("locked", Locked, clobber=True)
    assert run("--data", "locked://data") == (
        1,
        "Error: locked://data cannot be read: Unable to locate credentials for //host. Check the URL, your credentials"
        " and rights.\n",
    )


def test_an_input_that_changes_while_it_is_read_is_told(far):
    register_implementation("changing", Changing, clobber=True)
    system, root = url_to_fs("changing://data")
    system.pipe_file(f"{root}/catalog/table", b"old")
    assert run("--data", "changing://data") == (
        1,
        "Error: catalog/table at changing://data changed while it was read. Run the command again.\n",
    )
    assert not (Mirror("changing://data").folder / TABLE).exists()


def test_a_worker_makes_a_mirror_of_what_it_needs_and_of_no_other_version(far, tmp_path, monkeypatch):
    versions = Mirror.of(str(far)).bring([TABLE, PHOTOS])
    monkeypatch.setenv(CACHE, str(tmp_path / "another machine"))
    Place(Path.cwd(), str(far), ((PHOTOS.as_posix(), versions[PHOTOS.as_posix()]),)).enter()
    assert Path.cwd() == Mirror(str(far)).folder
    assert files(Path.cwd()) >= {"data/catalog/photos"}
    assert not TABLE.exists()
    with pytest.raises(InputError, match=r"^catalog/photos at .* changed while it was read\. Run the command again\.$"):
        Place(Path.cwd(), str(far), ((PHOTOS.as_posix(), "another"),)).enter()


def test_a_folder_that_a_worker_lacks_is_told(tmp_path):
    with pytest.raises(InputError) as raised:
        Place(tmp_path / "gone").enter()
    assert str(raised.value) == (
        f"a Spark worker has no folder {tmp_path / 'gone'}: No such file or directory. Share it with them all, or name"
        " where the data lie by --data."
    )


def test_a_password_is_not_shown():
    assert shown("sftp://me:secret@host/data: failed") == "sftp://host/data: failed"
    assert shown("s3://bucket/a@b") == "s3://bucket/a@b"


def test_two_urls_have_two_mirrors(monkeypatch):
    monkeypatch.delenv(CACHE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert Mirror("s3://a").folder != Mirror("s3://b").folder
    assert Mirror("s3://a").folder.parent == Path("/cache/mildnet")
    assert os.environ.get(CACHE) is None
