"""Any table as rows of text: every format with its quirks, exact one-line errors, and bytes of no format at all."""

import csv
import io
import json
import time
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import InputError
from curate.rows.text_tables import lines
from curate.sources import Source

ENDINGS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet")


def rows(path, columns=("a", "b"), delimiter=None):
    return list(Source(path, delimiter).rows(columns))


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_csv_with_every_quirk(tmp_path):
    text = '\ufeffa,b\r\n1,"two\nlines, and ""quotes"""\r\n\r\nTrue,\r\nshort\r\n1,2,3\r\nü,NA\r\n'
    assert rows(written(tmp_path / "t.CSV", text)) == [
        {"a": "1", "b": 'two\nlines, and "quotes"'},
        {"a": "True", "b": ""},
        None,
        None,
        {"a": "ü", "b": "NA"},
    ]


def test_a_malformed_line_says_what_the_header_has(tmp_path):
    assert Source(written(tmp_path / "t.csv", "a,b,c\n")).malformed == "not 3 fields, as the header has"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "records",
    [
        [["a", "b"]],
        [["a", "b"], ["1,5;x|y\tz", "2"]],
        [["a", "b, and ; and | and \t"], ["1", "2"], ["3", "4"]],
        [["a", "x,y", "b"], ["1", "2", "3"], ["only one"], ["4", "5", "6"]],
    ],
)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_the_delimiter_is_found(tmp_path, mark, records, quoting):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=mark, quoting=quoting).writerows(records)
    source = Source(written(tmp_path / "t.txt", file.getvalue()))
    assert source.columns == records[0]
    whole = [record if len(record) == len(records[0]) else None for record in records[1:]]
    assert [row and list(row.values()) for row in source.rows(source.columns)] == whole


def test_rows_that_fit_tell_the_delimiter_of_an_odd_header(tmp_path):
    # Three fields by the comma, two by the semicolon; only the latter goes on.
    text = "price, net, EUR;name\n12,50;hat\n7,00;shoe\n1,99;belt\n"
    assert rows(written(tmp_path / "t.csv", text), ["name"]) == [{"name": "hat"}, {"name": "shoe"}, {"name": "belt"}]


def test_a_named_delimiter_is_taken(tmp_path):
    path = written(tmp_path / "t.csv", "a:b,c\n1:2,3\n")
    assert rows(path, ["a", "b,c"], ":") == [{"a": "1", "b,c": "2,3"}]
    assert rows(path, ["a:b", "c"]) == [{"a:b": "1:2", "c": "3"}]


def test_tsv_is_parted_by_tabs_unless_another_one_is_named(tmp_path):
    path = written(tmp_path / "t.tsv", "a,b,c\tb\n1,2,3\t4\n")
    assert rows(path, ["b"]) == [{"b": "4"}]
    assert Source(path, ",").columns == ["a", "b", "c\tb"]


def test_one_column_needs_no_delimiter(tmp_path):
    assert rows(written(tmp_path / "t.csv", "a\n1\n2\n"), ["a"]) == [{"a": "1"}, {"a": "2"}]


def test_columns_without_a_name_may_repeat(tmp_path):
    assert rows(written(tmp_path / "t.csv", "a,b,,\n1,2,,\n")) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_byte_order_marks_and_line_ends(tmp_path, encoding, ending):
    bom = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    text = bom + ending.join(["a\tb", "größe 😀\tU+2028: \u2028.", ""])
    assert rows(written(tmp_path / "t.txt", text, encoding)) == [{"a": "größe 😀", "b": "U+2028: \u2028."}]
    text = bom + ending.join(['{"a": "größe 😀", "b": "\u2028"}', ""])
    assert rows(written(tmp_path / "t.jsonl", text, encoding)) == [{"a": "größe 😀", "b": "\u2028"}]


