"""`triplets export`: what every form holds, and what it refuses to overwrite."""

import csv
import hashlib
import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from core.images import PixelStore, write_store
from core.paths import MIXED, STORES, TABLE, TRIPLETS
from core.tables import SPLITS, Catalog, Triplets
from triplets.cli import main
from triplets.exports import hugging_face
from triplets.exports.arrays import numbered
from triplets.exports.forms import RECORD, export

FORMS = next(option.type.choices for option in main.commands["export"].params if option.name == "form")
NAMES = {"train": "train", "val": "validation", "test": "test"}
PAIRS = ("anchor", "positive", "negative")


@pytest.fixture
def mixed(finished, tmp_path, monkeypatch):
    """The mixed triplets of a copy of the finished project, in whose folder the test runs."""
    shutil.copytree(finished[0], tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    return Triplets.read(MIXED / TRIPLETS)


def write(*words: str):
    return CliRunner().invoke(main, ["export", *words])


def of(mixed: Triplets, split: str) -> list[tuple[str, str, str]]:
    some = mixed.take(mixed.split == split)
    return list(zip(some.query_id, some.positive_id, some.negative_id, strict=True))


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows_of(pattern: str) -> list[dict]:
    """The rows of the Parquet files in the working folder that match, file by file."""
    return [row for path in sorted(Path().glob(pattern)) for row in pq.read_table(path).to_pylist()]


@pytest.mark.parametrize("form", FORMS)
def test_it_says_what_it_wrote_and_writes_the_same_bytes_twice(mixed, form):
    first, second = write("out/one", "--form", form), write("out/two", "--form", form)
    counts = {split: len(of(mixed, split)) for split in SPLITS}
    size = sum(path.stat().st_size for path in Path("out/one").rglob("*") if path.is_file())
    told = f"{counts['train']} train, {counts['val']} val, {counts['test']} test triplets"
    assert (first.exit_code, first.stdout) == (0, f"{told} in out/one, {size / 1e6:.1f} MB.\n")
    assert json.loads(Path("out/one", RECORD).read_text()) == {"form": form, "triplets": counts}
    assert second.exit_code == 0
    assert hashes(Path("out/one")) == hashes(Path("out/two"))
    assert {path.name for path in Path("out").iterdir()} == {"one", "two"}


def test_ids_are_the_table_s_rows_and_every_photo_once(mixed):
    assert write("out", "--form", "ids").exit_code == 0
    stored = PixelStore.open(*STORES)
    for split, name in NAMES.items():
        some = mixed.take(mixed.split == split)
        rows = rows_of(f"out/triplets/{name}-*.parquet")
        assert [tuple(row[f"{pair}_id"] for pair in PAIRS) for row in rows] == of(mixed, split)
        for column in ("kind", "positive_distance", "negative_distance"):
            assert [row[column] for row in rows] == getattr(some, column).tolist()
        photos = rows_of(f"out/photos/{name}-*.parquet")
        assert [row["image_id"] for row in photos] == sorted({one for ids in of(mixed, split) for one in ids})
        assert all(row["image"] == {"bytes": stored.encoded(row["image_id"]), "path": None} for row in photos)


def test_images_are_the_photos_of_the_table_s_rows(mixed):
    assert write("out", "--form", "images").exit_code == 0
    stored = PixelStore.open(*STORES)
    for split, name in NAMES.items():
        rows = rows_of(f"out/triplets/{name}-*.parquet")
        assert [list(row) for row in rows] == [list(PAIRS)] * len(of(mixed, split))
        for row, ids in zip(rows, of(mixed, split), strict=True):
            assert [row[pair]["bytes"] for pair in PAIRS] == [stored.encoded(image_id) for image_id in ids]


def test_rows_point_into_the_photos_of_the_split(mixed):
    assert write("out", "--form", "rows").exit_code == 0
    for split in SPLITS:
        with np.load(f"out/{split}.npz") as file:
            image_id, *columns = (file[name] for name in ("image_id", *PAIRS))
        assert [column.dtype for column in columns] == [np.int64] * 3
        assert all(first < second for first, second in pairwise(image_id))
        assert [tuple(image_id[row] for row in rows) for rows in zip(*columns, strict=True)] == of(mixed, split)


def test_paths_are_the_lines_of_the_mix_in_the_table_s_order(mixed):
    assert write("out", "--form", "paths").exit_code == 0
    for split in SPLITS:
        with Path(f"out/{split}.csv").open(newline="") as file, (MIXED / f"{split}.csv").open(newline="") as mix:
            lines = list(csv.reader(file))
            assert sorted(lines) == sorted(csv.reader(mix))
        names = [tuple(path.removeprefix("photos/").removesuffix(", front.jpg") for path in line) for line in lines]
        assert names == of(mixed, split)


@pytest.mark.parametrize("form", ["ids", "images"])
def test_large_splits_are_cut_into_row_groups_and_files(mixed, monkeypatch, form):
    assert write("whole", "--form", form).exit_code == 0
    monkeypatch.setattr(hugging_face, "_PHOTO_ROWS", 7)
    monkeypatch.setattr(hugging_face, "_ROWS", 11)
    monkeypatch.setattr(hugging_face, "_SHARD", 1000)
    assert write("cut", "--form", form).exit_code == 0
    for folder in sorted(path.name for path in Path("whole").iterdir() if path.is_dir()):
        for name in NAMES.values():
            files = sorted(Path(f"cut/{folder}").glob(f"{name}-*.parquet"))
            assert [path.name for path in files] == [f"{name}-{number:05}.parquet" for number in range(len(files))]
            assert len(files) > 1
            assert all(pq.read_metadata(path).row_group(0).num_rows <= 11 for path in files)
            assert all(pq.read_metadata(path).num_rows > 0 for path in files)
            assert rows_of(f"cut/{folder}/{name}-*.parquet") == rows_of(f"whole/{folder}/{name}-*.parquet")


def test_a_photo_that_triplets_of_a_row_group_share_is_stored_once(mixed):
    photos = sorted({*mixed.negative_id})[:52]
    noise = np.random.default_rng(1).bytes  # what no compression makes smaller
    write_store(Path("store.arrow"), [(image_id, noise(40_000)) for image_id in photos])
    values = {name: getattr(mixed, name)[0] for name in Triplets.columns()}
    named = ({"query_id": query, "negative_id": other} for query in photos[:2] for other in photos[2:])
    some = Triplets.from_rows(values | {"positive_id": photos[2], "split": "train"} | ids for ids in named)
    hugging_face.write_images(Path("out"), some, PixelStore.open(Path("store.arrow")))
    written = 2 + 1 + 50  # of the three columns' 300
    assert written * 40_000 < Path("out/triplets/train-00000.parquet").stat().st_size < (written + 1) * 40_000


@pytest.mark.parametrize(("form", "files"), [("ids", "photos/*.parquet"), ("images", "triplets/*.parquet")])
def test_the_columns_of_photos_are_named_as_such(mixed, form, files):
    assert write("out", "--form", form).exit_code == 0
    for path in Path("out").glob(files):
        schema = pq.read_schema(path)
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        images = [name for name in schema.names if features[name] == {"_type": "Image"}]
        assert images == [name for name in schema.names if name != "image_id"]


def test_a_split_without_triplets(mixed):
    mixed.take(mixed.split != "val").write(MIXED / TRIPLETS)
    for form in FORMS:
        assert write(f"out/{form}", "--form", form).exit_code == 0
    for form in ("ids", "images"):
        assert not list(Path("out", form).rglob("validation*"))
        head = YAML(typ="safe").load(Path("out", form, "README.md").read_text().split("---\n")[1])
        for configuration in head["configs"]:
            assert [files["split"] for files in configuration["data_files"]] == ["train", "test"]
            assert all(list(Path("out", form).glob(files["path"])) for files in configuration["data_files"])
    assert Path("out/paths/val.csv").read_bytes() == b""
    with np.load("out/rows/val.npz") as file:
        assert {name: file[name].shape for name in file} == dict.fromkeys(("image_id", *PAIRS), (0,))


@pytest.mark.parametrize("form", ["ids", "images"])
def test_a_missing_photo_leaves_nothing_or_the_earlier_export(mixed, form):
    assert write("earlier", "--form", "rows").exit_code == 0
    before = hashes(Path("earlier"))
    lost = mixed.negative_id[mixed.split == "test"][0]  # the last split: others are written by then
    for path in STORES:
        store = PixelStore.open(path)
        ids = Catalog.read(path.with_name(TABLE)).image_id
        write_store(path, [(one, store.encoded(one)) for one in ids if one != lost])
    for words in (["new"], ["earlier", "--replace"]):
        result = write(*words, "--form", form)
        assert (result.exit_code, result.stderr) == (1, f"Error: no pixels for the image {lost}. Run dvc repro.\n")
    assert hashes(Path("earlier")) == before
    assert {path.name for path in Path().iterdir()} == {"data", "params.yaml", "earlier"}


def test_an_earlier_export_is_replaced_only_when_asked(mixed):
    assert write("out", "--form", "paths").exit_code == 0
    before = hashes(Path("out"))
    result = write("out", "--form", "rows")
    told = "Error: out holds an export. Use --replace to delete and replace it, or name another folder.\n"
    assert (result.exit_code, result.stderr) == (1, told)
    assert hashes(Path("out")) == before
    assert write("out", "--form", "rows", "--replace").exit_code == 0
    assert set(hashes(Path("out"))) == {RECORD, "train.npz", "val.npz", "test.npz"}


@pytest.mark.parametrize("words", [[], ["--replace"]])
@pytest.mark.parametrize("name", ["data", "params.yaml", "."])
def test_what_is_no_export_is_never_replaced(mixed, name, words):
    before = hashes(Path())
    result = write(name, "--form", "rows", *words)
    told = f"Error: {name} exists and is no export: it has no {RECORD}. Name another folder.\n"
    assert (result.exit_code, result.stderr) == (1, told)
    assert hashes(Path()) == before


def test_an_empty_folder_is_as_good_as_none(mixed):
    Path("out").mkdir()
    assert write("out", "--form", "rows").exit_code == 0


def test_without_a_mix_it_says_what_to_run(mixed):
    (MIXED / TRIPLETS).unlink()
    result = write("out", "--form", "rows")
    told = f"Error: {MIXED / TRIPLETS} does not exist. Run the stage that writes it: dvc repro.\n"
    assert (result.exit_code, result.stderr) == (1, told)


def test_there_is_no_other_form(mixed):
    with pytest.raises(ValueError, match=r"^csv$"):
        export(Path("out"), "csv", mixed, None, None)
    assert not Path("out").exists()


def test_numbered_is_what_a_loop_finds(mixed):
    some = mixed.take(mixed.split == "train")
    ids, rows = numbered(some)
    triplets = of(mixed, "train")
    expected = sorted({image_id for triplet in triplets for image_id in triplet})
    assert ids.tolist() == expected
    assert rows.T.tolist() == [[expected.index(image_id) for image_id in triplet] for triplet in triplets]
