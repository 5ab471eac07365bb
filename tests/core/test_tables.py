"""Tables: schema, key, nulls, order, atomic and repeatable files."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import tables
from core.coded import coded, rows_of
from core.errors import TableError
from core.tables import DESCRIPTORS, Catalog, Neighbors, Rejected, Similar, StreetPairs, Vectors
from core.vector_file import VectorFile

DOUBLES = pa.FixedSizeListArray.from_arrays(pa.array(np.ones(4, np.float64)), 2)
DIGESTS = pa.array([bytes(16)] * 2, pa.binary(16))


def catalog_row(image_id="a", **changed):
    return {
        "image_id": image_id,
        "product_id": "p",
        "domain": "catalog",
        "gender": "women",
        "category": "tops",
        "partition": "women/tops",
        "pattern": None,
        "split": "train",
        "duplicate_group": image_id,
        "content_hash": image_id,
        "width": 4,
        "height": 3,
        "path": f"{image_id}.jpg",
        "attributes": {},
    } | changed


def test_a_table_comes_back_as_written_and_sorted(tmp_path):
    rows = [
        catalog_row("z", pattern="plain", attributes={"colour": "red", "cut": "slim"}),
        catalog_row("b"),
        catalog_row("é", partition="men/tops"),
    ]
    Catalog.from_rows(rows).write(tmp_path / "t.parquet")
    table = Catalog.read(tmp_path / "t.parquet")
    # Bytes of UTF-8 sort as code points do.
    assert table.image_id.tolist() == ["é", "b", "z"]
    assert table.pattern.tolist() == [None, None, "plain"]
    assert table.attributes.tolist() == [{}, {}, {"colour": "red", "cut": "slim"}]
    assert table.width.tolist() == [4, 4, 4]


def test_numbers_with_nulls_stay_whole(tmp_path):
    box = {"top": None, "width": None, "height": None, "category": "tops", "split": "test", "pseudo": False}
    rows = [
        {"image_id": "a", "product_id": "p", "left": 7} | box,
        {"image_id": "b", "product_id": "p", "left": None} | box,
    ]
    StreetPairs.from_rows(rows).write(tmp_path / "t.parquet")
    assert StreetPairs.read(tmp_path / "t.parquet").left.tolist() == [7, None]


def test_an_empty_table_has_the_schema(tmp_path):
    Catalog.from_rows([]).write(tmp_path / "t.parquet")
    assert len(Catalog.read(tmp_path / "t.parquet")) == 0
    assert pq.read_schema(tmp_path / "t.parquet").equals(Catalog.schema(), check_metadata=False)


def test_the_order_of_the_rows_does_not_change_the_bytes(tmp_path):
    rows = [catalog_row(name, attributes={"b": "1", "a": name}) for name in "dacb"]
    swapped = [row | {"attributes": dict(reversed(row["attributes"].items()))} for row in reversed(rows)]
    Catalog.from_rows(rows).write(tmp_path / "one.parquet")
    Catalog.from_rows(swapped).write(tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_a_repeated_key_is_named_and_the_old_file_stays(tmp_path):
    Catalog.from_rows([catalog_row("old")]).write(tmp_path / "t.parquet")
    before = (tmp_path / "t.parquet").read_bytes()
    with pytest.raises(TableError) as error:
        Catalog.from_rows([catalog_row("a"), catalog_row("b"), catalog_row("a")]).write(tmp_path / "t.parquet")
    assert str(error.value) == "t.parquet: 1 rows repeat the key image_id, a for one. Make it unique in the input."
    assert (tmp_path / "t.parquet").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


def test_a_key_of_two_columns_may_repeat_in_one(tmp_path):
    row = {"path": None, "reason": "truncated", "detail": ""}
    Rejected.from_rows([{"source": "s", "row": n, "photo": 1} | row for n in (2, 1)]).write(tmp_path / "t.parquet")
    assert Rejected.read(tmp_path / "t.parquet").row.tolist() == [1, 2]


def test_a_null_where_none_may_be_is_refused():
    with pytest.raises(TableError) as error:
        Catalog.from_rows([catalog_row(product_id=None), catalog_row("b")])
    assert str(error.value) == "Catalog.product_id must not be null, 1 rows are"


def test_a_value_of_another_type_is_refused():
    with pytest.raises(TableError, match=r"^Catalog\.width must be int32: "):
        Catalog.from_rows([catalog_row(width="wide")])


def test_another_schema_is_refused(tmp_path):
    pq.write_table(pa.table({"image_id": ["a"]}), tmp_path / "t.parquet")
    with pytest.raises(TableError) as error:
        Catalog.read(tmp_path / "t.parquet")
    assert str(error.value) == (
        f"{tmp_path}/t.parquet is no Catalog table of this version; it has image_id string. Run dvc repro."
    )


def test_a_missing_or_garbage_file_is_one_line(tmp_path):
    with pytest.raises(TableError) as error:
        Catalog.read(tmp_path / "none.parquet")
    assert str(error.value) == f"{tmp_path}/none.parquet does not exist. Run the stage that writes it: dvc repro."
    (tmp_path / "bad.parquet").write_bytes(b"no table")
    with pytest.raises(TableError, match=r"bad\.parquet is not a Parquet file: "):
        Catalog.read(tmp_path / "bad.parquet")


def test_take_and_concat(tmp_path):
    one = Catalog.from_rows([catalog_row("a"), catalog_row("b")])
    assert one.take(np.array([False, True])).image_id.tolist() == ["b"]
    assert Catalog.concat([one, one.take(np.array([0]))]).image_id.tolist() == ["a", "b", "a"]


def test_vectors_come_back_and_repeat(tmp_path):
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    vectors = Vectors(np.array(["c", "a", "b"], dtype=object), values, {"made": "here"})
    vectors.write(tmp_path / "one.arrow")
    vectors.write(tmp_path / "two.arrow")
    assert (tmp_path / "one.arrow").read_bytes() == (tmp_path / "two.arrow").read_bytes()
    read = Vectors.read(tmp_path / "one.arrow")
    assert read.image_id.tolist() == ["c", "a", "b"]
    assert read.made_by == {"made": "here"}
    np.testing.assert_array_equal(read.of(np.array(["b", "c"])), values[[2, 0]])
    with pytest.raises(TableError) as error:
        read.of(np.array(["x"]))
    assert str(error.value) == "no vector for the image x. Run dvc repro."


@pytest.mark.parametrize(
    ("ids", "values", "message"),
    [
        (["a"], np.zeros((1, 2)), r"must be float32 \(n, d\) for 1 ids. Received: float64 \(1, 2\)"),
        (["a", "b"], np.zeros((1, 2), np.float32), r"for 2 ids. Received: float32 \(1, 2\)"),
        (["a", "a"], np.zeros((2, 2), np.float32), "an image id stands twice"),
        (["a", "b"], np.array([[0, 1], [np.nan, 0]], np.float32), "the vector of b is not finite"),
    ],
)
def test_bad_vectors_are_refused_and_nothing_is_written(tmp_path, ids, values, message):
    with pytest.raises(TableError, match=message):
        Vectors(np.array(ids, dtype=object), values, {}).write(tmp_path / "v.arrow")
    assert list(tmp_path.iterdir()) == []


def test_parts_are_one_file_and_a_part_of_it_can_be_read(tmp_path):
    path = tmp_path / "neighbors.parquet"
    parts = [Neighbors.from_rows([neighbor(query, rank) for rank in (2, 1)]) for query in ("b0", "b1", "a0")]
    assert Neighbors.write_parts(path, iter([*parts, Neighbors.from_rows([])])) == 6
    found = Neighbors.read(path)
    assert list(zip(found.query_id, found.rank.tolist(), strict=True)) == [
        (query, rank) for query in ("b0", "b1", "a0") for rank in (1, 2)
    ]
    assert Neighbors.read(path, query_id=["a0", "b1", "none"], rank=[2]).query_id.tolist() == ["b1", "a0"]
    assert len(Neighbors.read(path, query_id=[])) == 0
    before = path.read_bytes()
    with pytest.raises(TableError, match="repeat the key query_id, rank, b0, 1 for one"):
        Neighbors.write_parts(path, iter([parts[0], Neighbors.from_rows([neighbor("b0", 1)] * 2)]))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def neighbor(query: str, rank: int) -> dict:
    return {"query_id": query, "rank": rank, "neighbor_id": "n"} | dict.fromkeys(("distance", *DESCRIPTORS), 1.0)


def test_damage_inside_a_file_is_one_line(tmp_path):
    path = tmp_path / "catalog.parquet"
    Catalog.from_rows([catalog_row(image_id=f"i{number}") for number in range(300)]).write(path)
    data = bytearray(path.read_bytes())
    data[200:400] = bytes(200)
    path.write_bytes(data)
    with pytest.raises(TableError) as caught:
        Catalog.read(path)
    assert str(caught.value).startswith(f"{path} ")
    assert str(caught.value).endswith(" Run dvc repro.")


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        (
            {"image_id": ["a", "b"], "digest": DIGESTS, "vector": DOUBLES},
            "vectors of the type fixed_size_list<item: double>[2], not of float32",
        ),
        ({"image_id": ["a", "b"], "vector": DOUBLES}, "vectors without digests: image_id, vector"),
        ({"a": ["b"]}, "no vectors: a"),
        (
            {"image_id": ["a", "b"], "digest": ["", ""], "vector": DOUBLES.cast(pa.list_(pa.float32(), 2))},
            "digests of another type than fixed_size_binary[16]",
        ),
    ],
    ids=["doubles", "an older version", "another table", "digests"],
)
def test_vectors_of_another_type_are_refused(tmp_path, columns, fault):
    path, table = tmp_path / "v.arrow", pa.table(columns)
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)
    with pytest.raises(TableError) as caught:
        Vectors.read(path)
    assert str(caught.value) == f"{path} holds {fault}. Run dvc repro."


def test_a_digest_tells_vectors_apart(tmp_path):
    values = np.array([[0, 1], [0, 1], [0, -1], [-0.0, 1]], np.float32)
    Vectors(np.array(list("abcd"), object), np.repeat(values, 2, axis=1)[:, ::2], {}).write(tmp_path / "v.arrow")
    a, b, c, d = VectorFile.read(tmp_path / "v.arrow").digests.to_pylist()
    assert a == b
    assert len({a, c, d}) == 3


@pytest.mark.parametrize("cuts", [(0, 9), (0, 1, 2, 9), (0, 4, 9)])
def test_how_rows_are_cut_into_parts_decides_no_byte(tmp_path, monkeypatch, cuts):
    monkeypatch.setattr(tables, "_ROW_GROUP", 4)
    names = pa.array(["none", "b", "a"])
    columns = {name: coded(np.array([1, 1, 1, 2, 2, 2, 2, 1, 1]), names) for name in Similar.CODED}
    columns |= {"rank": pa.array(range(9), pa.int32())}
    columns |= {name: pa.array(np.arange(9, dtype=np.float32)) for name in ("distance", *DESCRIPTORS)}
    table = pa.table({name: columns[name] for name in Similar.columns()})
    parts = [table.slice(start, stop - start) for start, stop in pairwise(cuts)]
    assert Similar.write_parts(tmp_path / "s.parquet", parts) == 9
    Similar.write_parts(tmp_path / "whole.parquet", [table])
    assert (tmp_path / "s.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    found = Similar.read(tmp_path / "s.parquet")
    assert found.partition.tolist() == list("bbbaaaabb")
    assert rows_of(Similar.arrow(tmp_path / "s.parquet")["partition"], pa.array(["a"])).tolist() == [
        *[-1] * 3, *[0] * 4, -1, -1
    ]  # fmt: skip
    assert pq.ParquetFile(tmp_path / "s.parquet").metadata.num_row_groups == 3


def test_parts_by_other_codes_are_the_same_text(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_ROW_GROUP", 4)
    rest = {"rank": pa.array(range(3), pa.int32())}
    rest |= {name: pa.array(np.zeros(3, np.float32)) for name in ("distance", *DESCRIPTORS)}
    parts = []
    for names in (["a", "b"], ["c", "b", "d"]):
        columns = dict.fromkeys(Similar.CODED, coded(np.array([0, 1, 0]), pa.array(names))) | rest
        parts.append(pa.table({name: columns[name] for name in Similar.columns()}))
    Similar.write_parts(tmp_path / "s.parquet", parts)
    Similar.write_parts(tmp_path / "again.parquet", [Similar.arrow(tmp_path / "s.parquet")])
    for path in ("s.parquet", "again.parquet"):
        assert Similar.read(tmp_path / path).similar_id.tolist() == list("abacbc")
