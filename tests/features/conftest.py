import pytest
from shapes import write_collection

from core.images import PixelStore


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with both collections, 90 catalog and 12 street photos, patterns labelled; the working folder."""
    write_collection(tmp_path / "data/curated/catalog", 90, patterns=True)
    write_collection(tmp_path / "data/curated/street", 12, patterns=True, domain="street")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def store(project):
    return PixelStore.open(project / "data/curated/catalog/images.arrow")
