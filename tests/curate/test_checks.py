"""The checks that need no pixels, and the sources as plain strings."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import InputError, PhotoError, TableError
from curate.checks import Fault, Reason, check_share, check_total, count, locate, spell
from curate.photos import Box
from curate.sources import Source


@pytest.fixture
def root(tmp_path):
    """An image root with one photo, and links out of it, within it and in a loop."""
    folder = tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "in.jpg").touch()
    (tmp_path / "out.jpg").touch()
    (folder / "link-out.jpg").symlink_to(tmp_path / "out.jpg")
    (folder / "link-in.jpg").symlink_to("sub/in.jpg")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "loop.jpg").symlink_to("loop.jpg")
    return folder.resolve()


@pytest.mark.parametrize("path", ["sub/in.jpg", "./sub/in.jpg", "sub/../sub/in.jpg", "link-in.jpg"])
def test_a_path_below_the_root_is_found(root, path):
    assert locate(root, path) == root / "sub/in.jpg"


@pytest.mark.parametrize(
    ("path", "reason", "detail"),
    [
        ("../out.jpg", "outside_root", "leads to a folder above the image root"),
        ("../none.jpg", "outside_root", "leads to a folder above the image root"),
        ("/etc/hosts", "outside_root", "leads to an absolute path"),
        ("link-out.jpg", "outside_root", "leads to out.jpg, by a symbolic link"),
        ("linked/out.jpg", "outside_root", "leads to out.jpg, by a symbolic link"),
        ("none.jpg", "missing_file", "no such file"),
        ("sub", "missing_file", "a folder, not a file"),
        ("sub/in.jpg/deeper", "missing_file", "no such file"),
        ("nul\0.jpg", "missing_file", "ValueError: no usable path"),
        ("x" * 5000, "missing_file", "OSError: no usable path"),
        ("loop.jpg", "missing_file", "RuntimeError: no usable path"),
    ],
)
def test_any_other_path_has_a_reason(root, path, reason, detail):
    with pytest.raises(PhotoError) as error:
        locate(root, path)
    assert (error.value.reason, error.value.detail) == (reason, detail)


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        (Box(2, 3, 4, 5), (2, 3, 4, 5)),
        (Box(-2, -3, 5, 5), (0, 0, 3, 2)),
        (Box(8, 18, 50, 50), (8, 18, 2, 2)),
        (Box(-9, -9, 99, 99), (0, 0, 10, 20)),
    ],
)
def test_a_box_is_clipped(box, clipped):
    assert box.clip(10, 20) == clipped


@pytest.mark.parametrize(
    "box", [Box(10, 0, 5, 5), Box(0, 20, 5, 5), Box(-5, 0, 5, 5), Box(3, 3, 0, 4), Box(3, 3, 4, -1)]
)
def test_a_box_off_the_photo_is_bad(box):
    with pytest.raises(PhotoError) as error:
        box.clip(10, 20)
    assert error.value.reason == "bad_box"


def faults(*reasons):
    return [Fault("t.csv", row, f"{row}.jpg", Reason(reason), "why") for row, reason in enumerate(reasons, 3)]


def test_counts_follow_the_closed_list():
    counts = count(faults("truncated", "missing_file", "truncated"))
    assert list(counts.items()) == [("missing_file", 1), ("truncated", 2)]
    assert spell(counts) == "missing_file 1, truncated 2"
    with pytest.raises(ValueError, match="'blurry' is not a valid Reason"):
        faults("blurry")


def test_the_share_of_rejected_rows_is_limited_without_the_excluded_ones():
    check_share(faults("truncated", "excluded", "excluded"), 12, 0.1)
    with pytest.raises(InputError) as error:
        check_share(faults("excluded", "truncated", "missing_file"), 12, 0.17)
    assert str(error.value) == (
        "2 of 11 rows rejected (missing_file 1, truncated 1), at most 0.17 allowed. The first is row 4: 4.jpg,"
        " truncated, why. Mend or exclude them, or raise curate.ingest.max_rejected."
    )


def test_some_row_must_be_left():
    with pytest.raises(InputError) as error:
        check_share(faults("excluded", "truncated"), 2, 1)
    assert str(error.value) == (
        "none of the 2 rows can be used (excluded 1, truncated 1). Check columns, exclude and images in curate.ingest."
    )


def test_a_lost_row_is_a_bug():
    check_total(3, 2, 1)
    with pytest.raises(TableError, match="3 rows were read, but 1 accepted and 1 rejected"):
        check_total(3, 1, 1)


def rows(path, columns=("a", "b")):
    return list(Source(path).rows(columns))


def test_csv_with_every_quirk(tmp_path):
    path = tmp_path / "t.CSV"
    path.write_bytes('\ufeffa,b\r\n1,"two\nlines, and ""quotes"""\r\n\r\nTrue,\r\nshort\r\n1,2,3\r\nü,NA\r\n'.encode())
    assert rows(path) == [
        {"a": "1", "b": 'two\nlines, and "quotes"'},
        {"a": "True", "b": ""},
        None,
        None,
        {"a": "ü", "b": "NA"},
    ]


def test_parquet_values_become_text(tmp_path):
    table = pa.table(
        {
            "a": pa.array([True, False, None]),
            "b": pa.array([1, None, 3]),
            "c": pa.array([1.5, float("nan"), None]),
            "d": pa.array(["x", None, "x"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    assert rows(tmp_path / "t.parquet", ["d", "c", "b", "a"]) == [
        {"a": "True", "b": "1", "c": "1.5", "d": "x"},
        {"a": "False", "b": "", "c": "", "d": ""},
        {"a": "", "b": "3", "c": "", "d": "x"},
    ]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.xlsx", b"", "t.xlsx must end in .csv or .parquet. Convert it, or mend curate.ingest.table."),
        ("t.csv", None, "t.csv does not exist. Make it, or mend curate.ingest.table."),
        ("t.csv", b"", "t.csv has no header line. Give it column names."),
        ("t.csv", b"a,b,a\n", "t.csv has the column a twice. Rename one."),
        ("t.csv", b'a,b\n1,2\n1,"open\n', "t.csv, line 3: unexpected end of data. Mend its quotes."),
        ("t.csv", "a,b\n1,größe\n".encode("latin-1"), "t.csv is not UTF-8: invalid start byte. Save it as UTF-8."),
    ],
)
def test_a_bad_source_is_one_line(tmp_path, monkeypatch, name, data, message):
    monkeypatch.chdir(tmp_path)
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as error:
        rows((tmp_path / name).relative_to(tmp_path))
    assert str(error.value) == message


@pytest.mark.parametrize("cut", [0, 60])
def test_damaged_parquet_is_an_input_error(tmp_path, cut):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": ["x"], "b": ["y"]}), path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match="is not a Parquet file: "):
        rows(path)
