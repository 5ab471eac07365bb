"""`triplets similar`: what it prints and refuses, the three formats, and the sheet."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow.json
import pytest
from PIL import Image
from small_project import (
    catalog_rows,
    row,
    write_params,
    write_project,
)

from core.paths import CATALOG, FEATURES, SIMILAR, SIMILARITY, TABLE
from core.tables import Catalog, Similar
from triplets.products import lists
from triplets.products.families import families
from triplets.products.photos import Photos
from triplets.products.places import Places


def test_products_without_others_and_with_few_are_counted(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    rows = [
        *catalog_rows(14, categories=("dresses",)),
        *(row(f"hat{number}", product_id="hat", category="hats") for number in range(2)),
        *(row(f"top{number}", category="tops", duplicate_group=f"top{number // 2}") for number in range(4)),
    ]
    write_project(tmp_path, rows)
    assert call("recommend").exit_code == 0
    done = call("similar")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == (
        "19 products: 19 lists of up to 10 similar products.\n"
        "Shorter lists: 5, of which 1 empty. Their partitions hold too few other products, variants counted once:"
        " women/hats 0, women/tops 1.\n"
        "Lists of variants: 4, in 2 families; the largest, with top0 in women/tops, has 2.\n"
        f"144 similar products in {SIMILAR}.\nLook at data/triplets/similar/similar.png.\n"
    )
    found = Similar.read(SIMILAR)
    assert "hat" not in found.product_id
    tops = found.take(found.partition == "women/tops")
    assert tops.product_id.tolist() == ["top0", "top1", "top2", "top3"]
    assert np.bincount(found.take(found.partition == "women/dresses").rank).tolist() == [0, *[14] * 10]


def test_the_shortest_partitions_are_named():
    rows = [row(f"{name}{number}", category=name) for name in "abcde" for number in range("edcba".index(name) + 1)]
    photos = Photos.of(Catalog.from_rows(rows))
    assert lists.describe(Places.of(photos, families(photos, None)), 4) == (
        "15 products: 15 lists of up to 4 similar products.\n"
        "Shorter lists: 10, of which 1 empty. Their partitions hold too few other products, variants counted once:"
        " women/e 0, women/d 1, women/c 2, and 1 more."
    )


@pytest.fixture
def recommended(project, call):
    assert call("recommend").exit_code == 0
    return project


def test_two_runs_and_one_or_two_workers_write_the_same_bytes(recommended, call):
    seen = []
    for workers in ("1", "1", "2"):
        printed = call("similar", "--workers", workers).stdout
        # The other formats are made from the table, by the command itself.
        if workers == "1":
            assert (
                call("similar", "--output", "s.csv").exit_code == call("similar", "--output", "s.jsonl").exit_code == 0
            )
        files = [SIMILAR, SIMILAR.with_suffix(".png"), Path("s.csv"), Path("s.jsonl")]
        seen.append((printed, [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]))
    assert seen[0] == seen[1] == seen[2]


HOSTILE = (
    'comma, "quoted"',
    "line\nbreak",
    "\r",
    "=1+1",
    "élégance ☂ 👗",
    " space ",
    "back\\slash",
    "\u2028",
    "a\0b",
    "a",
)


def test_the_three_formats_hold_the_same_rows_of_hostile_ids(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    rows = [
        row(f"{name} {shot}", product_id=name, category=("tops", 'dress, "long"\n')[shot])
        for name in HOSTILE
        for shot in (0, 1)
    ]
    write_project(tmp_path, rows)
    assert call("recommend").exit_code == 0
    for suffix in (".parquet", ".csv", ".jsonl", ".CSV"):
        assert call("similar", "--output", f"out/all{suffix}").exit_code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["all.CSV", "all.csv", "all.jsonl", "all.parquet"]
    table = Similar.read(Path("out/all.parquet"))
    wanted = [list(values) for values in zip(*(getattr(table, name) for name in Similar.columns()), strict=True)]
    assert len(wanted) == 2 * len(HOSTILE) * (len(HOSTILE) - 1)
    assert set(table.product_id) == set(table.similar_id) == set(HOSTILE)

    with Path("out/all.csv").open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    assert tuple(header) == Similar.columns()
    texts = [[*line[:2], int(line[2]), *line[3:6], *(np.float32(value) for value in line[6:])] for line in lines]
    assert texts == wanted
    assert Path("out/all.CSV").read_bytes() == Path("out/all.csv").read_bytes()

    objects = [json.loads(line) for line in Path("out/all.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]
    assert [tuple(one) for one in objects] == [Similar.columns()] * len(wanted)
    assert [[*list(one.values())[:6], *(np.float32(v) for v in list(one.values())[6:])] for one in objects] == wanted
    assert pyarrow.json.read_json("out/all.jsonl")["similar_id"].to_pylist() == table.similar_id.tolist()
    # As short as the numbers are.
    assert [str(one["distance"]) for one in objects] == [str(value) for value in table.distance]


def test_an_empty_table_has_a_header(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, [row(f"hat{number}", product_id="hat", category="hats") for number in range(3)])
    assert call("recommend").exit_code == 0
    for name in ("s.csv", "s.jsonl"):
        assert call("similar", "--output", name).stdout.endswith(f"\n0 similar products in {name}.\n")
    assert list(csv.reader(Path("s.csv").read_text().splitlines())) == [list(Similar.columns())]
    assert Path("s.jsonl").read_text() == ""
    assert call("similar").exit_code == 0
    with Image.open(SIMILAR.with_suffix(".png")) as picture:
        picture.verify()


def test_the_sheet_shows_photos(recommended, call):
    assert call("similar").exit_code == 0
    with Image.open(SIMILAR.with_suffix(".png")) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape[0] > 800
    assert pixels.shape[1] > 1000
    # The photos are noise, the ground is white.
    assert 0.2 < (pixels != 255).any(axis=2).mean() < 0.9


def test_weights_of_recommend_are_used(recommended, call):
    assert call("similar").exit_code == 0
    before = SIMILAR.read_bytes()
    write_params(recommended, recommend={"weights": {"structure": 0.0, "pattern": 0.0, "color": 1.0}})
    assert call("recommend").exit_code == 0
    assert call("similar").exit_code == 0
    assert SIMILAR.read_bytes() != before
    found = Similar.read(SIMILAR)
    np.testing.assert_allclose(found.distance, found.color, rtol=1e-6)


def failure(result) -> str:
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    return result.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["similar.xlsx", "similar", "csv"])
def test_another_suffix_is_refused_before_any_work(tmp_path, monkeypatch, call, name):
    monkeypatch.chdir(tmp_path)
    assert failure(call("similar", "--output", name)) == (
        f"Error: the output must end in .parquet, .csv or .jsonl. Received: {name}"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_catalog_without_attributes_says_so(recommended, call):
    write_params(recommended, similar={"variant": "style"})
    assert failure(call("similar", "--output", "s.csv")) == (
        "Error: triplets.similar.variant: no photo has the attribute style. Set it to null: no photo has any attribute."
    )
    assert not Path("s.csv").exists()


@pytest.mark.parametrize("missing", [CATALOG / TABLE, SIMILARITY, FEATURES / "pattern.arrow"])
def test_a_missing_input_is_named(recommended, call, missing):
    missing.unlink()
    assert failure(call("similar")) == f"Error: {missing} does not exist. Run the stage that writes it: dvc repro."


def test_wrong_params_are_one_line(recommended, call):
    write_params(recommended, similar={"products": 0})
    assert failure(call("similar")) == (
        "Error: params.yaml: triplets.similar: products must be at least 1. Received: 0"
    )
