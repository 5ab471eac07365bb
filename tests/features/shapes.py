"""A small curated catalog on disk: shapes as categories, fabrics as patterns."""

import cv2
import numpy as np

from core.images import encode, write_store
from core.tables import Catalog

SHAPES = ("round", "square", "tall")
FABRICS = ("plain", "striped")


def photo(shape: str, fabric: str, rng: np.random.Generator) -> np.ndarray:
    pixels = np.full((48, 48, 3), 255, np.uint8)
    mask = np.zeros((48, 48), np.uint8)
    x, y = (int(value) for value in rng.integers(20, 28, 2))
    if shape == "round":
        cv2.circle(mask, (x, y), 15, 1, -1)
    elif shape == "square":
        cv2.rectangle(mask, (x - 14, y - 14), (x + 14, y + 14), 1, -1)
    else:
        cv2.rectangle(mask, (x - 4, y - 20), (x + 4, y + 20), 1, -1)
    cloth = np.broadcast_to(rng.integers(0, 160, 3).astype(np.uint8), pixels.shape).copy()
    if fabric == "striped":
        cloth[::4] = 250
        cloth[1::4] = 250
    pixels[mask > 0] = cloth[mask > 0]
    return pixels


def write_collection(folder, count: int, *, patterns: bool, domain: str = "catalog") -> Catalog:
    rng = np.random.default_rng(7 if domain == "catalog" else 8)
    rows, photos = [], []
    for number in range(count):
        shape, fabric = SHAPES[number % 3], FABRICS[number // 3 % 2]
        pixels = photo(shape, fabric, rng)
        name = f"{domain}-{number:03}"
        photos.append((name, pixels))
        rows.append(
            {
                "image_id": name,
                "product_id": name,
                "domain": domain,
                "gender": "women",
                "category": shape,
                "partition": f"women/{shape}",
                "pattern": fabric if patterns else None,
                "split": ("train", "train", "train", "val", "test")[number // 6 % 5],
                "duplicate_group": name,
                "content_hash": name,
                "width": 48,
                "height": 48,
                "path": f"{name}.png",
                "attributes": {},
            }
        )
    folder.mkdir(parents=True)
    Catalog.from_rows(rows).write(folder / "catalog.parquet")
    write_store(folder / "images.arrow", ((name, encode(pixels, None)) for name, pixels in photos))
    return Catalog.read(folder / "catalog.parquet")
