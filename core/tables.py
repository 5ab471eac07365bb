"""The tables that stages exchange: the only place that spells a column.

A table is a frozen dataclass of equally long NumPy columns; its fields are the columns of the Parquet
file. Writing checks the schema, the key and the nulls, sorts, and replaces the file atomically with
repeatable bytes. Reading checks the schema again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import reduce
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.atomic import replacing
from core.coded import by_codes, plain, with_codes
from core.errors import TableError
from core.vector_file import DIGEST, VectorFile

Column = npt.NDArray[Any]
DESCRIPTORS = ("structure", "pattern", "color")
SPLITS = ("train", "val", "test")
NO_SPLIT = "none"
KINDS = ("in_class", "out_of_class", "wild")

_TEXT = pa.string()
_COUNT = pa.int32()
_DISTANCE = pa.float32()
_MEASURE = pa.float32()
_ROW_GROUP = 2**17  # rows that `write_parts` gathers before it writes them
_BATCH = 2**14  # rows that `batches` gives at a time
_PAIRS = pa.map_(pa.string(), pa.string())


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """What a file of Parquet may fail by, as a `TableError`."""
    try:
        yield
    except FileNotFoundError:
        raise TableError(f"{path} does not exist. Run the stage that writes it: dvc repro.") from None
    except pa.ArrowInvalid as error:
        raise TableError(f"{path} is not a Parquet file: {error}. Run dvc repro.") from error
    except OSError as error:  # Arrow's word for damage in the body of a file
        raise TableError(f"{path} cannot be read: {error}. Run dvc repro.") from error


def _column(arrow_type: pa.DataType, *, null: bool = False) -> Any:
    return field(metadata={"type": arrow_type, "null": null})


class Table:
    """Base of the tables. `KEY` columns are unique together; rows are written in the order of `ORDER`."""

    KEY: ClassVar[tuple[str, ...]]
    ORDER: ClassVar[tuple[str, ...]]
    FORM: ClassVar[dict[str, Any]] = {"compression": "zstd"}  # of the Parquet file
    CODED: ClassVar[tuple[str, ...]] = ()  # text that `write_parts` writes as codes of what a row group has of it

    def __len__(self) -> int:
        return len(getattr(self, self.columns()[0]))

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """The column names, in file order."""
        return tuple(column.name for column in fields(cls))  # type: ignore[arg-type]

    @classmethod
    def schema(cls) -> pa.Schema:
        """The Arrow schema of the file."""
        return pa.schema(
            pa.field(column.name, column.metadata["type"], nullable=column.metadata["null"])
            for column in fields(cls)  # type: ignore[arg-type]
        )

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Self:
        """Build from one mapping per row, each with every column."""
        rows = list(rows)
        return cls._from_arrow(cls._arrow({name: [row[name] for row in rows] for name in cls.columns()}))

    @classmethod
    def concat(cls, tables: Sequence[Self]) -> Self:
        """The rows of all `tables`, one after the other."""
        return cls(**{name: np.concatenate([getattr(table, name) for table in tables]) for name in cls.columns()})

    def take(self, rows: Column | slice) -> Self:
        """The rows given by indices, by a boolean mask or by a slice."""
        return type(self)(**{name: getattr(self, name)[rows] for name in self.columns()})

    def write(self, path: Path) -> None:
        """Check, sort and write as Parquet.

        Raises:
            TableError: a null where none may be, a value of another type, or a key that stands twice.
        """
        table = self._sorted(path)
        with replacing(path) as beside:
            pq.write_table(table, beside, **self.FORM)

    @classmethod
    def write_parts(cls, path: Path, parts: Iterable[Self | pa.Table]) -> int:
        """Write tables one after the other into one file, and hold only a few of them in memory.

        Each part is checked and sorted by itself, so the file has the order of the parts. What makes the key unique
        within a part must keep it unique among them, as a query does that belongs to one partition. Parts that Arrow
        holds are written as they are. How rows are cut into parts decides no byte.

        Returns:
            The number of rows.

        Raises:
            TableError: as `write`.
        """
        with replacing(path) as beside:
            return cls.write_to(beside, parts)

    @classmethod
    def write_to(cls, path: Path, parts: Iterable[Self | pa.Table]) -> int:
        """Write as `write_parts` does, but to a `path` that nobody reads as long as it is written."""
        rows, left = 0, 0
        waiting: list[pa.Table] = []
        schema = by_codes(cls.schema(), cls.CODED)
        form = cls.FORM | {"store_schema": not cls.CODED}  # who reads need not know of codes
        with pq.ParquetWriter(path, schema, **form) as file:
            for part in parts:
                waiting.append(part if isinstance(part, pa.Table) else part._sorted(path))
                rows, left = rows + len(part), left + len(part)
                if left >= _ROW_GROUP:
                    whole = pa.concat_tables(waiting)
                    for _ in range(left // _ROW_GROUP):
                        file.write_table(with_codes(whole.slice(0, _ROW_GROUP), schema))
                        whole = whole.slice(_ROW_GROUP)
                    waiting, left = [whole], len(whole)
            if left:
                file.write_table(with_codes(pa.concat_tables(waiting), schema))
        return rows

    def _sorted(self, path: Path) -> pa.Table:
        table = self.as_arrow().sort_by([(name, "ascending") for name in self.ORDER])
        repeated = self._repetitions(table)
        if repeated:
            raise TableError(
                f"{path.name}: {repeated} rows repeat the key {', '.join(self.KEY)},"
                f" {self._repeated(table)} for one. Make it unique in the input."
            )
        return table

    @classmethod
    def _repetitions(cls, table: pa.Table) -> int:
        """How many rows of a sorted table have the key of an earlier one."""
        if cls.ORDER[: len(cls.KEY)] != cls.KEY:
            return int(table.num_rows - table.group_by(list(cls.KEY)).aggregate([]).num_rows)
        # Then equal keys follow one another, and to look at two rows at a time is much faster.
        same = [pc.equal(table[name][1:], table[name][:-1]) for name in cls.KEY]
        return int(pc.sum(reduce(pc.and_, same)).as_py() or 0)

    @classmethod
    def read(cls, path: Path, **only: Iterable[Any]) -> Self:
        """Read a Parquet file that `write` made, or of it only the rows whose columns have one of the given values.

        Raises:
            TableError: the file is missing, is not Parquet, or has another schema.
        """
        with _reading(path):
            table = pq.read_table(path, filters=cls._only(only))
        cls._check(path, table.schema)
        return cls._from_arrow(table)

    @classmethod
    def arrow(cls, path: Path, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a file that `write` made as Arrow has them, with all columns or some: much faster than `read`.

        Text of `CODED` is there as codes.

        Raises:
            TableError: as `read`.
        """
        with _reading(path), pq.ParquetFile(path, read_dictionary=list(cls.CODED)) as file:
            table = file.read(columns and list(columns), use_threads=False)  # threads take longer to start
            cls._check(path, plain(file.schema_arrow))
            return table

    def as_arrow(self) -> pa.Table:
        """The rows as Arrow has them.

        Raises:
            TableError: a null where none may be, or a value of another type.
        """
        return self._arrow({name: getattr(self, name) for name in self.columns()})

    @classmethod
    def count(cls, path: Path) -> int:
        """The number of rows of a file that `write` made.

        Raises:
            TableError: as `read`.
        """
        with _reading(path), pq.ParquetFile(path) as file:
            cls._check(path, file.schema_arrow)
            return int(file.metadata.num_rows)

    @classmethod
    def batches(cls, path: Path) -> Iterator[pa.RecordBatch]:
        """The rows of a file that `write` made, in its order and some at a time, as Arrow has them.

        Raises:
            TableError: as `read`.
        """
        with _reading(path), pq.ParquetFile(path) as file:
            cls._check(path, file.schema_arrow)
            yield from file.iter_batches(_BATCH)

    @classmethod
    def _check(cls, path: Path, schema: pa.Schema) -> None:
        if not schema.equals(cls.schema(), check_metadata=False):
            got = ", ".join(f"{column.name} {column.type}" for column in schema)
            raise TableError(f"{path} is no {cls.__name__} table of this version; it has {got}. Run dvc repro.")

    @classmethod
    def _only(cls, only: Mapping[str, Iterable[Any]]) -> pc.Expression | None:
        found = None
        for name, values in only.items():
            one = pc.field(name).isin(pa.array(list(values), cls.schema().field(name).type))
            found = one if found is None else found & one
        return found

    @classmethod
    def _arrow(cls, columns: Mapping[str, Any]) -> pa.Table:
        arrays = []
        for column in cls.schema():
            values = columns[column.name]
            if column.type == _PAIRS:
                values = [sorted(pairs.items()) for pairs in values]
            try:
                array = pa.array(values, column.type, from_pandas=False)
            except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
                raise TableError(f"{cls.__name__}.{column.name} must be {column.type}: {error}") from error
            if array.null_count and not column.nullable:
                raise TableError(f"{cls.__name__}.{column.name} must not be null, {array.null_count} rows are")
            arrays.append(array)
        return pa.Table.from_arrays(arrays, schema=cls.schema())

    @classmethod
    def _from_arrow(cls, table: pa.Table) -> Self:
        columns: dict[str, Column] = {}
        for column in cls.schema():
            values = table[column.name]
            if column.type == _PAIRS:
                pairs = np.empty(len(values), dtype=object)
                pairs[:] = [dict(value) for value in values.to_pylist()]
                columns[column.name] = pairs
            elif column.nullable:
                # NumPy would make a null among numbers a NaN, and all of them floats.
                columns[column.name] = np.array(values.to_pylist(), dtype=object)
            else:
                columns[column.name] = values.to_numpy()
        return cls(**columns)

    @classmethod
    def _repeated(cls, table: pa.Table) -> str:
        counted = table.group_by(list(cls.KEY)).aggregate([([], "count_all")])
        row = counted.filter(pc.greater(counted["count_all"], 1)).slice(0, 1).to_pylist()[0]
        return ", ".join(str(row[name]) for name in cls.KEY)


