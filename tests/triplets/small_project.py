"""Small curated projects on disk: real tables, pixel stores and vectors, of any size a test asks for."""

import json
import math
from pathlib import Path

import numpy as np

from core.images import encode, write_store
from core.similarity import Similarity
from core.tables import Catalog, StreetPairs, Vectors
from triplets import similarity
from triplets.distances import load
from triplets.params import RecommendParams, Weights

WIDTHS = {"structure": 8, "pattern": 5, "color": 6}
RECOMMEND = RecommendParams(Weights(0.4, 0.3, 0.3), {}, neighbors=14, scale_pairs=300, seed=1)
PARAMS = {
    "recommend": {
        "weights": {"structure": 0.4, "pattern": 0.3, "color": 0.3},
        "category_weights": {},
        "neighbors": 20,
        "scale_pairs": 500,
        "seed": 1,
    },
    "similar": {"products": 10, "variant": None},
    "mine": {
        "candidates": 20,
        "positives": 5,
        "gap": 6,
        "margin": 0.05,
        "hardness": 1.0,
        "near_categories": 1,
        "per_query": 3,
        "negative_cap": 12,
        "seed": 1,
    },
    "mix": {
        "in_class": 0.3,
        "wild": 0.3,
        "totals": {"train": 100, "val": None, "test": 60},
        "per_pair": 4,
        "margin": 0.05,
        "gap": 0,
        "hardness": 0.0,
        "negative_cap": 60,
        "seed": 1,
    },
}


def row(image_id: str, **changed) -> dict:
    """A catalog row; every photo is a product and a duplicate group of its own unless `changed`."""
    category = changed.get("category", "dresses")
    return {
        "image_id": image_id,
        "product_id": image_id,
        "domain": "catalog",
        "gender": "women",
        "category": category,
        "partition": f"women/{category}",
        "pattern": None,
        "split": "train",
        "duplicate_group": image_id,
        "content_hash": image_id,
        "width": 12,
        "height": 16,
        "path": f"photos/{image_id}, front.jpg",
        "attributes": {},
    } | changed


def catalog_rows(products: int, photos: int = 2, categories=("dresses", "skirts", "tops")) -> list[dict]:
    """Products over categories, 3/5 of them train; every seventh is a copy of the one three before it."""
    rows = []
    for number in range(products):
        split = ("train", "train", "val", "test", "train")[number // len(categories) % 5]
        for shot in range(photos):
            name = f"c{number:03}-{shot}"
            copied = f"c{number - len(categories) * 5:03}-{shot}" if number % 7 == 6 and number > 15 else name
            rows.append(
                row(
                    name,
                    product_id=f"p{number:03}",
                    category=categories[number % len(categories)],
                    split=split,
                    duplicate_group=copied,
                )
            )
    return rows


def street_rows(products: int, categories=("dresses", "tops")) -> tuple[list[dict], list[dict]]:
    """Per product one street photo and two shop photos; and the pairs."""
    rows, pairs = [], []
    for number in range(products):
        category = categories[number % len(categories)]
        split = ("train", "train", "val", "test", "train")[number // len(categories) % 5]
        same = {"product_id": f"s{number:03}", "category": category, "split": split}
        rows.append(row(f"street{number:03}", domain="street", **same))
        rows += [row(f"shop{number:03}-{shot}", **same) for shot in range(2)]
        box = {"left": None, "top": None, "width": None, "height": None, "pseudo": False}
        pairs.append(
            {"image_id": f"street{number:03}", **{k: same[k] for k in ("product_id", "category", "split")}} | box
        )
    return rows, pairs


def random_vectors(count: int, seed: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    vectors = {name: np.abs(rng.normal(size=(count, width))).astype(np.float32) for name, width in WIDTHS.items()}
    vectors["color"] /= vectors["color"].sum(axis=1, keepdims=True)
    return vectors


def write_vectors(features: Path, image_ids, vectors: dict[str, np.ndarray]) -> None:
    for name, values in vectors.items():
        Vectors(np.array(image_ids, object), values, {}).write(features / f"{name}.arrow")


def write_project(root: Path, rows: list[dict], street: list[dict] = (), pairs: list[dict] = (), vectors=None) -> Path:
    """Both collections, their photos, and vectors for all rows in the given order (random where not given)."""
    for folder, some in (("catalog", rows), ("street", street)):
        Catalog.from_rows(some).write(root / "data/curated" / folder / "catalog.parquet")
        rng = np.random.default_rng(5)
        photos = [(one["image_id"], encode(rng.integers(0, 256, (16, 12, 3), np.uint8), None)) for one in some]
        write_store(root / "data/curated" / folder / "images.arrow", photos)
    StreetPairs.from_rows(pairs).write(root / "data/curated/street/street_pairs.parquet")
    ids = [one["image_id"] for one in [*rows, *street]]
    write_vectors(root / "data/features", ids, vectors or random_vectors(len(ids)))
    write_params(root)
    return root


def write_params(root: Path, **changed: dict) -> None:
    """The sections, with keys replaced: `mine={"gap": 3}`."""
    sections = {name: values | changed.get(name, {}) for name, values in PARAMS.items()}
    (root / "params.yaml").write_text(json.dumps({"triplets": sections}))  # JSON is YAML


def fit(root: Path, asked: RecommendParams = RECOMMEND) -> Similarity:
    """The similarity of the project's catalog."""
    catalog = Catalog.read(root / "data/curated/catalog/catalog.parquet")
    return similarity.fit(similarity.Pairs.draw(catalog, root / "data/features", asked), catalog, asked)


def all_distances(root: Path, image_ids, fitted: Similarity) -> dict[tuple[str, str], float]:
    """The fused distance of every two photos, from its definition."""
    prepared = load(root / "data/features", image_ids)
    return {
        (first, second): math.sqrt(
            sum(
                fitted.weights[name] * math.dist(values[a], values[b]) ** 2 / fitted.scales[name] ** 2
                for name, values in prepared.items()
            )
        )
        for a, first in enumerate(image_ids)
        for b, second in enumerate(image_ids)
    }
