"""The values of a table as text: what a row is to the rest of ingest."""

from collections.abc import Mapping
from typing import Any

# A list where the source has lists: several photos of a row, or several values of an attribute.
Cell = str | list[str]
Row = Mapping[str, Cell]
# None stands for a row that is malformed.
Record = Row | None


def cell(value: Any) -> Cell | None:
    """A value as text, a list of values as texts; missing ones are empty, None stands for anything nested.

    Bytes are read as UTF-8; text that UTF-8 cannot hold, or bytes that are none, are None as well.
    """
    if not isinstance(value, list):
        return _text(value)
    texts = [_text(one) for one in value]
    whole = [text for text in texts if text is not None]
    return whole if len(whole) == len(texts) else None


def values(cell: Cell) -> list[str]:
    """The values of a cell without outer spaces; one, where it is no list."""
    return [cell.strip()] if isinstance(cell, str) else [one.strip() for one in cell]


def _text(value: Any) -> str | None:
    if isinstance(value, dict | list | tuple):
        return None
    try:
        if isinstance(value, bytes):
            return value.decode()
        # Missing numbers are NaN in tables from pandas, and NaN alone differs from itself.
        text = "" if value is None or value != value else str(value)
        if not text.isascii():
            text.encode()  # JSON can escape half a character
    except ValueError:
        return None
    return text