@dataclass(frozen=True)
class Catalog(Table):
    """The accepted photos. Sorted by partition, so that a partition is one run of rows.

    `domain` is `catalog` or `street`; `partition` is `gender/category`; `split` is one of `SPLITS`, or `NO_SPLIT`
    for a photo whose copies stand in several: it is recommended, but never learnt from nor judged by.
    `duplicate_group` names the copies of one photo; `path` is as the parameters root it; `attributes` judge results
    and never make them.
    """

    KEY = ("image_id",)
    ORDER = ("partition", "image_id")

    image_id: Column = _column(_TEXT)
    product_id: Column = _column(_TEXT)
    domain: Column = _column(_TEXT)
    gender: Column = _column(_TEXT)
    category: Column = _column(_TEXT)
    partition: Column = _column(_TEXT)
    pattern: Column = _column(_TEXT, null=True)
    split: Column = _column(_TEXT)
    duplicate_group: Column = _column(_TEXT)
    content_hash: Column = _column(_TEXT)
    width: Column = _column(_COUNT)
    height: Column = _column(_COUNT)
    path: Column = _column(_TEXT)
    attributes: Column = _column(_PAIRS)


@dataclass(frozen=True)
class Rejected(Table):
    """The entries that did not become catalog rows; `reason` is from a closed list.

    `row` counts from 1 in `source`, `photo` from 1 in the row, as a row may name several photos.
    """

    KEY = ("source", "row", "photo")
    ORDER = ("source", "row", "photo")

    source: Column = _column(_TEXT)
    row: Column = _column(_COUNT)
    photo: Column = _column(_COUNT)
    path: Column = _column(_TEXT, null=True)
    reason: Column = _column(_TEXT)
    detail: Column = _column(_TEXT)


