"""A project that holds what an export reads: two catalogs, two pixel stores and mixed triplets, few and known."""

from pathlib import Path

import numpy as np

from core.images import encode, write_store
from core.paths import CATALOG, MIXED, STORE, STREET, TABLE, TRIPLETS
from core.tables import Catalog, Triplets

PHOTOS = {"train": 40, "val": 9, "test": 8}


def pixels(image_id: str) -> np.ndarray:
    """The photo: a colour of its own, (10, 8, 3)."""
    return np.full((10, 8, 3), np.random.default_rng(list(image_id.encode())).integers(0, 256, 3), np.uint8)


def known(split: str) -> list[tuple[str, str, str]]:
    """The triplets of a split: every second photo with its two followers, and each again with the third follower."""
    ids = [f"{split}-{number}" for number in range(PHOTOS[split])]
    following = [[ids[(first + step) % len(ids)] for step in range(4)] for first in range(0, len(ids), 2)]
    return sorted((a, b, other) for a, b, *others in following for other in others)


def write_mix(root: Path) -> None:
    """Street photos are the last of each split."""
    rows = [
        dict.fromkeys(Catalog.columns(), "")
        | {"image_id": f"{split}-{number}", "split": split, "path": f"photos/{split}-{number}.jpg"}
        | {"width": 8, "height": 10, "pattern": None, "attributes": {}}
        for split, count in PHOTOS.items()
        for number in range(count)
    ]
    street = [row for row in rows if row["image_id"] == f"{row['split']}-{PHOTOS[row['split']] - 1}"]
    for folder, some in ((CATALOG, [row for row in rows if row not in street]), (STREET, street)):
        Catalog.from_rows(some).write(root / folder / TABLE)
        stored = [(row["image_id"], encode(pixels(row["image_id"]), None)) for row in some]
        write_store(root / folder / STORE, stored)
    named = [
        {column.name: "" if column.type == "string" else 0 for column in Triplets.schema()}
        | {"query_id": query, "positive_id": positive, "negative_id": negative}
        | {"split": split, "kind": "in_class", "positive_distance": number / 8, "negative_distance": 1 + number / 8}
        for split in PHOTOS
        for number, (query, positive, negative) in enumerate(known(split))
    ]
    Triplets.from_rows(named).write(root / MIXED / TRIPLETS)
