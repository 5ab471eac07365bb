"""Tables of delimited text: CSV and its kin."""

import csv
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from core.errors import InputError
from curate.rows.cells import Record

_DELIMITERS = ",;\t|"
# Records that a delimiter is judged by.
_JUDGED = 20
# What a cell may have, in characters. Without a limit a quote that stays open would swallow the file into memory.
csv.field_size_limit(2**24)


class DelimitedText:
    """A table whose cells a delimiter parts and double quotes hold together; its first record names the columns."""

    def __init__(self, path: Path, delimiter: str | None) -> None:
        """Read the header; a delimiter of None is found.

        Raises:
            InputError: there is no header, the delimiter cannot be told, or the text cannot be read.
        """
        self._path = path
        self._delimiter = delimiter or find_delimiter(path)
        self.columns = next(self._records(), [])
        if not self.columns:
            raise InputError(f"{path} has no header line. Give it column names.")
        self.malformed = f"not {len(self.columns)} fields, as the header has"

    def rows(self, columns: Sequence[str]) -> Iterator[Record]:
        """The rows, of text as it stands; None for one with another number of fields than the header."""
        width = len(self.columns)
        places = [(name, self.columns.index(name)) for name in columns]
        for record in islice(self._records(), 1, None):
            if record:
                # A line with other fields is one bad row, no reason to stop.
                yield {name: record[place] for name, place in places} if len(record) == width else None

    def _records(self) -> Iterator[list[str]]:
        records = csv.reader(lines(self._path), delimiter=self._delimiter, strict=True)
        try:
            yield from records
        except csv.Error as error:
            raise InputError(f"{self._path}, line {records.line_num}: {error}. Mend its quotes.") from error


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file with their ends, as UTF-8, or as UTF-16 where it has that byte order mark.

    Raises:
        InputError: it cannot be read, is of another encoding, or has a NUL character.
    """
    try:
        with path.open("rb") as start:
            wide = start.read(2) in (BOM_UTF16_LE, BOM_UTF16_BE)
        with path.open(encoding="utf-16" if wide else "utf-8-sig", newline="") as file:
            for number, line in enumerate(file, 1):
                if "\0" in line:
                    raise InputError(f"{path}, line {number}, has a NUL character. Save it as UTF-8.")
                yield line
    except UnicodeDecodeError as error:
        encoding = "UTF-16" if wide else "UTF-8"
        raise InputError(f"{path} is not {encoding}: {error.reason}. Save it as UTF-8.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Mend curate.ingest.table.") from error


def find_delimiter(path: Path) -> str:
    """The delimiter whose header most of the first records fit, the widest header of these.

    A comma where the header has none of them.

    Raises:
        InputError: two fit equally.
    """
    fits = {mark: _fit(path, mark) for mark in _DELIMITERS}
    best = max(fits.values())
    found = [mark for mark, fit in fits.items() if fit == best]
    if best > (0, 0) and len(found) > 1:
        marks = " or ".join(map(repr, found))
        raise InputError(f"{path} may be parted by {marks}. Name the right one in curate.ingest.delimiter.")
    return found[0]


def _fit(path: Path, mark: str) -> tuple[int, int]:
    widths: list[int] = []
    # Quotes that are wrong for this mark may be right for another.
    with suppress(csv.Error):
        records = csv.reader(lines(path), delimiter=mark, strict=True)
        widths.extend(len(record) for record in islice(records, 1 + _JUDGED))
    if not widths or widths[0] < 2:
        return 0, 0
    return widths[1:].count(widths[0]), widths[0]
