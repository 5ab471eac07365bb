"""`curate street` on a small folder in the layout of Street2Shop, with one planted fault per entry."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from PIL import Image
from ruamel.yaml import YAML

from core.decoding import decode
from core.images import PixelStore
from core.tables import Catalog, Measures, Rejected, StreetPairs
from curate.cli import main

OUT = Path("data/curated/street")
CATALOG = Path("data/curated/catalog")
META = Path("s2s/meta/json")
IMAGES = Path("s2s/images")
PARAMS = {
    "street": {
        "root": "s2s",
        "images": "s2s/images",
        "categories": "all",
        "gender": "women",
        "crop": True,
        "max_rejected": 0.9,
    },
    "pseudo_wild": {"share": 0.0, "per_product": 1, "seed": 1},
    "photos": {
        "min_side": 8,
        "max_pixels": 5000,
        "max_bytes": 20_000,
        "min_range": 8,
        "largest_side": 64,
        "quality": None,
    },
    "fetch": {"connections": 1, "retries": 0, "timeout": 5.0},
    "quality": {"dark": 0.25, "blurry": 3.0, "low_information": 3.5, "odd_aspect": 0.3},
    "duplicates": {"hash_distance": 6, "color_distance": 6.0},
    "split": {"val": 0.3, "test": 0.3, "seed": 1},
}
BOX = {"left": 4, "top": 6, "width": 20, "height": 10}


def save(number, seed=None, ending="jpg"):
    pixels = np.random.default_rng(number if seed is None else seed).integers(0, 256, (30, 40, 3), np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    (IMAGES / f"{number:09d}.{ending}").write_bytes(file.getvalue())


def pair(photo, product, box=BOX):
    return {"photo": photo, "product": product} | ({} if box is None else {"bbox": box})


def write_lists(category, train=(), test=(), shop=()):
    META.mkdir(parents=True, exist_ok=True)
    for name, entries in {"train_pairs": train, "test_pairs": test, "retrieval": shop}.items():
        (META / f"{name}_{category}.json").write_text(json.dumps(list(entries)))


def run(workers=1, **street):
    with Path("params.yaml").open("w") as file:
        YAML(typ="safe").dump({"curate": PARAMS | {"street": PARAMS["street"] | street}}, file)
    return CliRunner().invoke(main, ["street", "--workers", str(workers)])


def good(done):
    assert done.exit_code == 0, done.output
    return (
        Catalog.read(OUT / "catalog.parquet"),
        Rejected.read(OUT / "rejected.parquet"),
        StreetPairs.read(OUT / "street_pairs.parquet"),
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty layout, to be filled by `write_lists` and `save`."""
    monkeypatch.chdir(tmp_path)
    IMAGES.mkdir(parents=True)
    Catalog.from_rows([]).write(CATALOG / "catalog.parquet")
    Measures.from_rows([]).write(CATALOG / "measures.parquet")


@pytest.fixture
def town(folder):
    """Two categories; products 1 and 2 in train, 3 in test, 9 in no pair; shop photos from 100 on."""
    for number in (1, 2, 3, 4, 100, 101, 102, 103, 109):
        save(number)
    write_lists("tops", [pair(1, 1), pair(2, 2, None)], [pair(3, 3)], [pair(n, p, None) for n, p in SHOP_TOPS])
    write_lists("hats", [pair(4, 4)], [], [pair(103, 4, None), pair(109, 9, None)])


SHOP_TOPS = [(100, 1), (101, 2), (102, 3)]


def test_ids_domains_and_partitions(town):
    table, rejected, pairs = good(run())
    assert len(rejected) == 0
    assert table.image_id.tolist() == [
        *("shop-000000103", "shop-000000109", "street-000000004-4"),
        *("shop-000000100", "shop-000000101", "shop-000000102"),
        *("street-000000001-1", "street-000000002-2", "street-000000003-3"),
    ]
    assert table.partition.tolist() == ["women/hats"] * 3 + ["women/tops"] * 6
    assert table.domain.tolist() == ["catalog"] * 2 + ["street"] + ["catalog"] * 3 + ["street"] * 3
    assert table.product_id[0] == "street2shop-4"
    assert table.path[0] == "s2s/images/000000103.jpg"
    assert pairs.image_id.tolist() == [f"street-{n:09d}-{n}" for n in (1, 2, 3, 4)]
    assert pairs.product_id.tolist() == [f"street2shop-{n}" for n in (1, 2, 3, 4)]
    assert pairs.category.tolist() == ["tops", "tops", "tops", "hats"]
    split = dict(zip(table.image_id, table.split, strict=True))
    assert pairs.split.tolist() == [split[image_id] for image_id in pairs.image_id]


