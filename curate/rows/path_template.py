"""The photos of a row: `curate.ingest.columns.path`, filled in."""

import re
from pathlib import PurePosixPath
from string import Formatter

from core.errors import InputError, PhotoError
from curate.checks import Reason
from curate.places.addresses import is_address
from curate.rows.cells import Cell, Row

# An empty part of a path, or one of a single dot: few have any, and PurePosixPath is slow.
_ODD_PART = re.compile(r"(^|/)\.?(/|\Z)")


class PathTemplate:
    """Text with columns in braces; `columns` are those it names.

    A name is a column as it stands, dots and brackets included; str.format would look inside the value.
    """

    def __init__(self, template: str, separator: str | None) -> None:
        """Parse the template; `separator` stands between several photos in one cell.

        Raises:
            InputError: it is malformed.
        """
        self._separator = separator
        self.columns: list[str] = []
        text = ""
        try:
            for literal, name, spec, conversion in Formatter().parse(template):
                text += literal.replace("{", "{{").replace("}", "}}")
                if conversion:
                    raise ValueError(f"!{conversion} has no use here")
                if name is not None:
                    format("", spec or "")
                    text += f"{{{len(self.columns)}:{spec}}}"
                    self.columns.append(name)
        except ValueError as error:
            raise InputError(f"curate.ingest.columns.path is malformed: {error}. Received: {template!r}") from None
        self._fill = text.format

    def paths(self, row: Row) -> list[str]:
        """The path of each photo below the image root, with single slashes, or its address.

        One per part of a cell that is a list, or that has the separator; other cells repeat. None at all where a
        cell is empty.

        Raises:
            PhotoError: `malformed_row`, two columns have parts that do not pair.
        """
        cells = [self._parts(row[name]) for name in self.columns]
        lists = {name: cell for name, cell in zip(self.columns, cells, strict=True) if isinstance(cell, list)}
        if not all(cell.strip() for cell in cells if isinstance(cell, str)):
            return []
        if not lists:
            return [_normal(self._fill(*cells))]
        if len({len(parts) for parts in lists.values()}) > 1:
            raise _unpaired(lists)
        photos = [place for place, parts in enumerate(zip(*lists.values(), strict=True)) if any(parts)]
        if not all(parts[place] for parts in lists.values() for place in photos):
            raise _unpaired(lists)
        return [
            _normal(self._fill(*(cell if isinstance(cell, str) else cell[place] for cell in cells))) for place in photos
        ]

    def _parts(self, cell: Cell) -> Cell:
        if isinstance(cell, str):
            if self._separator is None or self._separator not in cell:
                return cell
            cell = cell.split(self._separator)
        return [part.strip() for part in cell]


def _unpaired(lists: dict[str, list[str]]) -> PhotoError:
    counts = " and ".join(f"{sum(map(bool, parts))} in {name}" for name, parts in lists.items())
    return PhotoError(Reason.MALFORMED_ROW, f"photos that do not pair: {counts}")


def _normal(path: str) -> str:
    address = path.strip()
    if is_address(address):
        return address
    return PurePosixPath(path).as_posix() if _ODD_PART.search(path) else path
