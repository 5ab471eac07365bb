"""Photos of a store whose bytes are lost."""

from collections.abc import Iterable
from pathlib import Path

from core.images import PixelStore


def damage(path: Path, image_ids: Iterable[str]) -> None:
    """Put zeros where the photos stand in the store's file."""
    store = PixelStore.open(path)
    data = path.read_bytes()
    for image_id in image_ids:
        encoded = store.encoded(image_id)
        assert data.count(encoded) == 1
        data = data.replace(encoded, bytes(len(encoded)))
    path.with_suffix(".damaged").write_bytes(data)
    path.with_suffix(".damaged").replace(path)