def test_street_photos_are_cut_to_their_box_and_shop_photos_are_whole(town):
    table, _, pairs = good(run())
    store = PixelStore.open(OUT / "images.arrow")
    whole = decode((IMAGES / "000000001.jpg").read_bytes(), max_pixels=5000).pixels
    np.testing.assert_array_equal(store["street-000000001-1"], whole[6:16, 4:24])
    assert store["shop-000000100"].shape == (30, 40, 3)
    # No box: the whole photo.
    assert store["street-000000002-2"].shape == (30, 40, 3)
    assert [pairs.left[1], pairs.top[1], pairs.width[1], pairs.height[1]] == [None] * 4
    assert [pairs.left[0], pairs.top[0], pairs.width[0], pairs.height[0]] == [4, 6, 20, 10]
    place = table.image_id.tolist().index("street-000000001-1")
    assert (table.width[place], table.height[place]) == (20, 10)


def test_without_crop_the_photo_is_whole_and_the_box_stands_in_the_pairs(town):
    _, _, pairs = good(run(crop=False))
    assert PixelStore.open(OUT / "images.arrow")["street-000000001-1"].shape == (30, 40, 3)
    assert (pairs.left[0], pairs.height[0]) == (4, 10)


def test_the_store_is_in_catalog_order(town):
    table, _, _ = good(run())
    with pa.memory_map(str(OUT / "images.arrow")) as file:
        assert pa.ipc.open_file(file).read_all()["image_id"].to_pylist() == table.image_id.tolist()


@pytest.mark.parametrize(
    "box",
    [
        {"left": 4, "top": 6},
        {"left": 4, "top": 6, "width": None, "height": 3},
        {"left": "4", "top": 6, "width": 3, "height": 3},
        [1, 2, 3, 4],
        {"left": 4, "top": 6, "width": float("nan"), "height": 3},
    ],
)
def test_a_box_that_is_none_means_the_whole_photo(folder, box):
    save(1)
    save(100)
    write_lists("tops", [pair(1, 1, box)], [], [pair(100, 1, None)])
    _, rejected, pairs = good(run())
    assert len(rejected) == 0
    assert pairs.left.tolist() == [None]
    assert json.loads((OUT / "report.json").read_text())["categories"]["tops"]["pairs_without_box"] == 1


def test_a_box_is_clipped_to_the_photo(folder):
    save(1)
    save(100)
    write_lists("tops", [pair(1, 1, {"left": -5, "top": 20, "width": 30, "height": 99})], [], [pair(100, 1, None)])
    _, _, pairs = good(run())
    assert (pairs.left[0], pairs.top[0], pairs.width[0], pairs.height[0]) == (0, 20, 25, 10)
    assert PixelStore.open(OUT / "images.arrow")["street-000000001-1"].shape == (10, 25, 3)


def planted():
    """One fault per entry of a category; the expected reasons per (list, row)."""
    for number in (1, 2, 3, 4, 100, 101):
        save(number)
    (IMAGES / "000000005.jpg").write_text("<html>gone</html>")
    (IMAGES / "000000105.jpg").write_bytes((IMAGES / "000000100.jpg").read_bytes()[:900])
    train = [
        (pair(1, 1), None),
        (pair(77, 1), "missing_file"),
        (pair(2, 1, {"left": 50, "top": 0, "width": 9, "height": 9}), "bad_box"),
        (pair(2, 1, {"left": 0, "top": 0, "width": 30, "height": 3}), "too_small"),
        (pair(3, 88), "no_shop_photo"),
        (pair(3, 5), "no_shop_photo"),
        (pair(1, 1), "duplicate_key"),
        (pair(5, 1), "not_an_image"),
        ({"photo": "1", "product": 1}, "malformed_row"),
        ({"photo": 1}, "malformed_row"),
        (7, "malformed_row"),
        ({"photo": True, "product": 1}, "malformed_row"),
        ({"photo": -1, "product": 1}, "malformed_row"),
    ]
    shop = [
        (pair(100, 1, None), None),
        (pair(100, 6, None), "duplicate_key"),
        (pair(99, 1, None), "missing_file"),
        (pair(105, 5, None), "truncated"),
        (pair(101, 2, None), None),
    ]
    # A photo with a bad box claims its id all the same.
    train[3] = (pair(4, 1, train[3][0]["bbox"]), "too_small")
    write_lists("tops", [entry for entry, _ in train], [], [entry for entry, _ in shop])
    lists = {"train_pairs_tops.json": train, "retrieval_tops.json": shop}
    return {
        (name, row): reason
        for name, entries in lists.items()
        for row, (_, reason) in enumerate(entries, 1)
        if reason is not None
    }


