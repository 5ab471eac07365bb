"""Tables whose values have types, JSON lines and Parquet, as text."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import InputError
from curate.rows.cells import Record, cell
from curate.rows.text_tables import lines


class JsonLines:
    """A table of one JSON object per line; the columns are the keys of all of them, in the order they appear."""

    malformed = "no JSON object, or one with nested values"

    def __init__(self, path: Path) -> None:
        """Read the keys, which takes a pass over the file.

        Raises:
            InputError: there is none, or the text cannot be read.
        """
        self._path = path
        self.columns = list(dict.fromkeys(chain.from_iterable(entry or () for entry in self._objects())))
        if not self.columns:
            raise InputError(f"{path} has no line that is a JSON object. Write one per row.")

    def rows(self, columns: Sequence[str]) -> Iterator[Record]:
        """The rows; None for a line that is no object, or has a nested value in one of `columns`."""
        for entry in self._objects():
            yield None if entry is None else _row(columns, [cell(entry.get(name)) for name in columns])

    def _objects(self) -> Iterator[dict[str, Any] | None]:
        for line in lines(self._path):
            if not line.isspace():
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError):
                    value = None
                yield value if isinstance(value, dict) else None


class Parquet:
    """A Parquet table."""

    malformed = "nested values, or bytes that are no text"

    def __init__(self, path: Path) -> None:
        """Read the schema.

        Raises:
            InputError: it cannot be read.
        """
        self._path = path
        try:
            self.columns: list[str] = list(pq.read_schema(path).names)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InputError(f"{path} is not a Parquet file: {' '.join(str(error).split())}") from error

    def rows(self, columns: Sequence[str]) -> Iterator[Record]:
        """The rows; None for one with a nested value in one of `columns`.

        Raises:
            InputError: the file is damaged, or has a value that Python cannot hold.
        """
        try:
            with pq.ParquetFile(self._path) as file:
                for batch in file.iter_batches(columns=list(columns)):
                    cells = [[cell(value) for value in batch.column(name).to_pylist()] for name in columns]
                    for row in zip(*cells, strict=True):
                        yield _row(columns, row)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self._path} is a damaged Parquet file: {' '.join(str(error).split())}") from error
        except (ValueError, OverflowError) as error:  # a time in nanoseconds, a far year, or text that is not UTF-8
            raise InputError(f"{self._path} has an unreadable value: {error}. Write its column as text.") from error


def _row(columns: Sequence[str], cells: Sequence[Any]) -> Record:
    return None if None in cells else dict(zip(columns, cells, strict=True))
