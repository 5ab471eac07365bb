"""The report page's leaks: test photos that have a copy in train."""

from collections.abc import Sequence
from typing import NamedTuple

from core.thumbnails import Thumbnail, stored
from curate.page.input import Collection, Leaks

_LEAKS = 12


class Leaked(NamedTuple):
    """A test photo and its copy in train."""

    test: Thumbnail
    train: Thumbnail
    test_id: str
    train_id: str
    bits: int
    delta_e: float


def leaked(collections: Sequence[Collection], leaks: Leaks) -> list[Leaked]:
    """The first leaks with their photos, the closest first."""
    owner = {image_id: one for one in collections for image_id in one.table.image_id}
    closest = sorted(leaks.pairs, key=lambda leak: (leak.hash_distance, leak.color_distance, leak.test, leak.train))
    return [
        Leaked(
            test=stored(owner[leak.test].store, leak.test),
            train=stored(owner[leak.train].store, leak.train),
            test_id=leak.test,
            train_id=leak.train,
            bits=leak.hash_distance,
            delta_e=leak.color_distance,
        )
        for leak in closest[:_LEAKS]
    ]
