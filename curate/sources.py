"""The user's table, of any format, as a stream of rows of text."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from core.errors import InputError
from curate.rows.cells import Record
from curate.rows.text_tables import DelimitedText
from curate.rows.typed_tables import JsonLines, Parquet


class Source:
    """A table as rows of text: its `columns` are known before a row is read; `malformed` says what a bad row is."""

    def __init__(self, path: Path, delimiter: str | None = None) -> None:
        """Open a table by its ending: `.csv`, `.tsv`, `.txt`, `.jsonl`, `.ndjson` or `.parquet`.

        `delimiter` parts the cells of text; None finds it, and is a tab in `.tsv`.

        Raises:
            InputError: it does not exist, has another ending, cannot be read, or has a column twice or none.
        """
        self.path = path
        self._table = _open(path, delimiter)
        self.columns, self.malformed = self._table.columns, self._table.malformed
        # Spreadsheets write columns without a name after the last one.
        twice = sorted(name for name, times in Counter(self.columns).items() if name and times > 1)
        if twice:
            raise InputError(_one_line(f"{path} has the column {twice[0]} twice. Rename one."))

    def need(self, columns: Mapping[str, str]) -> None:
        """Hold that columns exist, given as {the parameter that names it: column}.

        Raises:
            InputError: one does not, with those that do.
        """
        for parameter, column in columns.items():
            if column not in self.columns:
                raise InputError(
                    _one_line(
                        f"curate.ingest.{parameter} names the column {column!r}, but {self.path} has"
                        f" {', '.join(self.columns)}. Name one of these."
                    )
                )

    def lack(self, columns: Mapping[str, str]) -> None:
        """Hold that columns do not exist, given as in `need`.

        Raises:
            InputError: one does.
        """
        for parameter, column in columns.items():
            if column in self.columns:
                raise InputError(
                    f"curate.ingest.{parameter} makes the column {column!r}, but {self.path} has it."
                    " Give it another name."
                )

    def rows(self, columns: Sequence[str]) -> Iterator[Record]:
        """The rows, each with `columns`; None for a malformed one; missing values are empty.

        Raises:
            InputError: the file is damaged.
        """
        return self._table.rows(columns)


def _open(path: Path, delimiter: str | None) -> DelimitedText | JsonLines | Parquet:
    ending = path.suffix.lower()
    if ending not in (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet"):
        raise InputError(
            f"{path} must end in .csv, .tsv, .txt, .jsonl, .ndjson or .parquet."
            " Convert it, or mend curate.ingest.table."
        )
    if not path.is_file():
        raise InputError(f"{path} does not exist. Make it, or mend curate.ingest.table.")
    if ending == ".parquet":
        return Parquet(path)
    if ending in (".jsonl", ".ndjson"):
        return JsonLines(path)
    return DelimitedText(path, delimiter or ("\t" if ending == ".tsv" else None))


def _one_line(message: str) -> str:
    # A quoted column name may hold line breaks.
    return " ".join(message.split())
