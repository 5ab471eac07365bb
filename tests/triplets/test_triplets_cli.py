"""The commands on a small project: what they write, print and refuse."""

import csv
import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_project import catalog_rows, random_vectors, row, street_rows, write_params, write_project, write_vectors

from core.paths import CATALOG, MIXED, RECOMMENDED, TABLE, TRIPLETS
from core.similarity import Similarity
from core.tables import KINDS, Catalog, Neighbors, Triplets, Vectors


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def squeezed(text: str) -> str:
    """A table without the spaces that align it."""
    return re.sub(" +", " ", text)


def test_they_write_all_of_their_outputs_and_nothing_else(printed):
    assert set(hashes(Path("data/triplets"))) == {
        *(f"recommended/{name}" for name in ("neighbors.parquet", "similarity.json", "report.json", "neighbors.png")),
        *(f"mined/{name}" for name in ("triplets.parquet", "report.json")),
        *(f"mixed/{name}" for name in ("triplets.parquet", "train.csv", "val.csv", "test.csv")),
        *(f"mixed/{name}" for name in ("report.json", "details.json", "report.html", "triplets.png")),
        *(f"mixed/{name}.csv" for name in ("distances", "rules", "hubs", "partitions")),
    }


def test_two_runs_and_one_or_two_workers_write_the_same_bytes(project, pipeline):
    seen = []
    for workers in ("1", "1", "2"):
        printed = pipeline("--workers", workers)
        seen.append((printed, hashes(Path("data/triplets"))))
    assert seen[0] == seen[1] == seen[2]


def test_the_paths_files_hold_the_tables_rows(printed):
    mixed = Triplets.read(MIXED / "triplets.parquet")
    for split in ("train", "val", "test"):
        some = mixed.take(mixed.split == split)
        with (MIXED / f"{split}.csv").open(newline="") as file:
            lines = list(csv.reader(file))
        names = [[path.removeprefix("photos/").removesuffix(", front.jpg") for path in line] for line in lines]
        assert sorted(names) == sorted(
            list(ids) for ids in zip(some.query_id, some.positive_id, some.negative_id, strict=True)
        )
        assert len(lines) > 0


def test_in_the_mix_no_triplet_crosses_a_split_or_repeats_a_product(printed):
    mixed = Triplets.read(MIXED / "triplets.parquet")
    both = Catalog.concat(
        [Catalog.read(Path(f"data/curated/{name}/catalog.parquet")) for name in ("catalog", "street")]
    )
    at = {image_id: number for number, image_id in enumerate(both.image_id)}
    query, positive, negative = (
        np.array([at[image_id] for image_id in ids]) for ids in (mixed.query_id, mixed.positive_id, mixed.negative_id)
    )
    wild = mixed.kind == "wild"
    assert set(mixed.kind) == set(KINDS)
    for photos in (query, positive, negative):
        assert (both.split[photos] == mixed.split).all()
    assert (both.product_id[query] == both.product_id[positive]).tolist() == wild.tolist()
    assert (both.domain[query] == "street").tolist() == wild.tolist()
    for label in (both.product_id, both.duplicate_group):
        assert not (label[negative] == label[query]).any()
        assert not (label[negative] == label[positive]).any()
    guarded = ~wild | (mixed.split == "train")
    assert (mixed.positive_distance < mixed.negative_distance)[guarded].all()


def test_the_report_tells_first_what_was_asked_and_reached(printed):
    first, *_ = printed[2].splitlines()
    numbers = json.loads((MIXED / "report.json").read_text())
    assert first.startswith(
        "Asked: in-class 21%, out-of-class 49%, wild 30%."
        " train: 100 of 100 triplets, 21% / 49% / 30%."
        f" val: {numbers['val_total']} triplets, "
    )
    assert f"test: {numbers['test_total']} of 60 triplets, " in first
    asked, *lines = first.removesuffix(".").replace(". ", ".\n").splitlines()
    page = (MIXED / "report.html").read_text()
    assert all(f">{line.removesuffix('.')}.<" in page for line in (asked, *lines))
    assert len(lines) == 3
    for kind, share in zip(KINDS, (0.21, 0.49, 0.3), strict=True):
        assert numbers[f"train_{kind}_share"] == pytest.approx(share, abs=0.01)
    assert all(isinstance(value, int | float) for value in numbers.values())


def test_without_street_photos_the_wild_share_goes_to_the_others(tmp_path, monkeypatch, pipeline):
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, catalog_rows(60))
    write_params(tmp_path, mine={"gap": 2, "positives": 3})
    report = pipeline()[2]
    numbers = json.loads((MIXED / "report.json").read_text())
    assert (
        " train: 100 of 100 triplets, 30% / 70% / 0%; wild is absent, the rest renormalised."
        f" val: {numbers['val_total']} triplets, 30% / 70% / 0%, the largest mix that " in report
    )
    for split in ("train", "val", "test"):
        assert numbers[f"{split}_wild"] == 0
    assert report.splitlines()[0].count("wild is absent, the rest renormalised") == 3
    assert "0 of 0 street photos have no shop photo" in (MIXED / "report.html").read_text()


