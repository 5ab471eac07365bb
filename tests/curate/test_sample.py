import csv
import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.decoding import decode
from core.engines import LOCAL, Engine
from core.swatches import COLORS, PATTERNS, lab
from curate.drawn.outlines import trace
from curate.drawn.silhouettes import PARTITIONS, SILHOUETTES, cut
from curate.params import SampleParams
from curate.sample import HEADER, render_sample
from curate.sample_street import CATEGORIES

PARAMS = SampleParams(products=84, street_products=20, photos=2, side=96, seed=7)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "sample"
    render_sample(PARAMS, folder, Engine(workers=2))
    return folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "catalog.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def photo(path: Path) -> np.ndarray:
    return decode(path.read_bytes(), max_pixels=10**7).pixels


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pairs_of(folder: Path, split: str) -> list[dict]:
    return [
        pair
        for category in CATEGORIES
        for pair in json.loads((folder / f"street2shop/meta/json/{split}_pairs_{category}.json").read_text())
    ]


def test_products_spread_evenly(sample):
    rows = rows_of(sample)
    assert len(rows) == 168
    assert tuple(rows[0]) == HEADER
    products = {row["product_id"]: row for row in rows}
    assert len(products) == 84
    assert Counter((row["gender"], row["category"]) for row in products.values()) == dict.fromkeys(PARTITIONS, 6)
    patterns, colours = (Counter(row[column] for row in products.values()) for column in ("pattern", "color"))
    assert set(patterns) == set(PATTERNS)
    assert set(colours) == set(COLORS)
    assert max(patterns.values()) <= 14
    assert max(colours.values()) <= 9
    by_pattern = {p: {row["color"] for row in products.values() if row["pattern"] == p} for p in PATTERNS}
    assert min(len(seen) for seen in by_pattern.values()) >= 6
    assert all(row["silhouette"] in SILHOUETTES[row["category"]] for row in rows)


def test_photos_of_a_product_differ_and_share_their_attributes(sample):
    rows = rows_of(sample)
    assert {row["image"] for row in rows} == {path.name for path in (sample / "images").iterdir()}
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert {**first, "image": ""} == {**second, "image": ""}
        one, two = (photo(sample / "images" / row["image"]).astype(int) for row in (first, second))
        assert one.shape == two.shape == (96, 96, 3)
        assert np.abs(one - two).mean() > 2


def test_garments_show_their_named_colour(sample):
    missed = []
    for row in rows_of(sample)[::2]:
        if row["pattern"] != "melange":  # yarns of two colours
            pixels = photo(sample / "images" / row["image"]).astype(np.float32) / 255
            far = np.linalg.norm(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB) - lab(COLORS[row["color"]]), axis=2)
            if (far < 30).mean() < 0.04:
                missed.append(row)
    assert missed == []


def test_street_layout_refers_to_existing_photos(sample):
    root = sample / "street2shop"
    lines = (root / "photos/photos.txt").read_text().splitlines()
    ids = [line.split(",")[0] for line in lines]
    assert all(len(photo_id) == 9 for photo_id in ids)
    assert ids == sorted(set(ids)) == sorted(path.stem for path in (root / "images").iterdir())
    train, test = pairs_of(sample, "train"), pairs_of(sample, "test")
    shop = [
        record
        for category in CATEGORIES
        for record in json.loads((root / f"meta/json/retrieval_{category}.json").read_text())
    ]
    street_photos, shop_photos = {pair["photo"] for pair in train + test}, {record["photo"] for record in shop}
    assert {f"{photo_id:09d}" for photo_id in street_photos | shop_photos} == set(ids)
    assert not street_photos & shop_photos
    assert {pair["product"] for pair in train + test} == {record["product"] for record in shop} == set(range(1, 21))
    assert {pair["product"] for pair in test} == {5, 10, 15, 20}
    assert not {pair["product"] for pair in train} & {pair["product"] for pair in test}


def test_boxes_lie_in_their_photos_but_for_the_planted_faults(sample):
    pairs = pairs_of(sample, "train") + pairs_of(sample, "test")
    unsized = [pair for pair in pairs if set(pair["bbox"]) == {"left", "top"}]
    assert [pair["product"] for pair in unsized] == [2]
    shared = [photo_id for photo_id, count in Counter(pair["photo"] for pair in pairs).items() if count > 1]
    assert len(shared) == 1
    assert sorted(pair["product"] for pair in pairs if pair["photo"] in shared) == [8, 9]
    for pair in pairs:
        height, width = photo(sample / f"street2shop/images/{pair['photo']:09d}.jpg").shape[:2]
        assert (height, width) == (144, 115)
        if pair not in unsized:
            box = pair["bbox"]
            assert min(box["left"], box["top"]) >= 0
            assert min(box["width"], box["height"]) >= 12
            assert box["left"] + box["width"] <= width
            assert box["top"] + box["height"] <= height


def test_every_worker_count_gives_the_same_bytes(sample, tmp_path):
    render_sample(PARAMS, tmp_path / "again", LOCAL)
    assert files_of(tmp_path / "again") == files_of(sample)


def test_more_products_leave_the_earlier_ones_alone(sample, tmp_path):
    render_sample(SampleParams(products=3, street_products=0, photos=2, side=96, seed=7), tmp_path / "few", LOCAL)
    few = {name: data for name, data in files_of(tmp_path / "few").items() if name.endswith(".jpg")}
    assert len(few) == 6
    assert few.items() <= files_of(sample).items()


def test_another_seed_gives_other_photos(sample, tmp_path):
    render_sample(SampleParams(products=1, street_products=0, photos=2, side=96, seed=8), tmp_path / "other", LOCAL)
    name = "images/p00000-1.jpg"
    assert files_of(tmp_path / "other")[name] != files_of(sample)[name]


def test_no_products_leave_a_header_and_empty_lists(tmp_path):
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / "stale.txt").write_text("of an earlier run")
    render_sample(SampleParams(products=0, street_products=0, photos=2, side=64, seed=1), folder, LOCAL)
    files = files_of(folder)
    assert files.pop("catalog.csv") == b"image,product_id,gender,category,pattern,color,silhouette\n"
    assert files.pop("street2shop/photos/photos.txt") == b""
    assert len(files) == 27
    assert set(files.values()) == {b"[]\n"}
    assert (folder / "images").is_dir()
    assert (folder / "street2shop/images").is_dir()


@pytest.mark.parametrize("category", SILHOUETTES)
def test_silhouettes_differ_and_stay_finite(category):
    boxes = set()
    for silhouette in SILHOUETTES[category]:
        garment = cut(category, silhouette, "women", np.random.default_rng(2))
        assert any(part.role == "fabric" for part in garment.parts)
        assert all(np.isfinite(part.outline).all() for part in garment.parts)
        boxes.add((garment.box, sum(len(part.outline) for part in garment.parts)))
    assert len(boxes) == len(SILHOUETTES[category])


def test_a_traced_curve_passes_its_own_middle():
    # A quadratic curve is halfway at a quarter of its ends and a half of its control point.
    points = trace((0, 0), (1, 2, 2, 0))
    np.testing.assert_allclose(points[[0, 5, 10]], [[0, 0], [1, 1], [2, 0]])