def test_json_lines_with_every_quirk(tmp_path):
    text = [
        '\ufeff{"a": "x", "n": {"deep": 1}}',
        "",
        '{"b": true, "a": null}',
        '{"a": 12345678901234567890123, "b": 1.5}',
        '{"a": NaN, "b": ["x", 2, null, false]}',
        '{"a": [], "b": " ü\\n\\ud83d\\ude00 "}',
        " \t",
        "no JSON",
        "[1, 2]",
        "7",
        '{"a": {"nested": 1}}',
        '{"a": [[1]]}',
        '{"a": [{"x": 1}]}',
        '{"a": "half a character \\ud83d"}',
        '{"a": 1} {"a": 2}',
        "[" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
        '{"a": "cut',
        '{"c": "of other keys"}',
    ]
    source = Source(written(tmp_path / "t.jsonl", "\n".join(text)))
    assert source.columns == ["a", "n", "b", "c"]
    assert source.malformed == "no JSON object, or one with nested values"
    assert list(source.rows(["a", "b"])) == [
        {"a": "x", "b": ""},
        {"a": "", "b": "True"},
        {"a": "12345678901234567890123", "b": "1.5"},
        {"a": "", "b": ["x", "2", "", "False"]},
        {"a": [], "b": " ü\n😀 "},
        *[None] * 11,
        {"a": "", "b": ""},
    ]


