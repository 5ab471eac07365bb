"""A tiny project folder: real tables, pixel stores and vectors of rendered garments, in two collections."""

from pathlib import Path

import cv2
import numpy as np

from core.images import encode, write_store
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog, StreetPairs, Triplets, Vectors

COLORS = {"red": (200, 30, 40), "blue": (30, 60, 200), "green": (40, 160, 60), "black": (25, 25, 25)}
WIDTHS = {"structure": 8, "pattern": 6, "color": 9}
PARAMS = """
train:
  fit:
    recipe: mildnet_mobilenet
    weights: null
    size: 32
    units: 16
    hidden: 16
    dropout: 0.1
    margin: 0.3
    learning_rate: 0.01
    epochs: 2
    batch: 8
    steps: 3
    seed: 1
  embed:
    batch: 32
  evaluate:
    ks: [1, 5]
    neighbors: 3
    examples: 2
    map: 20
    resamples: 50
    seed: 1
"""


def render(category: str, color: str, rng: np.random.Generator) -> np.ndarray:
    """A dress or a bag of one colour on light ground, RGB uint8 (48, 40, 3), a little different every time."""
    photo = np.full((48, 40, 3), rng.integers(215, 250), np.uint8)
    x, y = (int(shift) for shift in rng.integers(-3, 4, 2))
    if category == "dresses":
        corners = np.array([[14, 6], [26, 6], [34, 42], [6, 42]]) + np.array([x, y])
        cv2.fillPoly(photo, [corners.astype(np.int32)], COLORS[color])
    else:
        cv2.circle(photo, (20 + x, 28 + y), 12, COLORS[color], -1)
    noisy = photo.astype(np.int16) + rng.normal(0, 4, photo.shape).astype(np.int16)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def row(image_id: str, product: str, domain: str, category: str, color: str, split: str) -> dict:
    return {
        "image_id": image_id,
        "product_id": product,
        "domain": domain,
        "gender": "women",
        "category": category,
        "partition": f"women/{category}",
        "pattern": "solid" if color != "black" else None,
        "split": split,
        "duplicate_group": image_id,
        "content_hash": image_id,
        "width": 40,
        "height": 48,
        "path": f"{image_id}.jpg",
        "attributes": {"color": color},
    }


def collection(name: str, per_split: int, domains: tuple[str, ...]) -> list[dict]:
    """Products of every category and split; one photo each per entry of `domains`."""
    rows = []
    for category in ("bags", "dresses"):
        for split in ("train", "val", "test"):
            for number in range(per_split):
                color = list(COLORS)[number % len(COLORS)]
                product = f"{name}-{category}-{split}-{number}"
                for place, domain in enumerate(domains):
                    rows.append(row(f"{product}-{place}", product, domain, category, color, split))
    return rows


def triplet(rng: np.random.Generator, kind: str, query: dict, positive: dict, negative: dict) -> dict:
    distances = {
        f"{pair}_{name}": float(rng.random())
        for pair in ("positive", "negative")
        for name in ("distance", *DESCRIPTORS)
    }
    ids = {"query_id": query["image_id"], "positive_id": positive["image_id"], "negative_id": negative["image_id"]}
    why = {"rules": "2", "params": "0", "positive_rank": 1, "negative_rank": 9}
    return {**ids, "kind": kind, "split": query["split"], **why, **distances}


def triplets_of(catalog: list[dict], street: list[dict], rng: np.random.Generator) -> Triplets:
    """Per catalog photo one in-class and one out-of-class triplet, per street photo a wild one."""
    rows = []
    for query in catalog:
        others = [other for other in catalog if other["split"] == query["split"]]
        same = [other for other in others if other["product_id"] == query["product_id"] and other is not query]
        inside = [
            other
            for other in others
            if other["partition"] == query["partition"] and other["attributes"] != query["attributes"]
        ]
        outside = [other for other in others if other["partition"] != query["partition"]]
        positive = same[0]
        rows.append(triplet(rng, "in_class", query, positive, inside[rng.integers(len(inside))]))
        rows.append(triplet(rng, "out_of_class", query, positive, outside[rng.integers(len(outside))]))
    shop = [other for other in street if other["domain"] == "catalog"]
    for query in (other for other in street if other["domain"] == "street"):
        same = [other for other in shop if other["product_id"] == query["product_id"]]
        others = [
            other
            for other in shop
            if (other["split"], other["category"]) == (query["split"], query["category"])
            and other["product_id"] != query["product_id"]
        ]
        rows.append(triplet(rng, "wild", query, same[0], others[rng.integers(len(others))]))
    return Triplets.from_rows(rows)


def pairs_of(street: list[dict]) -> StreetPairs:
    """The street photos; every other one has a box, the middle of the photo."""
    rows = []
    for place, one in enumerate(one for one in street if one["domain"] == "street"):
        box = dict(zip(("left", "top", "width", "height"), (10, 12, 20, 24) if place % 2 else (None,) * 4, strict=True))
        kept = {name: one[name] for name in ("image_id", "product_id", "category", "split")}
        rows.append({**kept, **box, "pseudo": False})
    return StreetPairs.from_rows(rows)


def write_collection(folder: Path, rows: list[dict], rng: np.random.Generator) -> Catalog:
    catalog = Catalog.from_rows(rows)
    catalog.write(folder / "catalog.parquet")
    catalog = Catalog.read(folder / "catalog.parquet")
    photos = [
        (image_id, encode(render(category, pairs["color"], rng), None))
        for image_id, category, pairs in zip(catalog.image_id, catalog.category, catalog.attributes, strict=True)
    ]
    write_store(folder / "images.arrow", photos)
    return catalog


def write_project(root: Path, *, street: bool) -> Path:
    """Everything that `train` reads, below `root`, with `params.yaml`."""
    rng = np.random.default_rng(0)
    shop_rows = collection("shop", 5, ("catalog", "catalog", "catalog"))
    street_rows = collection("wild", 5, ("street", "catalog")) if street else []
    catalog = write_collection(root / "data/curated/catalog", shop_rows, rng)
    wild = write_collection(root / "data/curated/street", street_rows, rng)
    pairs_of(street_rows).write(root / "data/curated/street/street_pairs.parquet")
    triplets_of(shop_rows, street_rows, rng).write(root / "data/triplets/mixed/triplets.parquet")
    both = Catalog.concat([catalog, wild])
    for name in DESCRIPTORS:
        values = rng.random((len(both), WIDTHS[name]), np.float32)
        Vectors(both.image_id, values, {"made_by": "a test"}).write(root / f"data/features/{name}.arrow")
    weights = {"structure": 0.4, "pattern": 0.3, "color": 0.3}
    Similarity(weights, dict.fromkeys(DESCRIPTORS, 0.5)).write(root / "data/triplets/recommended/similarity.json")
    (root / "params.yaml").write_text(PARAMS)
    return root