def test_every_planted_fault_is_found_once(folder):
    expected = planted()
    table, rejected, _ = good(run())
    found = zip(rejected.source.tolist(), rejected.row.tolist(), rejected.reason.tolist(), strict=True)
    assert {(source, row): reason for source, row, reason in found} == expected
    report = json.loads((OUT / "report.json").read_text())
    assert report["rejected"] == dict(Counter(expected.values()))
    assert (report["rows"], report["accepted"]) == (18, 3)
    assert table.image_id.tolist() == ["shop-000000100", "shop-000000101", "street-000000001-1"]
    assert report["categories"]["tops"] == {
        "pairs": 13,
        "living_pairs": 1,
        "living_products": 1,
        "pairs_without_box": 0,
        "shop_photos": 2,
        "missing_photos": 2,
    }


def test_a_dead_photo_tells_its_address(folder):
    planted()
    Path("s2s/photos").mkdir()
    Path("s2s/photos/photos.txt").write_text("000000077,http://shop.example/a,b.jpg\n000000099,\n")
    _, rejected, _ = good(run())
    details = dict(zip(rejected.path, rejected.detail, strict=True))
    assert details["000000077.jpg"] == "no such file; it was http://shop.example/a,b.jpg"
    assert details["000000099.jpg"] == "no such file"


def test_two_runs_and_two_workers_give_the_same_bytes(folder, monkeypatch):
    monkeypatch.setattr("curate.reading._FEW", 0)
    monkeypatch.setattr("curate.reading._PER_TASK", 4)
    planted()
    written = []
    for workers in (1, 1, 2):
        shutil.rmtree("data/cache", ignore_errors=True)
        good(run(workers))
        written.append({path.name: path.read_bytes() for path in OUT.iterdir()})
    assert written[0] == written[1] == written[2]


def test_a_pair_needs_a_shop_photo_of_its_own_category(folder):
    save(1)
    save(100)
    write_lists("hats", [], [], [pair(100, 1, None)])
    write_lists("tops", [pair(1, 1)], [], [])
    _, rejected, _ = good(run())
    assert rejected.reason.tolist() == ["no_shop_photo"]


@pytest.mark.parametrize("ending", ["png", "jpeg", "JPG", "webp"])
def test_photos_may_have_any_usual_ending(folder, ending):
    save(1, ending=ending)
    save(100, ending=ending)
    write_lists("tops", [pair(1, 1)], [], [pair(100, 1, None)])
    table, _, _ = good(run())
    assert table.path.tolist() == [f"s2s/images/{n:09d}.{ending}" for n in (100, 1)]


def test_the_division_of_the_source_is_kept(folder):
    for number in (*range(40), *range(100, 140), *range(200, 240)):
        save(number)
    train = [pair(n, n) for n in range(20)]
    test = [pair(n, n) for n in range(19, 40)]
    gallery = [pair(200 + n, 200 + n, None) for n in range(40)]
    write_lists("tops", train, test, [*(pair(100 + n, n, None) for n in range(40)), *gallery])
    table, rejected, _ = good(run())
    # Product 19 is in both lists: its entry in train is the second of the two.
    assert rejected.reason.tolist() == ["duplicate_key"]
    of = dict(zip(table.product_id, table.split, strict=True))
    for product, split in zip(table.product_id, table.split, strict=True):
        assert of[product] == split
    assert {of[f"street2shop-{n}"] for n in range(19, 40)} == {"test"}
    assert {of[f"street2shop-{n}"] for n in range(19)} == {"train", "val"}
    assert {of[f"street2shop-{n}"] for n in range(200, 240)} == {"train", "val", "test"}


def test_what_train_shares_with_test_has_no_split(folder):
    for number, seed in {1: 1, 2: 2, 100: 50, 101: 50}.items():
        save(number, seed)
    write_lists("tops", [pair(1, 1)], [pair(2, 2)], [pair(100, 1, None), pair(101, 2, None)])
    table, _, _ = good(run())
    assert dict(zip(table.image_id, table.split, strict=True)) == {
        "street-000000001-1": "train",
        "shop-000000100": "none",
        "street-000000002-2": "test",
        "shop-000000101": "test",
    }
    assert len(set(table.duplicate_group)) == 3


def test_two_boxes_of_one_photo_do_not_stand_in_train_and_test(folder):
    for number in (1, 100, 101):
        save(number)
    upper, lower = ({"left": 0, "top": top, "width": 40, "height": 15} for top in (0, 15))
    write_lists("tops", [pair(1, 1, upper)], [pair(1, 2, lower)], [pair(100, 1, None), pair(101, 2, None)])
    table, _, _ = good(run())
    split = dict(zip(table.image_id, table.split, strict=True))
    assert (split["street-000000001-1"], split["street-000000001-2"]) == ("none", "test")
    assert len(set(table.content_hash)) == 4