@dataclass(frozen=True)
class StreetPairs(Table):
    """A street photo and the product on it; the box is in pixels of the photo, null where the source has none.

    `pseudo` photos were made from a catalog photo of the product; a person took the others.
    """

    KEY = ("image_id", "product_id")
    ORDER = ("image_id", "product_id")

    image_id: Column = _column(_TEXT)
    product_id: Column = _column(_TEXT)
    left: Column = _column(_COUNT, null=True)
    top: Column = _column(_COUNT, null=True)
    width: Column = _column(_COUNT, null=True)
    height: Column = _column(_COUNT, null=True)
    category: Column = _column(_TEXT)
    split: Column = _column(_TEXT)
    pseudo: Column = _column(pa.bool_())


@dataclass(frozen=True)
class Measures(Table):
    """What the stored photos of a collection measure, in the catalog's order, and the flags that follow from it.

    `perceptual_hash` is 64 bits, `colors` a thumbnail of 8 x 8 cells, (8, 8, 3) uint8 LAB as bytes; `frames` is
    above 1 for an animation, of which the first is kept.
    """

    KEY = ("image_id",)
    ORDER = ("partition", "image_id")

    image_id: Column = _column(_TEXT)
    partition: Column = _column(_TEXT)
    brightness: Column = _column(_MEASURE)
    sharpness: Column = _column(_MEASURE)
    entropy: Column = _column(_MEASURE)
    aspect: Column = _column(_MEASURE)
    frames: Column = _column(_COUNT)
    perceptual_hash: Column = _column(pa.uint64())
    colors: Column = _column(pa.binary(192))
    flags: Column = _column(pa.list_(_TEXT))


