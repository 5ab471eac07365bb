"""From rows to candidates: derived columns, several photos per row, and what of a row is refused."""

import json
import time
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.errors import InputError, ParamsError, PhotoError
from core.params import load
from curate.checks import Fault, Reason
from curate.collection import Candidate
from curate.columns import ColumnMap
from curate.params import Columns, Constant, IngestParams, Join, Lower

COLUMNS = Columns(
    image_id=None,
    product_id="sku",
    path="{file}.png",
    separator=None,
    gender="sex",
    category="kind",
    pattern="print",
    attributes=("colour", "print"),
    groups=(),
)
ROW = {"file": "p1", "sku": "s1", "sex": " women ", "kind": "tops", "print": "", "colour": "red"}


def mapping(derive=None, rename=None, exclude=None, **columns):
    return ColumnMap(
        IngestParams(
            table="t.csv",
            delimiter=None,
            images="photos",
            columns=replace(COLUMNS, **columns),
            derive=derive or {},
            rename=rename or {},
            exclude=exclude or {},
            max_rejected=0,
        )
    )


def candidates(row=None, *, derive=None, rename=None, exclude=None, **columns):
    return mapping(derive, rename, exclude, **columns).candidates("t.csv", 7, ROW | (row or {}))


def refused(row=None, **params):
    with pytest.raises(PhotoError) as error:
        candidates(row, **params)
    return error.value.reason, error.value.detail


def test_a_row_is_one_candidate():
    assert candidates() == [
        Candidate(
            source="t.csv",
            row=7,
            photo=1,
            path="p1.png",
            image_id="p1.png",
            product_id="s1",
            domain="catalog",
            gender="women",
            category="tops",
            pattern=None,
            attributes={"colour": "red"},
            box=None,
            groups=(),
        )
    ]


def test_values_are_stripped_renamed_and_left_out_when_empty():
    rename = {"sex": {"women": "ladies"}, "colour": {"red": ""}, "print": {"": "plain"}}
    (one,) = candidates(rename=rename, groups=("sku", "colour", "sex"))
    assert (one.gender, one.pattern, one.attributes) == ("ladies", "plain", {"print": "plain"})
    assert one.groups == ("sku=s1", "sex=ladies")


@pytest.mark.parametrize(
    ("row", "params", "reason", "detail"),
    [
        ({"kind": " Skip ", "file": ""}, {"exclude": {"kind": ("Skip",)}}, "excluded", "kind is Skip"),
        ({"tags": ["new", " Skip "]}, {"exclude": {"tags": ("Skip",)}}, "excluded", "tags is Skip"),
        ({"file": " "}, {}, "empty_value", "the path"),
        ({"file": []}, {}, "empty_value", "the path"),
        ({"file": ["", " "]}, {}, "empty_value", "the path"),
        ({"file": "|"}, {"separator": "|"}, "empty_value", "the path"),
        ({"file": ["a", "b"], "sku": " "}, {"path": "{sku}/{file}"}, "empty_value", "the path"),
        ({"sku": ""}, {}, "empty_value", "product id, column sku"),
        ({"sku": ""}, {"image_id": "sku"}, "empty_value", "the image id, column sku"),
        ({"sex": ""}, {}, "empty_value", "gender, column sex"),
        ({"kind": "x"}, {"rename": {"kind": {"x": ""}}}, "empty_value", "category, column kind"),
        ({"sex": ["women"]}, {}, "malformed_row", "gender, column sex, is a list"),
        ({"kind": []}, {}, "malformed_row", "category, column kind, is a list"),
        ({"sku": ["a"]}, {}, "malformed_row", "product id, column sku, is a list"),
        ({"sku": ["a"]}, {"image_id": "sku"}, "malformed_row", "the image id, column sku, is a list"),
        ({"print": ["a"]}, {}, "malformed_row", "pattern, column print, is a list"),
        (
            {"file": ["a", "b"], "colour": ["r", "g", "b"]},
            {"path": "{colour}/{file}"},
            "malformed_row",
            "photos that do not pair: 3 in colour and 2 in file",
        ),
        (
            {"file": "a||b", "colour": "r|g|"},
            {"path": "{colour}/{file}", "separator": "|"},
            "malformed_row",
            "photos that do not pair: 2 in colour and 2 in file",
        ),
    ],
)
def test_what_a_row_is_refused_for(row, params, reason, detail):
    assert refused(row, **params) == (reason, detail)


