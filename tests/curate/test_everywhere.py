"""The same catalog from every kind of table and every kind of place gives the same photos, ids and splits."""

import csv
import json
import os
import shutil
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from small_shop import HEADER, OUT, PARAMS, good, open_shop, run

from core.tables import Catalog, Measures

CLOTHING = Path(__file__).parents[3] / "shared" / "datasets" / "clothing"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing."""

    def log_message(self, *words):
        pass


@contextmanager
def served(folder):
    """The address at which the files of `folder` are."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return open_shop()


def objects(rows):
    return [dict(zip(HEADER, row, strict=True)) for row in rows]


def semicolons(rows):
    with Path("table.csv").open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=";").writerows([HEADER, *rows])
    return {}


def tabs_in_utf16(rows):
    lines = ["\t".join(row) for row in (HEADER, *rows)]
    Path("table.tsv").write_text("\n".join(lines) + "\n", encoding="utf-16")
    return {"table": "table.tsv"}


def json_lines(rows):
    Path("table.jsonl").write_text("".join(json.dumps(one) + "\n" for one in objects(rows)))
    return {"table": "table.jsonl"}


def parquet(rows):
    pq.write_table(pa.Table.from_pylist(objects(rows)), "table.parquet")
    return {"table": "table.parquet"}


def in_zip():
    with zipfile.ZipFile("photos.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(Path("photos").iterdir()):
            archive.write(path, path.name)
    return {"images": "photos.zip"}


def in_tar():
    with tarfile.open("photos.tar", "w") as archive:
        archive.add("photos", arcname=".")
    return {"images": "photos.tar"}


@pytest.mark.parametrize("table", [semicolons, tabs_in_utf16, json_lines, parquet])
@pytest.mark.parametrize("place", [dict, in_zip, in_tar])
def test_tables_and_places(shop, table, place):
    wanted, _ = good(run())
    found, rejected = good(run(workers=2, **table(shop), **place()))
    assert len(rejected) == 0
    assert_alike(found, wanted)


def assert_alike(found, wanted, but=("path",)):
    for name in set(Catalog.columns()) - set(but):
        assert getattr(found, name).tolist() == getattr(wanted, name).tolist(), name


def test_addresses(shop):
    wanted, _ = good(run(columns={"image_id": "file"}))
    with served("photos") as address:
        columns = {"image_id": "file", "path": address + "/{file}.png"}
        found, _ = good(run(workers=2, columns=columns, images="photos"))
        assert found.path[0] == f"{address}/{found.image_id[0]}.png"
    assert_alike(found, wanted)
    # What has been fetched needs no server.
    again, _ = good(run(columns=columns, images="photos"))
    assert_alike(again, found, but=())
    dead = columns | {"path": address + "/more/{file}.png"}
    done = run(columns=dead)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: none of the 12 photos can be used (not_fetched 12). See data/cache/rejected")


@pytest.mark.parametrize("listed", [True, False])
def test_several_photos_of_a_product_in_one_row(shop, listed):
    """The rows of a product become one row."""
    products = {}
    for one in objects(shop):
        products.setdefault(one["sku"], one | {"file": []})["file"].append(one["file"])
    rows = [one if listed else one | {"file": "|".join(one["file"])} for one in products.values()]
    Path("table.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    columns = {"separator": None if listed else "|"}
    found, _ = good(run(table="table.jsonl", columns=columns))
    wanted, _ = good(run())
    assert_alike(found, wanted, but=("path", "pattern", "attributes"))
    assert json.loads((OUT / "report.json").read_text())["rows"] == 12


def test_a_replaced_archive_is_read_again(shop):
    """Another archive with the same names, sizes and times: only its own identity tells."""
    for number in range(12):
        Image.fromarray(photo_pixels(number)).save(f"photos/p{number:02d}.png", "BMP")
        os.utime(f"photos/p{number:02d}.png", (1, 1))
    good(run(**in_tar()))
    first = (OUT / "images.arrow").read_bytes()
    for number in range(12):
        Image.fromarray(photo_pixels(50 + number)).save(f"photos/p{number:02d}.png", "BMP")
        os.utime(f"photos/p{number:02d}.png", (1, 1))
    was = Path("photos.tar").stat()
    in_tar()
    os.utime("photos.tar", ns=(was.st_atime_ns, was.st_mtime_ns))
    good(run(images="photos.tar"))
    second = (OUT / "images.arrow").read_bytes()
    assert Path("photos.tar").stat().st_size == was.st_size
    shutil.rmtree("data")
    good(run(images="photos.tar"))
    assert (OUT / "images.arrow").read_bytes() == second != first


def photo_pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, (30, 40, 3), np.uint8)


def test_a_slash_in_a_gender_is_refused(shop):
    rows = [dict(zip(HEADER, row, strict=True)) for row in shop]
    rows[0]["sex"] = "women/girls"
    Path("table.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    _, rejected = good(run(table="table.jsonl", max_rejected=0.5))
    assert rejected.detail.tolist() == ["gender, column sex, has a slash; rename women/girls"]


def test_derived_columns(shop):
    derive = {
        "sex": {"constant": "women"},
        "lowered": {"lower": "kind"},
        "key": {"join": ["colour", "sku"], "by": "/"},
    }
    header = [name for name in HEADER if name != "sex"]
    rows = [[one[name].title() if name == "kind" else one[name] for name in header] for one in objects(shop)]
    with Path("table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    found, _ = good(run(derive=derive, columns={"category": "lowered", "product_id": "key"}))
    assert set(found.gender) == {"women"}
    assert set(found.category) == {"tops", "shoes"}
    assert set(found.product_id) == {f"red/sku{number}" for number in range(4)}


def test_senders_of_a_real_catalog_keep_to_one_split(tmp_path, monkeypatch):
    if not CLOTHING.is_dir():
        pytest.skip("the clothing catalog is not on this machine")
    monkeypatch.chdir(tmp_path)
    sizes = {"min_side": 32, "max_pixels": 50_000_000, "max_bytes": 10**7, "min_range": 8, "largest_side": 96}
    monkeypatch.setitem(PARAMS, "photos", sizes | {"quality": 95})
    columns = {"product_id": None, "path": "{image}.jpg", "gender": "kids", "category": "label", "pattern": None}
    table, _ = good(
        run(
            2,
            table=(CLOTHING / "images.csv").as_posix(),
            images=(CLOTHING / "images").as_posix(),
            columns=columns | {"attributes": ["sender_id"], "groups": ["sender_id"]},
            exclude={"label": ["Not sure", "Skip", "Other"]},
        )
    )
    senders = [one["sender_id"] for one in table.attributes]
    splits = {(sender, split) for sender, split in zip(senders, table.split, strict=True) if split != "none"}
    assert len(splits) == len(set(senders)) > 20
    assert {split for _, split in splits} == {"train", "val", "test"}
    assert Measures.read(OUT / "measures.parquet").image_id.tolist() == table.image_id.tolist()
