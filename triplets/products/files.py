"""A table in the format that a file's suffix names: Parquet, CSV or JSON lines."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from core.atomic import replacing
from core.errors import InputError
from core.tables import Table

_ROWS = 2**16  # held in memory at a time


def refuse_other(path: Path) -> None:
    """Let only the suffixes of the three formats pass.

    Raises:
        InputError: it is another.
    """
    if path.suffix.lower() not in (".parquet", *_WRITERS):
        raise InputError(f"the output must end in .parquet, .csv or .jsonl. Received: {path}")


def write_parts(path: Path, table: type[Table], parts: Iterable[Table]) -> int:
    """Write tables one after the other as `Table.write_parts` does; all formats hold the same rows and the same text.

    CSV has a header and quotes every text; JSON lines hold an object per row.

    Returns:
        The number of rows.

    Raises:
        InputError: the suffix names no format.
        TableError: as `Table.write_parts`.
    """
    refuse_other(path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        return table.write_parts(path, parts)
    # What is checked and sorted is the Parquet file; the others are made from it.
    with TemporaryDirectory() as folder:
        whole = Path(folder) / path.with_suffix(".parquet").name
        count = table.write_parts(whole, parts)
        with pq.ParquetFile(whole) as file, replacing(path) as beside:
            write(beside, file.schema_arrow, file.iter_batches(_ROWS))
    return count


def _write_csv(path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    with pa.csv.CSVWriter(path, schema) as file:
        for batch in batches:
            file.write_batch(batch)


def _write_json_lines(path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for batch in batches:
            columns = [_shortest(batch.column(name)).to_pylist() for name in schema.names]
            for row in zip(*columns, strict=True):
                file.write(json.dumps(dict(zip(schema.names, row, strict=True)), ensure_ascii=False) + "\n")


def _shortest(column: pa.Array) -> pa.Array:
    """Float32 as the float64 that prints as shortly: JSON knows no other."""
    return pc.cast(pc.cast(column, pa.string()), pa.float64()) if pa.types.is_float32(column.type) else column


_WRITERS: dict[str, Callable[[Path, pa.Schema, Iterator[pa.RecordBatch]], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_json_lines,
}