def test_a_photo_follows_its_copy_in_the_catalog(folder):
    """Eight shop photos of no division stand in the catalog too, in splits that hashes of its products chose."""
    for number in range(8):
        save(100 + number)
    write_lists("tops", shop=[pair(100 + number, number, None) for number in range(8)])
    alone, _, _ = good(run())
    ids = np.array([f"c{number}" for number in range(8)], dtype=object)
    other = np.array(["test", "val"] * 4, dtype=object)
    replace(alone, image_id=ids, product_id=ids, split=other).write(CATALOG / "catalog.parquet")
    replace(Measures.read(OUT / "measures.parquet"), image_id=ids).write(CATALOG / "measures.parquet")
    table, _, _ = good(run())
    assert table.split.tolist() == ["test", "val"] * 4 != alone.split.tolist()
    assert table.duplicate_group.tolist() == alone.duplicate_group.tolist()


def test_a_list_of_categories_reads_these_alone(town):
    table, _, _ = good(run(categories=["hats"]))
    assert set(table.category) == {"hats"}


def test_empty_lists_make_an_empty_collection(folder):
    write_lists("tops")
    IMAGES.rmdir()
    done = run()
    assert done.output.splitlines()[0] == "No street photos: the share of wild triplets is zero."
    for table in good(done):
        assert len(table) == 0
    assert len(PixelStore.open(OUT / "images.arrow")) == 0
    assert json.loads((OUT / "report.json").read_text())["rows"] == 0


def test_without_categories_nothing_is_looked_for(folder):
    IMAGES.rmdir()
    done = run(root="nowhere", images="nowhere", categories=[])
    assert done.output.splitlines()[0] == "No street photos: the share of wild triplets is zero."
    assert len(good(done)[0]) == 0


def test_the_console_says_what_happened_per_category(town):
    lines = run().output.splitlines()
    assert lines[0] == "9 photos: 9 accepted, 0 rejected"
    assert lines[-2:] == [
        "hats: 1 of 1 pairs, 1 products, 0 photos missing",
        "tops: 3 of 3 pairs, 3 products, 0 photos missing",
    ]


ERRORS = {
    "no lists": ({"root": "none"}, "none/meta/json is no folder. Put the lists of Street2Shop there, or mend"),
    "no images": ({"images": "none"}, "the image root none is no folder. Make it, or mend curate.street.images.\n"),
    "unknown category": (
        {"categories": ["tops", "socks"]},
        "s2s/meta/json/test_pairs_socks.json does not exist. Add it, or take socks out of curate.street.categories.\n",
    ),
    "no gender": ({"gender": " "}, "params.yaml: curate.street: gender must not be empty. Received: ' '\n"),
    "no photo": (
        {"images": "s2s/meta"},
        "none of the 9 photos can be used (missing_file 9). See data/cache/rejected.csv;"
        " check what curate.street names.\n",
    ),
    "too many rejected": (
        {"categories": ["hats"], "max_rejected": 0.0, "images": "few"},
        "1 of 3 photos rejected (missing_file 1), at most 0 allowed. The first is row 2: 000000109.jpg, missing_file,"
        " no such file. See data/cache/rejected.csv; mend or exclude them, or raise curate.street.max_rejected.\n",
    ),
}


def assert_fails_untouched(done, message):
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {message}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ERRORS)
def test_bad_input_is_one_line_and_changes_nothing(town, name):
    good(run())
    before = {path.name: path.read_bytes() for path in OUT.iterdir()}
    shutil.copytree(IMAGES, "few")
    Path("few/000000109.jpg").unlink()
    change, message = ERRORS[name]
    assert_fails_untouched(run(**change), message)
    assert {path.name: path.read_bytes() for path in OUT.iterdir()} == before
    assert sorted(path.name for path in OUT.parent.iterdir()) == ["catalog", "street"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{", "s2s/meta/json/retrieval_tops.json is not JSON: "),
        ('{"photo": 1}', "s2s/meta/json/retrieval_tops.json must hold a list. Received: dict"),
    ],
)
def test_a_malformed_list_is_one_line(town, text, message):
    (META / "retrieval_tops.json").write_text(text)
    assert_fails_untouched(run(), message)
    assert not OUT.exists()


def test_a_category_without_one_of_its_lists_is_named(town):
    (META / "retrieval_hats.json").unlink()
    assert_fails_untouched(run(), "s2s/meta/json/retrieval_hats.json does not exist. Add it, or take hats out of")
