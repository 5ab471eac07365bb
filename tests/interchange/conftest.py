"""A small project in the working folder; no library asks its hub, and none leaves a cache behind."""

import os

import pytest
from small_mix import write_mix

os.environ["HF_HUB_OFFLINE"] = "1"  # read when the libraries are imported


@pytest.fixture
def project(tmp_path, monkeypatch):
    config = pytest.importorskip("datasets", reason="`make test-interchange` installs it").config
    write_mix(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "HF_DATASETS_CACHE", tmp_path / "cache")
