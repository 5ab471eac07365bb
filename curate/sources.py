"""Read the user's table, CSV or Parquet, as plain strings."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import InputError

# None stands for a line with another number of fields than the header.
Record = Mapping[str, str] | None


class Source:
    """A table of strings, streamed: its `columns` are known before a row is read."""

    def __init__(self, path: Path) -> None:
        """Open a table by its ending, `.csv` or `.parquet`.

        Raises:
            InputError: it does not exist, has another ending, cannot be read, or has a column twice or none.
        """
        self.path = path
        if path.suffix.lower() not in (".csv", ".parquet"):
            raise InputError(f"{path} must end in .csv or .parquet. Convert it, or mend curate.ingest.table.")
        if not path.is_file():
            raise InputError(f"{path} does not exist. Make it, or mend curate.ingest.table.")
        self._parquet = path.suffix.lower() == ".parquet"
        self.columns = self._parquet_columns() if self._parquet else self._csv_columns()
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise InputError(f"{path} has the column {twice[0]} twice. Rename one.")

    def need(self, columns: Mapping[str, str]) -> None:
        """Hold that columns exist, given as {the parameter that names it: column}.

        Raises:
            InputError: one does not, with those that do.
        """
        for parameter, column in columns.items():
            if column not in self.columns:
                raise InputError(
                    f"curate.ingest.{parameter} names the column {column!r}, but {self.path} has"
                    f" {', '.join(self.columns)}. Name one of these."
                )

    def rows(self, columns: Sequence[str]) -> Iterator[Record]:
        """The rows, each with at least `columns`; values as the source writes them, missing ones empty."""
        return self._parquet_rows(columns) if self._parquet else self._csv_rows()

    def _csv_columns(self) -> list[str]:
        header = next(self._csv_lines(), None)
        if not header:
            raise InputError(f"{self.path} has no header line. Give it column names.")
        return header

    def _csv_rows(self) -> Iterator[Record]:
        lines = self._csv_lines()
        next(lines)
        for line in lines:
            if line:
                # A line with other fields is one bad row, no reason to stop.
                yield dict(zip(self.columns, line, strict=True)) if len(line) == len(self.columns) else None

    def _csv_lines(self) -> Iterator[list[str]]:
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            try:
                yield from lines
            except csv.Error as error:
                raise InputError(f"{self.path}, line {lines.line_num}: {error}. Mend its quotes.") from error
            except UnicodeDecodeError as error:
                raise InputError(f"{self.path} is not UTF-8: {error.reason}. Save it as UTF-8.") from error

    def _parquet_columns(self) -> list[str]:
        try:
            return list(pq.read_schema(self.path).names)
        except pa.ArrowException as error:
            raise InputError(f"{self.path} is not a Parquet file: {error}") from error

    def _parquet_rows(self, columns: Sequence[str]) -> Iterator[Record]:
        try:
            with pq.ParquetFile(self.path) as file:
                for batch in file.iter_batches(columns=list(columns)):
                    for row in batch.to_pylist():
                        yield {name: _text(value) for name, value in row.items()}
        except (pa.ArrowException, ValueError) as error:  # ValueError: a time in nanoseconds, or text that is not UTF-8
            raise InputError(f"{self.path} is a damaged Parquet file: {error}") from error


def _text(value: Any) -> str:
    # Missing numbers are NaN in tables from pandas, and NaN alone differs from itself.
    return "" if value is None or value != value else str(value)