def test_mine_prints_every_rule_with_its_parameter(printed):
    counts = json.loads(Path("data/triplets/mined/report.json").read_text())["rules"]
    kept = counts["in_class.considered"] - counts["in_class.gap"]
    assert (
        f"| in-class negative: ranks too near | {counts['in_class.gap']:,} | {kept:,} |"
        " lower triplets.mine.gap, or raise triplets.mine.candidates |" in squeezed(printed[1])
    )
    assert f"{counts['queries_without_positive']:,} of 120 catalog photos have no positive." in printed[1]
    assert counts["in_class.gap"] > 0


def test_the_mined_report_counts_per_split_kind_and_partition(printed):
    mined = Triplets.read(Path("data/triplets/mined/triplets.parquet"))
    counts = json.loads(Path("data/triplets/mined/report.json").read_text())["triplets"]
    catalog = Catalog.read(Path("data/curated/catalog/catalog.parquet"))
    tops = catalog.image_id[(catalog.partition == "women/tops") & (catalog.split == "train")]
    expected = np.isin(mined.query_id, tops) & (mined.kind == "in_class")
    assert counts["train"]["in_class"]["women/tops"] == np.count_nonzero(expected) > 0
    assert sum(sum(own.values()) for kinds in counts.values() for own in kinds.values()) == len(mined)


def test_a_new_weight_changes_neighbours_and_triplets(project, pipeline):
    pipeline()
    before = hashes(Path("data/triplets"))
    write_params(project, recommend={"weights": {"structure": 0.0, "pattern": 0.0, "color": 1.0}})
    pipeline()
    after = hashes(Path("data/triplets"))
    assert Similarity.read(Path("data/triplets/recommended/similarity.json")).weights["color"] == 1
    for name in ("recommended/neighbors.parquet", "mined/triplets.parquet", "mixed/triplets.parquet"):
        assert before[name] != after[name]


def test_the_sheets_show_photos(printed):
    for path in (Path("data/triplets/recommended/neighbors.png"), MIXED / "triplets.png"):
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
            assert "Software" not in picture.info
        assert pixels.shape[0] > 800
        assert pixels.shape[1] > 1000
        # The photos are noise, the ground is white.
        assert 0.2 < (pixels != 255).any(axis=2).mean() < 0.9


def test_neighbors_prints_the_ten_nearest(printed, call):
    result = call("neighbors", "c001-0")
    table = Neighbors.read(Path("data/triplets/recommended/neighbors.parquet"))
    nearest = table.take((table.query_id == "c001-0") & (table.rank <= 10))
    lines = result.stdout.splitlines()
    assert squeezed(lines[0]) == "| rank | image | distance | structure | pattern | color |"
    assert [line.split(" | ")[1].strip() for line in lines[2:]] == nearest.neighbor_id.tolist()
    assert result.exit_code == 0


def failure(result) -> str:
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    return result.stderr.splitlines()[-1]


def test_neighbors_of_an_unknown_photo(printed, call):
    assert failure(call("neighbors", "nobody")) == (
        "Error: data/triplets/recommended/neighbors.parquet has no neighbours of nobody."
        " Name an image_id of data/curated/catalog/catalog.parquet."
    )


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("recommend", "data/curated/catalog/catalog.parquet"),
        ("recommend", "data/features/pattern.arrow"),
        ("recommend", "data/curated/catalog/images.arrow"),
        ("mine", "data/triplets/recommended/similarity.json"),
        ("mix", "data/triplets/mined/triplets.parquet"),
        ("mix", "data/triplets/mined/report.json"),
        ("mix", "data/curated/street/street_pairs.parquet"),
        ("neighbors", "data/triplets/recommended/neighbors.parquet"),
    ],
)
def test_a_missing_input_is_named_and_nothing_is_written(finished, tmp_path, monkeypatch, call, command, missing):
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    Path(missing).unlink()
    there = hashes(tmp_path)
    words = ("neighbors", "c001-0") if command == "neighbors" else (command,)
    assert failure(call(*words)) == f"Error: {missing} does not exist. Run the stage that writes it: dvc repro."
    assert hashes(tmp_path) == there


def test_an_image_without_a_vector_is_named(project, call):
    color = Vectors.read(Path("data/features/color.arrow"))
    kept = color.image_id != "c030-1"
    write_vectors(Path("data/features"), color.image_id[kept], {"color": color.values[kept]})
    assert failure(call("recommend")) == (
        "Error: data/features/color.arrow has no vector for the image c030-1. Run dvc repro."
    )
    assert not Path("data/triplets").exists()


