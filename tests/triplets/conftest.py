"""A small project in the working folder, and the commands to run on it."""

import pytest
from click.testing import CliRunner
from small_project import catalog_rows, street_rows, write_project

from triplets.cli import main


@pytest.fixture
def project(tmp_path, monkeypatch):
    """60 products of two photos and 30 street products; the working folder."""
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path, catalog_rows(60), *street_rows(30))


@pytest.fixture
def call():
    """Run `triplets ...` and return the result."""

    def run(*words: str):
        return CliRunner().invoke(main, [*words, *(() if words[0] == "neighbors" else workers(words))])

    def workers(words):
        return () if "--workers" in words else ("--workers", "1")

    return run


@pytest.fixture
def pipeline(call):
    """Run all three commands, and return what each printed."""

    def run(*words: str) -> list[str]:
        output = []
        for command in ("recommend", "mine", "mix"):
            result = call(command, *words)
            assert result.exit_code == 0, result.output
            output.append(result.stdout)
        return output

    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project on which all three commands have run, for tests that only read; and what they printed."""
    root = write_project(tmp_path_factory.mktemp("finished"), catalog_rows(60), *street_rows(30))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        results = [CliRunner().invoke(main, [name, "--workers", "1"]) for name in ("recommend", "mine", "mix")]
    assert [result.exit_code for result in results] == [0, 0, 0]
    return root, [result.stdout for result in results]


@pytest.fixture
def printed(finished, monkeypatch):
    """What the commands printed, in the finished project's folder."""
    root, texts = finished
    monkeypatch.chdir(root)
    return texts
