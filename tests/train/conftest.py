"""Projects of rendered garments in the working folder."""

from pathlib import Path

import pytest
from garments import write_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny project, as the working folder."""
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path, street=True)


@pytest.fixture
def project_without_street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same with an empty street collection."""
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path, street=False)