def test_a_photo_of_a_triplet_that_left_the_catalog_is_named(project, call, pipeline):
    pipeline()
    first = Triplets.read(MIXED / TRIPLETS)
    lost = first.negative_id[first.kind == "in_class"][0]
    path = CATALOG / TABLE
    catalog = Catalog.read(path)
    catalog.take(catalog.image_id != lost).write(path)
    there = hashes(MIXED)
    assert failure(call("mix")) == f"Error: triplets.parquet: the catalog lacks the image {lost}. Run dvc repro."
    assert hashes(MIXED) == there
    assert not list(MIXED.parent.glob(".*"))


def test_a_partition_of_dollar_signs_is_no_formula(tmp_path, monkeypatch, pipeline):
    monkeypatch.chdir(tmp_path)
    rows = catalog_rows(60, categories=("dresses", "$50_$100"))
    assert {one["partition"] for one in rows} == {"women/dresses", "women/$50_$100"}
    write_project(tmp_path, rows, *street_rows(30))
    pipeline()
    for path in (RECOMMENDED / "neighbors.png", MIXED / "triplets.png"):
        with Image.open(path) as picture:
            picture.verify()


def test_equal_vectors_are_an_error_with_the_next_step(project, call):
    ids = Vectors.read(Path("data/features/color.arrow")).image_id
    write_vectors(Path("data/features"), ids, {"structure": np.ones((len(ids), 8), np.float32)})
    assert failure(call("recommend")) == (
        "Error: structure: most training photos have one and the same vector. Look at what features wrote,"
        " or give it the weight 0."
    )


def test_an_empty_catalog_has_no_scale(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, [])
    assert failure(call("recommend")) == (
        "Error: structure: no two training photos share a partition, so distances have no scale. Add photos."
    )


def test_a_catalog_too_small_to_mine_is_told_so_by_the_mix(tmp_path, monkeypatch, call):
    monkeypatch.chdir(tmp_path)
    rows = [row(f"hat{number}", product_id="hat", category="hats") for number in range(3)]
    write_project(tmp_path, rows, vectors=random_vectors(3))
    assert call("recommend").exit_code == 0
    with Image.open("data/triplets/recommended/neighbors.png") as picture:
        picture.verify()
    mined = call("mine")
    assert mined.exit_code == 0
    assert "| train | 0 | 0 |" in squeezed(mined.stdout)
    assert "3 of 3 catalog photos have no positive." in mined.stdout
    assert failure(call("mix")) == (
        "Error: the training split has 0 in_class, 0 out_of_class, 0 wild triplets, so its mix is empty."
        " Raise triplets.mine.positives, lower triplets.mine.margin, or add photos."
    )
    assert not MIXED.exists()


def test_street_photos_alone_can_train(tmp_path, monkeypatch, pipeline):
    monkeypatch.chdir(tmp_path)
    rows = [row(f"hat{number}", product_id="hat", category="hats") for number in range(3)]
    write_project(tmp_path, rows, *street_rows(20))
    report = pipeline()[2]
    assert " triplets, 0% / 0% / 100%; in-class is absent, out-of-class is absent, wild is short (" in report


def test_wrong_params_are_one_line(project, call):
    write_params(project, mine={"gap": -2})
    assert failure(call("mine")) == "Error: params.yaml: triplets.mine: gap must be at least 0. Received: -2"


@pytest.mark.parametrize("command", ["recommend", "similar", "mine", "mix"])
def test_a_vector_that_is_not_finite_is_named_and_nothing_is_written(finished, tmp_path, monkeypatch, call, command):
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    path = Path("data/features/pattern.arrow")
    table = Vectors.read(path)
    values = table.values.copy()
    values[:] = 12345.0
    Vectors(table.image_id, values, {}).write(path)
    path.write_bytes(path.read_bytes().replace(np.float32(12345).tobytes(), np.float32("nan").tobytes()))
    there = hashes(tmp_path)
    told = failure(call(command))
    assert re.fullmatch(rf"Error: {path}: the vector of \S+ is not finite\. Run dvc repro\.", told)
    assert hashes(tmp_path) == there


@pytest.mark.parametrize("command", ["mine", "mix"])
def test_a_photo_without_a_vector_is_named_by_what_follows_too(finished, tmp_path, monkeypatch, call, command):
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    path = Path("data/features/color.arrow")
    table = Vectors.read(path)
    lost = "c030-1" if command == "mine" else "street003"
    kept = table.image_id != lost
    write_vectors(path.parent, table.image_id[kept], {"color": table.values[kept]})
    there = hashes(tmp_path)
    assert failure(call(command)) == f"Error: {path} has no vector for the image {lost}. Run dvc repro."
    assert hashes(tmp_path) == there