def test_parquet_values_become_text(tmp_path):
    table = pa.table(
        {
            "a": pa.array([True, False, None]),
            "b": pa.array([1, None, 3]),
            "c": pa.array([1.5, float("nan"), None]),
            "d": pa.array(["x", None, "x"]).dictionary_encode(),
            "e.f": pa.array([b"text", "größe".encode(), None], pa.binary()),
            "g": pa.array([["x", None], [], None], pa.large_list(pa.string())),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    assert rows(tmp_path / "t.parquet", ["d", "c", "b", "a", "e.f", "g"]) == [
        {"a": "True", "b": "1", "c": "1.5", "d": "x", "e.f": "text", "g": ["x", ""]},
        {"a": "False", "b": "", "c": "", "d": "", "e.f": "größe", "g": []},
        {"a": "", "b": "3", "c": "", "d": "x", "e.f": "", "g": ""},
    ]


def test_nested_parquet_values_are_malformed_where_they_are_read(tmp_path):
    table = pa.table(
        {
            "a": ["x", "y", "z"],
            "struct": [{"s": 1}, None, {"s": 2}],
            "pairs": pa.array([None, [("k", 1)], None], pa.map_(pa.string(), pa.int32())),
            "bytes": [b"\xff", b"fine", b""],
            "deep": [[["x"]], None, []],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    assert rows(tmp_path / "t.parquet", ["a"]) == [{"a": "x"}, {"a": "y"}, {"a": "z"}]
    assert [row is None for row in rows(tmp_path / "t.parquet", ["struct"])] == [True, False, True]
    assert [row is None for row in rows(tmp_path / "t.parquet", ["pairs"])] == [False, True, False]
    assert rows(tmp_path / "t.parquet", ["bytes"]) == [None, {"bytes": "fine"}, {"bytes": ""}]
    assert rows(tmp_path / "t.parquet", ["deep"]) == [None, {"deep": ""}, {"deep": []}]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        (
            "t.xlsx",
            b"",
            "t.xlsx must end in .csv, .tsv, .txt, .jsonl, .ndjson or .parquet."
            " Convert it, or mend curate.ingest.table.",
        ),
        ("t.csv", None, "t.csv does not exist. Make it, or mend curate.ingest.table."),
        ("t.csv", b"", "t.csv has no header line. Give it column names."),
        ("t.csv", b"\n1,2\n", "t.csv has no header line. Give it column names."),
        ("t.csv", b"a,b,a\n", "t.csv has the column a twice. Rename one."),
        ("t.csv", b'"a\n\nx",b,"a\n\nx"\n', "t.csv has the column a x twice. Rename one."),
        ("t.csv", b'a,b\n1,2\n1,"open\n', "t.csv, line 3: unexpected end of data. Mend its quotes."),
        ("t.csv", b'a,b\n1,"x"y\n', "t.csv, line 2: ',' expected after '\"'. Mend its quotes."),
        ("t.csv", "a,b\n1,größe\n".encode("latin-1"), "t.csv is not UTF-8: invalid start byte. Save it as UTF-8."),
        ("t.csv", "a,b\n1,2\n".encode("utf-16-le"), "t.csv, line 1, has a NUL character. Save it as UTF-8."),
        ("t.csv", b"a,b\n1,\0\n", "t.csv, line 2, has a NUL character. Save it as UTF-8."),
        ("t.csv", "a,b\n1,2".encode("utf-16")[:-1], "t.csv is not UTF-16: truncated data. Save it as UTF-8."),
        (
            "t.csv",
            b"a,b;c\n",
            "t.csv may be parted by ',' or ';'. Name the right one in curate.ingest.delimiter.",
        ),
        ("t.jsonl", b"", "t.jsonl has no line that is a JSON object. Write one per row."),
        ("t.jsonl", b'[{"a": 1},\n{"a": 2}]', "t.jsonl has no line that is a JSON object. Write one per row."),
        ("t.jsonl", b'{"a": "\xff"}', "t.jsonl is not UTF-8: invalid start byte. Save it as UTF-8."),
    ],
)
def test_a_bad_source_is_one_line(tmp_path, monkeypatch, name, data, message):
    monkeypatch.chdir(tmp_path)
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as error:
        rows((tmp_path / name).relative_to(tmp_path))
    assert str(error.value) == message


def test_what_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(InputError) as error:
        list(lines(tmp_path))
    assert str(error.value) == f"{tmp_path} cannot be read: Is a directory. Mend curate.ingest.table."


def test_a_cell_up_to_the_limit_is_read_and_an_open_quote_no_further(tmp_path):
    path, most = tmp_path / "t.csv", 2**24
    assert rows(written(path, "a,b\n1," + "x" * most)) == [{"a": "1", "b": "x" * most}]
    with pytest.raises(InputError) as error:
        rows(written(path, 'a,b\n1,"' + "x" * (most + 1)))
    assert str(error.value) == f"{path}, line 2: field larger than field limit ({most}). Mend its quotes."


@pytest.mark.parametrize("cut", [0, 60])
def test_damaged_parquet_is_an_input_error(tmp_path, cut):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": ["x"], "b": ["y"]}), path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match=r"is not a Parquet file: [^\n]*\Z"):
        rows(path)


def test_a_parquet_value_that_python_cannot_hold_is_one_line(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": ["x"], "b": pa.array([10**18], pa.timestamp("us"))}), path)
    assert rows(path, ["a"]) == [{"a": "x"}]
    with pytest.raises(InputError) as error:
        rows(path)
    assert str(error.value) == f"{path} has an unreadable value: date value out of range. Write its column as text."


def test_columns_are_needed_or_lacked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = Source(written(tmp_path / "t.csv", '"a\nx",b\n').relative_to(tmp_path))
    source.need({"columns.gender": "b"})
    source.lack({"derive.c": "c"})
    with pytest.raises(InputError) as error:
        source.need({"columns.gender": "b", "columns.category": "kind"})
    assert str(error.value) == (
        "curate.ingest.columns.category names the column 'kind', but t.csv has a x, b. Name one of these."
    )
    with pytest.raises(InputError) as error:
        source.lack({"derive.b": "b"})
    assert str(error.value) == "curate.ingest.derive.b makes the column 'b', but t.csv has it. Give it another name."


# Text that both UTF-8 and the formats hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
# What formats mistake for something else.
CELL = TEXT | st.sampled_from(
    ["", " ", '"', '""', "\n", "\r\n", "\r", ",", ";", "\t", "|", "null", "NaN", "\ufeff", "[]"]
)


@st.composite
def tables(draw):
    width = draw(st.integers(1, 4))
    names = draw(st.lists(CELL.filter(bool), min_size=width, max_size=width, unique=True))
    return names, draw(st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=5))


@settings(max_examples=150, deadline=None)
@given(
    tables(),
    st.sampled_from(",;\t|:"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@example((["a"], [["\ufeff"], [""]]), ",", csv.QUOTE_MINIMAL, "utf-8")
def test_every_format_gives_the_same_rows(tmp_path_factory, table, mark, quoting, encoding):
    names, cells = table
    folder = tmp_path_factory.mktemp("tables")
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=mark, quoting=quoting).writerows([names, *cells])
    # A byte order mark as the first character of a file is none of its text.
    bom = "\ufeff" if encoding == "utf-8" else ""
    expected = [dict(zip(names, record, strict=True)) for record in cells]
    written(folder / "t.csv", bom + file.getvalue(), encoding)
    assert Source(folder / "t.csv", mark).columns == names
    assert rows(folder / "t.csv", names, mark) == expected
    if cells:
        text = "\n".join(json.dumps(row, ensure_ascii=encoding == "utf-16") for row in expected)
        written(folder / "t.jsonl", text, encoding)
        assert Source(folder / "t.jsonl").columns == names
        assert rows(folder / "t.jsonl", names) == expected
    columns = {name: pa.array([row[name] for row in expected], pa.string()) for name in names}
    pq.write_table(pa.table(columns), folder / "t.parquet")
    assert rows(folder / "t.parquet", names) == expected


def read_whole(path):
    """Everything of a source; the message of its error."""
    try:
        source = Source(path)
        count = sum(1 for _ in source.rows(source.columns))
    except InputError as error:
        return str(error)
    return count


@pytest.mark.parametrize("ending", ENDINGS)
def test_random_bytes_are_rows_or_one_line(tmp_path, ending):
    random = np.random.default_rng(1)
    alphabets = [np.arange(256), np.frombuffer(b'a1,;\t|"\n\r{}[]: \xc3\xa4', np.uint8)]
    path = tmp_path / f"t{ending}"
    seen = []
    for number in range(500):
        alphabet = alphabets[number % 2]
        start = [b"", b"\xff\xfe", b"\xef\xbb\xbf", b"PAR1"][number % 8 // 2]
        path.write_bytes(start + random.choice(alphabet, int(random.integers(0, 300))).astype(np.uint8).tobytes())
        seen.append(read_whole(path))
        assert "\n" not in str(seen[-1])
    assert any(isinstance(one, str) for one in seen)
    assert ending not in (".csv", ".tsv", ".txt") or any(isinstance(one, int) for one in seen)


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_damaged_tables_are_rows_or_one_line(tmp_path, ending):
    path = tmp_path / f"t{ending}"
    names = ["a", "b", "c"]
    table = [{name: f"{name}{row} größe" for name in names} for row in range(50)]
    if ending == ".parquet":
        times = pa.array(range(50), pa.timestamp("us"))
        lists = pa.array([["x", "y"], None] * 25)
        pq.write_table(pa.Table.from_pylist(table).append_column("t", times).append_column("l", lists), path)
    elif ending == ".jsonl":
        written(path, "\n".join(map(json.dumps, table)))
    else:
        written(path, "\n".join([",".join(names), *(",".join(row.values()) for row in table)]))
    whole = path.read_bytes()
    random = np.random.default_rng(2)
    for _ in range(150):
        data = bytearray(whole)
        for place in random.integers(0, len(data), 3):
            data[place] = random.integers(0, 256)
        path.write_bytes(data)
        assert "\n" not in str(read_whole(path))


def test_a_large_table_is_streamed_and_fast(tmp_path):
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as file:
        file.write("a,b,c,d,e,f\n")
        file.writelines(f"photos/{row:06d}.jpg,sku{row // 3},women,tops,striped,red\n" for row in range(100_000))
    start = time.process_time()
    assert sum(row is not None for row in Source(path).rows(["a", "b", "c", "d"])) == 100_000
    # A tenth of this is usual.
    assert time.process_time() - start < 2
    tracemalloc.start()
    assert sum(1 for _ in Source(path).rows(["a"])) == 100_000
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