@dataclass(frozen=True)
class Neighbors(Table):
    """The nearest of each query inside its partition, of any split; ranks count from 1; distances are scaled.

    Partition after partition, as the catalog; `ORDER` holds inside each.
    """

    KEY = ("query_id", "rank")
    ORDER = ("query_id", "rank")

    query_id: Column = _column(_TEXT)
    rank: Column = _column(_COUNT)
    neighbor_id: Column = _column(_TEXT)
    distance: Column = _column(_DISTANCE)
    structure: Column = _column(_DISTANCE)
    pattern: Column = _column(_DISTANCE)
    color: Column = _column(_DISTANCE)


@dataclass(frozen=True)
class Similar(Table):
    """The most similar products of each product inside a partition; ranks count from 1.

    `image_id` and `similar_image_id` are the two photos that are nearest; the distances are theirs, scaled.
    """

    KEY = ("partition", "product_id", "rank")
    ORDER = ("partition", "product_id", "rank")
    FORM = {  # noqa: RUF012 - quick to write and to read, as a run that changes little does nothing else
        "compression": "lz4",
        "use_dictionary": ["partition", "product_id", "similar_id", "image_id", "similar_image_id"],
        "write_statistics": ["partition", "product_id"],
    }
    CODED = ("partition", "product_id", "similar_id", "image_id", "similar_image_id")

    partition: Column = _column(_TEXT)
    product_id: Column = _column(_TEXT)
    rank: Column = _column(_COUNT)
    similar_id: Column = _column(_TEXT)
    image_id: Column = _column(_TEXT)
    similar_image_id: Column = _column(_TEXT)
    distance: Column = _column(_DISTANCE)
    structure: Column = _column(_DISTANCE)
    pattern: Column = _column(_DISTANCE)
    color: Column = _column(_DISTANCE)


@dataclass(frozen=True)
class Seen(Table):
    """The photos of each partition that `Similar` was made from, by which the next run knows what has changed.

    `family` is the first product of the family of variants; `digest` has those of the photo's vectors, in the order of
    `DESCRIPTORS`.
    """

    KEY = ("image_id",)
    ORDER = ("partition", "product_id", "image_id")
    FORM = {"compression": "lz4", "use_dictionary": ["partition"], "write_statistics": False}  # noqa: RUF012
    CODED = ("partition",)

    partition: Column = _column(_TEXT)
    product_id: Column = _column(_TEXT)
    image_id: Column = _column(_TEXT)
    family: Column = _column(_TEXT)
    digest: Column = _column(pa.binary(len(DESCRIPTORS) * DIGEST))