@pytest.mark.parametrize(
    ("template", "row", "expected"),
    [
        ("{file}", {"file": "a//b/./c.jpg"}, ["a/b/c.jpg"]),
        ("{file}", {"file": "./a/../b.jpg/"}, ["a/../b.jpg"]),
        ("{file}", {"file": " a.jpg"}, [" a.jpg"]),
        ("{file}", {"file": "https://shop.com//a?b=c|d"}, ["https://shop.com//a?b=c", "d"]),
        ("{file}", {"file": " http://shop.com/./a "}, ["http://shop.com/./a"]),
        ("https://shop.com//{sku}.jpg", {}, ["https://shop.com//s1.jpg"]),
        ("{file}", {"file": "ftp://shop.com"}, ["ftp:/shop.com"]),
        ("{sku:0>5}/{file}.jpg", {"file": "a| b ||c|"}, ["000s1/a.jpg", "000s1/b.jpg", "000s1/c.jpg"]),
        ("{file}/{colour}", {"file": ["a ", "b"], "colour": "x|y"}, ["a/x", "b/y"]),
        ("{file}/{colour}", {"file": "a||b", "colour": ["x", " ", "y"]}, ["a/x", "b/y"]),
        ("{file}/{file}.jpg", {"file": ["a", "b"]}, ["a/a.jpg", "b/b.jpg"]),
        ("{file}{colour}", {"file": " | ; |"}, [";red"]),
        ("{file}", {"file": ["a|b"]}, ["a|b"]),
        ("{{{file}}}{a.b[0]}", {"a.b[0]": "{0}{x}"}, ["{p1}{0}{x}"]),
        ("{file}", {"file": ""}, []),
    ],
)
def test_paths(template, row, expected):
    assert mapping(path=template, separator="|").paths(ROW | row) == expected


def test_without_a_separator_a_cell_is_one_path():
    assert mapping(path="{file}").paths({"file": "a|b"}) == ["a|b"]


@settings(deadline=None)
@given(st.text("ab./ \n", min_size=1).filter(str.strip))
@example("./.")
@example("a/.\n")
def test_a_path_is_as_pathlib_has_it(path):
    assert mapping(path="{file}").paths({"file": path}) == [PurePosixPath(path).as_posix()]


PART = st.text("ab ", max_size=3)


@settings(deadline=None)
@given(st.lists(PART, min_size=2, max_size=5), st.lists(PART, min_size=1, max_size=5), st.text("ab", min_size=1))
def test_photos_pair_as_a_naive_loop_pairs_them(left, right, other):
    expected = []
    paired = len(left) == len(right) or len(right) == 1
    for place, part in enumerate(left):
        if paired:
            beside = right[place] if len(right) > 1 else right[0]
            if part.strip() and beside.strip():
                expected.append("-".join([part.strip(), beside.strip() if len(right) > 1 else beside, other]))
            elif len(right) > 1:
                paired = not part.strip() and not beside.strip()
    row = {"left": left, "right": "|".join(right), "other": other}
    mapped = mapping(path="{left}-{right}-{other}", separator="|")
    if paired or (len(right) == 1 and not right[0].strip()):
        assert mapped.paths(row) == expected
    else:
        with pytest.raises(PhotoError, match="malformed_row: photos that do not pair"):
            mapped.paths(row)


def test_ids_of_several_photos():
    row = {"file": ["a", "b", "a"]}
    both = candidates(row, image_id="sku", product_id="colour")
    assert [(one.photo, one.path, one.image_id, one.product_id) for one in both] == [
        (1, "a.png", "s1", "red"),
        (2, "b.png", "s1-2", "red"),
        (3, "a.png", "s1-3", "red"),
    ]
    none = candidates(row, product_id=None)
    assert [(one.image_id, one.product_id) for one in none] == [(f"{name}.png", "a.png") for name in "aba"]
    assert [one.product_id for one in candidates(row, image_id="sku", product_id=None)] == ["s1"] * 3
    assert [one.product_id for one in candidates(product_id=None)] == ["p1.png"]
    assert {(one.row, one.gender, one.category) for one in both} == {(7, "women", "tops")}


def test_lists_are_values_of_attributes_and_groups():
    row = {"colour": [" red", "", "dark  blue"]}
    (one,) = candidates(row, rename={"colour": {"red": "rot"}}, groups=("colour",))
    assert one.attributes == {"colour": "rot, dark  blue"}
    assert one.groups == ("colour=rot", "colour=dark  blue")
    (one,) = candidates({"colour": []})
    assert one.attributes == {}


def test_derived_columns_are_made_in_order_and_used_everywhere():
    derive = {
        "all": Constant(constant="women"),
        "low": Lower(lower="kind"),
        "key": Join(join=("sku", "low", "print", "all"), by="-"),
        "tags": Lower(lower="colour"),
        "many": Join(join=("colour", "low"), by="+"),
    }
    (one,) = candidates(
        {"kind": " Tops ", "colour": ["Red", "", " BLUE "]},
        derive=derive,
        rename={"all": {"women": "ladies"}},
        image_id="key",
        product_id="many",
        path="{low}/{file}",
        gender="all",
        category="low",
        attributes=("tags",),
        groups=("key",),
    )
    assert (one.image_id, one.product_id) == ("s1-tops-women", "Red+BLUE+tops")
    assert (one.gender, one.category, one.path) == ("ladies", "tops", " tops /p1")
    assert one.attributes == {"tags": "red, blue"}
    assert one.groups == ("key=s1-tops-women",)
    assert refused({"kind": "SKIP"}, derive=derive, exclude={"low": ("skip",)}) == ("excluded", "low is skip")


def test_a_derived_list_gives_several_photos():
    mapped = mapping({"small": Lower(lower="file")}, path="{small}.jpg")
    assert mapped.paths({"file": ["A", "B"]}) == ["a.jpg", "b.jpg"]


