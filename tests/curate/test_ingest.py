"""`curate ingest` from end to end: one planted fault per photo, exact counts, one-line errors."""

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from small_shop import HEADER, OUT, PARAMS, good, open_shop, photo, row, run, write_table, written

from core.decoding import decode
from core.images import PixelStore, shrink
from core.params import load
from core.tables import Catalog
from curate.ingest import locate, read_rows
from curate.params import FetchParams, IngestParams
from curate.places.roots import open_root

CLOTHING = Path(__file__).parents[3] / "shared" / "datasets" / "clothing"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder with twelve good photos of four products, and their table."""
    monkeypatch.chdir(tmp_path)
    return open_shop()


def plant(rows):
    """One fault per row, after good rows; the expected reason per row number."""
    photos = Path("photos")
    noise = photo(99)
    (photos / "cut.png").write_bytes(noise[: len(noise) // 2])
    (photos / "text.png").write_text("<html>gone</html>")
    (photos / "empty.png").touch()
    Image.new("RGB", (40, 40), "navy").save(photos / "plain.png")
    Image.fromarray(np.random.default_rng(4).random((40, 40), np.float32)).save(photos / "float.png", "TIFF")
    (photos / "heavy.png").write_bytes(photo(5) + bytes(20_000))
    (photos / "big.png").write_bytes(photo(1, 80, 80))
    (photos / "thin.png").write_bytes(photo(2, 40, 9))
    (photos / "folder.png").mkdir()
    Path("outside.png").write_bytes(photo(3))
    (photos / "link.png").symlink_to(Path("outside.png").absolute())
    planted = [
        (row("cut"), "truncated"),
        (row("text"), "not_an_image"),
        (row("empty"), "zero_size"),
        (row("plain"), "flat"),
        (row("float"), "unsupported_mode"),
        (row("heavy"), "too_large"),
        (row("big"), "too_large"),
        (row("thin"), "too_small"),
        (row("folder"), "missing_file"),
        (row("gone"), "missing_file"),
        (row("../outside"), "outside_root"),
        (row(str(Path("outside").absolute())), "outside_root"),
        (row("link"), "outside_root"),
        (row("p00"), "duplicate_key"),
        (row("./p01"), "duplicate_key"),
        (rows[2], "repeated_row"),
        (row("p02", sex=" "), "empty_value"),
        (row("p02", kind=""), "empty_value"),
        (row("p02", sku=""), "empty_value"),
        (row(""), "empty_value"),
        (("p03", "s"), "malformed_row"),
        (row("p03", kind="Skip"), "excluded"),
        (row("gone", kind=" Skip "), "excluded"),
    ]
    write_table([*rows, *(fault for fault, _ in planted)])
    return {len(rows) + number: reason for number, (_, reason) in enumerate(planted, 1)}


def test_every_planted_fault_is_found_once(shop):
    expected = plant(shop)
    table, rejected = good(run(max_rejected=0.7, exclude={"kind": ["Skip"]}))
    assert dict(zip(rejected.row.tolist(), rejected.reason.tolist(), strict=True)) == expected
    assert set(rejected.source) == {"table.csv"}
    report = json.loads((OUT / "report.json").read_text())
    assert report["rejected"] == dict(Counter(expected.values()))
    assert (report["rows"], report["accepted"]) == (12 + len(expected), 12)
    assert table.image_id.tolist() == sorted(table.image_id, key=lambda name: (int(name[1:3]) % 2 == 0, name))


def test_a_row_without_a_file_claims_no_id(shop):
    write_table([row("gone", "s1"), row("p00", "s1"), row("p01", "s1")])
    table, rejected = good(run(columns={"image_id": "sku"}, max_rejected=0.9))
    assert table.path.tolist() == ["photos/p00.png"]
    assert rejected.reason.tolist() == ["missing_file", "duplicate_key"]
    assert rejected.detail.tolist() == ["no such file", "row 2 has s1 too, with another path"]


def test_details_tell_what_is_wrong(shop):
    plant(shop)
    _, rejected = good(run(max_rejected=0.7, exclude={"kind": ["Skip"]}))
    rows = zip(rejected.path, rejected.reason, rejected.detail, strict=True)
    of = {(path, reason): detail for path, reason, detail in rows}
    assert of["big.png", "too_large"] == "80 x 80 pixels, at most 5000"
    assert of["thin.png", "too_small"] == "40 x 9 pixels, each side at least 10"
    assert of["p00.png", "duplicate_key"] == "row 1 has p00.png too, with another product_id, attributes"
    assert of["../outside.png", "outside_root"] == "leads to a folder above the image root"
    assert of["p03.png", "excluded"] == "kind is Skip"
    assert of[None, "malformed_row"] == "not 6 fields, as the header has"


def test_the_catalog_says_what_the_table_and_the_photos_say(shop):
    table, rejected = good(run())
    assert len(rejected) == 0
    assert table.partition.tolist() == ["men/shoes"] * 6 + ["women/tops"] * 6
    place = table.image_id.tolist().index("p02.png")
    assert table.path[place] == "photos/p02.png"
    assert table.product_id[place] == "sku2"
    assert (table.gender[place], table.category[place], table.domain[place]) == ("women", "tops", "catalog")
    assert table.pattern.tolist().count(None) == 11
    assert table.pattern[place] == "striped"
    # An empty cell is no attribute.
    assert table.attributes[place] == {"colour": "red", "print": "striped"}
    assert table.attributes[0] == {"colour": "red"}
    assert (table.width[place], table.height[place]) == (40, 30)
    assert table.content_hash[place] == hashlib.sha256(Path("photos/p02.png").read_bytes()).hexdigest()


def test_the_store_is_in_catalog_order_and_holds_the_shrunk_photos(shop):
    table, _ = good(run())
    with pa.memory_map(str(OUT / "images.arrow")) as file:
        assert pa.ipc.open_file(file).read_all()["image_id"].to_pylist() == table.image_id.tolist()
    store = PixelStore.open(OUT / "images.arrow")
    for image_id, path in zip(table.image_id, table.path, strict=True):
        wanted = shrink(decode(Path(path).read_bytes(), max_pixels=5000).pixels, 24)
        np.testing.assert_array_equal(store[image_id], wanted)
        assert wanted.shape == (18, 24, 3)


def test_no_product_and_no_copy_stands_in_two_splits(shop):
    write_table([row(f"p{number:02d}", f"sku{number}") for number in range(12)])
    for number in (3, 7):
        Path(f"photos/p{number:02d}.png").write_bytes(photo(0))
    table, _ = good(run())
    copies = [table.image_id.tolist().index(f"p{number:02d}.png") for number in (0, 3, 7)]
    assert len(set(table.duplicate_group[copies])) == len(set(table.split[copies])) == 1
    assert len(set(table.duplicate_group)) == 10
    assert json.loads((OUT / "report.json").read_text())["exact_copies"] == 2


def test_two_runs_and_two_workers_give_the_same_bytes(shop, monkeypatch):
    monkeypatch.setattr("curate.reading._FEW", 0)
    monkeypatch.setattr("curate.reading._PER_TASK", 4)
    plant(shop)
    files = []
    for workers in (1, 1, 2):
        shutil.rmtree("data/cache", ignore_errors=True)
        good(run(workers, max_rejected=0.7, exclude={"kind": ["Skip"]}))
        files.append(written())
    assert files[0] == files[1] == files[2]
    assert sorted(files[0]) == [
        *("catalog.parquet", "images.arrow", "measures.parquet", "rejected.parquet", "report.json")
    ]


def test_ids_renames_and_paths_of_several_columns(shop):
    Path("photos/sku1").mkdir()
    Path("photos/sku1/0007.png").write_bytes(photo(50))
    write_table([("7", "sku1", " W ", "tops", " dotted ", "")])
    columns = {"image_id": "file", "product_id": None, "path": "{sku}/{file:0>4}.png", "attributes": ["sex"]}
    table, _ = good(run(columns=columns, rename={"sex": {"W": "women"}, "sku": {"sku1": "other"}}))
    assert (table.image_id[0], table.product_id[0], table.path[0]) == ("7", "7", "photos/sku1/0007.png")
    assert (table.gender[0], table.pattern[0], table.attributes[0]) == ("women", "dotted", {"sex": "women"})


def test_parquet_gives_the_same_catalog_as_csv(shop):
    from_csv, _ = good(run())
    columns = {name: [one[place] or None for one in shop] for place, name in enumerate(HEADER)}
    pq.write_table(pa.table(columns), "table.parquet")
    from_parquet, _ = good(run(table="table.parquet"))
    for name in Catalog.columns():
        assert getattr(from_csv, name).tolist() == getattr(from_parquet, name).tolist()


def test_booleans_of_parquet_are_renamed_as_text(shop):
    names = [one[0] for one in shop]
    table = {"file": names, "kids": [True, False] * 6, "kind": ["tops"] * 12}
    pq.write_table(pa.table(table), "table.parquet")
    columns = {"product_id": None, "gender": "kids", "pattern": None, "attributes": []}
    read, _ = good(run(table="table.parquet", columns=columns, rename={"kids": {"True": "kids", "False": "adults"}}))
    assert Counter(read.gender) == {"kids": 6, "adults": 6}


def test_the_console_says_what_happened(shop):
    lines = run().output.splitlines()
    assert lines[0] == "12 photos: 12 accepted, 0 rejected"
    assert lines[1] == "4 products, 2 partitions, 0 exact copies, 0 near copies"
    assert lines[-1] == f"written to {OUT}"
    assert "seconds" not in (OUT / "report.json").read_text()


ERRORS = {
    "no table": (
        {"table": "none.csv"},
        "none.csv does not exist. Make it, or mend curate.ingest.table.",
    ),
    "no images": (
        {"images": "nowhere"},
        "the image root nowhere does not exist. Make it, or mend images in params.yaml.",
    ),
    "unknown column": (
        {"columns": {"category": "Kind"}},
        "curate.ingest.columns.category names the column 'Kind', but table.csv has"
        " file, sku, sex, kind, print, colour. Name one of these.",
    ),
    "unknown path column": (
        {"columns": {"path": "{image}.png"}},
        "curate.ingest.columns.path.image names the column 'image', but table.csv has"
        " file, sku, sex, kind, print, colour. Name one of these.",
    ),
    "unknown renamed column": (
        {"rename": {"gender": {}}},
        "curate.ingest.rename.gender names the column 'gender', but table.csv has"
        " file, sku, sex, kind, print, colour. Name one of these.",
    ),
    "unknown excluded column": (
        {"exclude": {"label": ["Skip"]}},
        "curate.ingest.exclude.label names the column 'label', but table.csv has"
        " file, sku, sex, kind, print, colour. Name one of these.",
    ),
    "malformed path": (
        {"columns": {"path": "{file"}},
        "curate.ingest.columns.path is malformed: expected '}' before end of string. Received: '{file'",
    ),
    "path without a column": (
        {"columns": {"path": "file"}},
        "params.yaml: curate.ingest.columns: path must name a column in braces, such as {image}. Received: 'file'",
    ),
    "impossible share": (
        {"max_rejected": 5},
        "params.yaml: curate.ingest.max_rejected: Input should be less than or equal to 1. Received: 5. Change it.",
    ),
    "too many missing": (
        {"columns": {"path": "{sku}/{file}.png"}, "max_rejected": 0.05},
        "none of the 12 photos can be used (missing_file 12). See data/cache/rejected.csv;"
        " check what curate.ingest names.",
    ),
    "all excluded": (
        {"exclude": {"kind": ["tops", "shoes"]}},
        "none of the 12 photos can be used (excluded 12). See data/cache/rejected.csv; check what curate.ingest names.",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_bad_input_is_one_line_and_changes_nothing(shop, name):
    good(run())
    before = written()
    change, message = ERRORS[name]
    done = run(**change)
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"Error: {message}\n")
    assert written() == before
    assert [path.name for path in OUT.parent.iterdir()] == ["catalog"]


def test_an_empty_table_is_one_line(shop):
    write_table([])
    done = run()
    assert (done.exit_code, done.stderr) == (1, "Error: table.csv has no rows. Fill it, or mend curate.ingest.table.\n")
    assert not OUT.exists()


def test_a_partition_whose_photos_are_all_damaged_is_named_and_the_rest_is_there(shop):
    for name in ("cut-1", "cut-2"):
        noise = photo(99)
        Path(f"photos/{name}.png").write_bytes(noise[: len(noise) // 2])
    write_table([*shop, row("cut-1", "d", kind="hats"), row("cut-2", "e", kind="hats")])
    done = run(max_rejected=0.2)
    table, rejected = good(done)
    assert "no photo is left of women/hats, 2 read\n" in done.stdout
    assert json.loads((OUT / "report.json").read_text())["lost"] == {"women/hats": 2}
    assert (len(table), len(rejected)) == (12, 2)
    write_table(shop)
    assert "no photo is left" not in run().stdout


def test_too_many_rejected_rows_are_counted_after_the_photos_are_read(shop):
    good(run())
    before = (OUT / "catalog.parquet").read_bytes()
    Path("photos/p03.png").write_bytes(b"garbage")
    Path("photos/p05.png").write_bytes(photo(5)[:900])
    done = run(max_rejected=0.1)
    assert done.exit_code == 1
    assert done.stderr == (
        "Error: 2 of 12 photos rejected (not_an_image 1, truncated 1), at most 0.1 allowed. The first is row 4:"
        " p03.png, not_an_image, 7 bytes of no known image format. See data/cache/rejected.csv;"
        " mend or exclude them, or raise curate.ingest.max_rejected.\n"
    )
    assert (OUT / "catalog.parquet").read_bytes() == before
    assert [path.name for path in OUT.parent.iterdir()] == ["catalog"]
    # The limit itself is allowed.
    assert run(max_rejected=2 / 12).exit_code == 0


@pytest.fixture
def clothing(monkeypatch):
    """The parameters of a real catalog; 141 of its rows are of no category."""
    if not CLOTHING.is_dir():
        pytest.skip("the clothing catalog is not on this machine")
    sizes = {"min_side": 32, "max_pixels": 50_000_000, "max_bytes": 10**7, "min_range": 8, "largest_side": 96}
    monkeypatch.setitem(PARAMS, "photos", sizes | {"quality": 95})
    columns = {"product_id": None, "path": "{image}.jpg", "gender": "kids", "category": "label", "pattern": None}
    return {
        "columns": PARAMS["ingest"]["columns"] | columns | {"attributes": ["label"]},
        "table": (CLOTHING / "images.csv").as_posix(),
        "images": (CLOTHING / "images").as_posix(),
        "rename": {"kids": {"True": "kids", "False": "adults"}},
        "exclude": {"label": ["Not sure", "Skip", "Other"]},
        "max_rejected": 0.05,
        "delimiter": None,
        "derive": {},
    }


def test_a_real_catalog(tmp_path, monkeypatch, clothing):
    monkeypatch.chdir(tmp_path)
    table, rejected = good(run(2, **clothing))
    assert len(table) + len(rejected) == 2248
    assert Counter(rejected.reason) == {"excluded": 141}
    assert set(table.gender) == {"kids", "adults"}
    assert Path(table.path[0]).is_file()


def test_exclusion_comes_before_every_fault(tmp_path, monkeypatch, clothing):
    # The two rows without a photo are labelled Skip.
    monkeypatch.chdir(tmp_path)
    changed = clothing | {"exclude": {"label": ["Not sure", "Other"]}}
    Path("params.yaml").write_text(json.dumps({"ingest": changed}))
    rows, candidates, faults = read_rows(load(Path("params.yaml"), "ingest", IngestParams))
    assert len(candidates) + len(faults) == rows == 2248
    root = open_root(changed["images"], FetchParams(connections=1, retries=0, timeout=1.0), 10**7, tmp_path)
    faults += locate(candidates, root)[1]
    assert Counter(str(fault.reason) for fault in faults) == {"excluded": 135, "missing_file": 2}