@dataclass(frozen=True)
class Triplets(Table):
    """Why each triplet exists: fused and per-descriptor distances of both pairs, and the ranks of both photos.

    The negative of an out-of-class triplet stands in no list of neighbours; its rank is 0. `rules` is the version of
    the rules that let the triplet through, `params` the hash of the parameters that they read.
    """

    KEY = ("query_id", "positive_id", "negative_id")
    ORDER = ("split", "kind", "query_id", "positive_id", "negative_id")

    query_id: Column = _column(_TEXT)
    positive_id: Column = _column(_TEXT)
    negative_id: Column = _column(_TEXT)
    kind: Column = _column(_TEXT)
    split: Column = _column(_TEXT)
    rules: Column = _column(_TEXT)
    params: Column = _column(_TEXT)
    positive_rank: Column = _column(_COUNT)
    negative_rank: Column = _column(_COUNT)
    positive_distance: Column = _column(_DISTANCE)
    positive_structure: Column = _column(_DISTANCE)
    positive_pattern: Column = _column(_DISTANCE)
    positive_color: Column = _column(_DISTANCE)
    negative_distance: Column = _column(_DISTANCE)
    negative_structure: Column = _column(_DISTANCE)
    negative_pattern: Column = _column(_DISTANCE)
    negative_color: Column = _column(_DISTANCE)


@dataclass(frozen=True)
class Vectors:
    """One float32 vector per image, `values` (n, d) memory-mapped; `made_by` says what made them."""

    image_id: Column
    values: npt.NDArray[np.float32]
    made_by: dict[str, str]
    _file: VectorFile | None = None

    def write(self, path: Path) -> None:
        """Write as an Arrow file, the rows as they stand, each with its digest.

        Raises:
            TableError: another shape or dtype, a repeated id, or a value that is not finite.
        """
        if self.values.ndim != 2 or self.values.dtype != np.float32 or len(self.values) != len(self.image_id):
            raise TableError(
                f"{path.name}: vectors must be float32 (n, d) for {len(self.image_id)} ids."
                f" Received: {self.values.dtype} {self.values.shape}"
            )
        if len(set(self.image_id)) != len(self.image_id):
            raise TableError(f"{path.name}: an image id stands twice")
        for start in range(0, len(self.values), _BATCH):
            finite = np.isfinite(self.values[start : start + _BATCH]).all(axis=1)
            if finite.all():
                continue
            first = self.image_id[start + np.argmin(finite)]
            raise TableError(f"{path.name}: the vector of {first} is not finite. Check the weights that made it.")
        values = np.ascontiguousarray(self.values)
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
        digests = pa.array([blake2b(row, digest_size=DIGEST).digest() for row in values], pa.binary(DIGEST))
        table = pa.table({"image_id": pa.array(self.image_id, _TEXT), "digest": digests, "vector": vectors})
        with (
            replacing(path) as beside,
            pa.ipc.new_file(beside, table.schema.with_metadata(self.made_by)) as file,
        ):
            # One batch, so that the values are one run of memory for the reader.
            file.write_table(table.combine_chunks())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Map a file that `write` made into memory.

        Raises:
            TableError: the file is missing or holds something else.
        """
        file = VectorFile.read(path)
        return cls(file.ids.to_numpy(), file.values, file.made_by, file)

    def release(self) -> None:
        """As `VectorFile.release`."""
        if self._file is not None:
            self._file.release()

    def of(self, image_ids: Column) -> npt.NDArray[np.float32]:
        """The vectors of `image_ids`, (len(image_ids), d).

        Raises:
            TableError: an id has no vector, or one that is not finite.
        """
        rows = {image_id: row for row, image_id in enumerate(self.image_id)}
        try:
            found = self.values[[rows[image_id] for image_id in image_ids]]
        except KeyError as error:
            raise TableError(f"no vector for the image {error.args[0]}. Run dvc repro.") from None
        finite = np.isfinite(found).all(axis=1)
        if not finite.all():
            raise TableError(f"the vector of the image {image_ids[np.argmin(finite)]} is not finite. Run dvc repro.")
        return found