def test_the_row_itself_does_not_change():
    row = dict(ROW)
    mapping({"low": Lower(lower="kind")}).candidates("t.csv", 1, row)
    assert row == ROW


def test_needed_columns_are_those_of_the_table():
    mapped = mapping(
        {
            "low": Lower(lower="Type"),
            "sex": Constant(constant="women"),
            "key": Join(join=("low", "brand", "later"), by=""),
            "later": Lower(lower="later"),
        },
        rename={"low": {}, "season": {}},
        exclude={"key": ()},
        category="low",
        image_id="key",
        path="{key}/{file}",
        groups=("sender",),
    )
    assert mapped.needed() == {
        "columns.product_id": "sku",
        "columns.pattern": "print",
        "columns.path.file": "file",
        "columns.attributes.colour": "colour",
        "columns.attributes.print": "print",
        "columns.groups.sender": "sender",
        "rename.season": "season",
        "derive.low": "Type",
        "derive.key.brand": "brand",
        "derive.key.later": "later",
        "derive.later": "later",
    }
    assert mapped.added() == {"derive.low": "low", "derive.sex": "sex", "derive.key": "key", "derive.later": "later"}


def test_a_rejected_row_is_all_its_photos():
    mapped, error = mapping(separator="|"), PhotoError("empty_value", "gender, column sex")

    def paths(row):
        return [fault.path for fault in mapped.faults("t.csv", 7, row, error)]

    assert mapped.faults("t.csv", 7, {"file": "a|b"}, error) == [
        Fault("t.csv", 7, 1, "a.png", Reason.EMPTY_VALUE, "gender, column sex"),
        Fault("t.csv", 7, 2, "b.png", Reason.EMPTY_VALUE, "gender, column sex"),
    ]
    assert paths(None) == [None]
    assert paths({"file": ""}) == [None]
    unpaired = {"file": ["a"], "sku": []}
    assert [fault.path for fault in mapping(path="{file}/{sku}").faults("t.csv", 7, unpaired, error)] == [None]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("{file", "expected '}' before end of string"),
        ("}{file}", "Single '}' encountered in format string"),
        ("{file!r}", "!r has no use here"),
        ("{file:09d}", "Unknown format code 'd' for object of type 'str'"),
        ("{file:{sku}}", "Invalid format specifier"),
    ],
)
def test_a_malformed_path_is_one_line(path, problem):
    with pytest.raises(InputError) as error:
        mapping(path=path)
    assert str(error.value).startswith(f"curate.ingest.columns.path is malformed: {problem}")
    assert str(error.value).endswith(f". Received: {path!r}")


def loaded(tmp_path, change=None, **columns):
    values = {
        "table": "t.csv",
        "delimiter": None,
        "images": "photos",
        "columns": {**{name: getattr(COLUMNS, name) for name in COLUMNS.__dataclass_fields__}, **columns},
        "derive": {"a": {"constant": "x"}, "b": {"lower": "kind"}, "c": {"join": ["a", "b"], "by": "-"}},
        "rename": {},
        "exclude": {},
        "max_rejected": 0.5,
    }
    path = tmp_path / "params.yaml"
    path.write_text(json.dumps({"ingest": values | (change or {})}))
    return load(path, "ingest", IngestParams)


def test_parameters_as_the_file_has_them(tmp_path):
    params = loaded(tmp_path, {"delimiter": "\t"}, separator=", ")
    assert params.derive == {"a": Constant("x"), "b": Lower("kind"), "c": Join(("a", "b"), "-")}
    assert (params.delimiter, params.columns.separator) == ("\t", ", ")


@pytest.mark.parametrize(
    ("change", "columns", "message"),
    [
        (
            {"delimiter": "::"},
            {},
            "ingest: delimiter must be one character, no quote and no line break. Received: '::'",
        ),
        ({"delimiter": '"'}, {}, "ingest: delimiter must be one character, no quote and no line break. Received: '\"'"),
        (
            {},
            {"separator": ""},
            "ingest.columns: separator must have at least one character, or be null. Received: ''",
        ),
        ({}, {"path": "file"}, "ingest.columns: path must name a column in braces, such as {image}. Received: 'file'"),
    ],
)
def test_impossible_parameters_are_one_line(tmp_path, change, columns, message):
    with pytest.raises(ParamsError) as error:
        loaded(tmp_path, change, **columns)
    assert str(error.value) == f"{tmp_path}/params.yaml: {message}"


def test_a_join_names_columns():
    with pytest.raises(ValueError, match=r"join must name at least one column\. Received: \[\]"):
        Join(join=(), by="-")


def test_many_rows_are_fast():
    mapped = mapping(attributes=("colour", "print", "kind"), rename={"sex": {"women": "ladies"}})
    listed = [ROW | {"file": f"photos/{number}"} for number in range(100_000)]
    start = time.process_time()
    assert sum(len(mapped.candidates("t.csv", number, row)) for number, row in enumerate(listed, 1)) == 100_000
    # A third of this is usual.
    assert time.process_time() - start < 3
