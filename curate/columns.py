"""From a row of the user's table to our columns, as `curate.ingest` maps them."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from string import Formatter

from core.errors import InputError, PhotoError
from curate.checks import Reason
from curate.collection import Candidate
from curate.params import IngestParams

Row = Mapping[str, str]


class ColumnMap:
    """`columns`, `rename` and `exclude` of `curate.ingest`, applied to rows.

    Values are compared and taken without outer spaces; a path is taken as it stands, before `rename`.
    """

    def __init__(self, params: IngestParams) -> None:
        """Parse the path's format.

        Raises:
            InputError: it is malformed.
        """
        self._columns, self._rename, self._exclude = params.columns, params.rename, params.exclude
        template = params.columns.path
        try:
            # A name is a column as it stands, dots and brackets included; str.format would look inside the value.
            self._parts = [(text, name, spec or "") for text, name, spec, _ in Formatter().parse(template)]
            for _, _, spec in self._parts:
                format("", spec)
        except ValueError as error:
            raise InputError(f"curate.ingest.columns.path is malformed: {error}. Received: {template!r}") from None

    def needed(self) -> dict[str, str]:
        """The source's columns that rows must have, by the parameter that names them."""
        columns = self._columns
        named = {
            "image_id": columns.image_id,
            "product_id": columns.product_id,
            "gender": columns.gender,
            "category": columns.category,
            "pattern": columns.pattern,
        }
        needed = {f"columns.{key}": name for key, name in named.items() if name is not None}
        needed |= {f"columns.path.{name}": name for _, name, _ in self._parts if name is not None}
        needed |= {f"columns.attributes.{name}": name for name in columns.attributes}
        needed |= {f"rename.{name}": name for name in self._rename}
        return needed | {f"exclude.{name}": name for name in self._exclude}

    def path(self, row: Row) -> str:
        """The photo's path below the image root, with single slashes; empty where a column it reads is."""
        if any(name is not None and not row[name].strip() for _, name, _ in self._parts):
            return ""
        parts = (text + (format(row[name], spec) if name is not None else "") for text, name, spec in self._parts)
        return PurePosixPath("".join(parts)).as_posix()

    def candidate(self, source: str, number: int, row: Row) -> Candidate:
        """The candidate of a row, the `number`th of `source`.

        Raises:
            PhotoError: `excluded` or `empty_value`.
        """
        for column, values in self._exclude.items():
            if row[column].strip() in values:
                raise PhotoError(Reason.EXCLUDED, f"{column} is {row[column].strip()}")
        path, columns = self.path(row), self._columns
        if not path:
            raise PhotoError(Reason.EMPTY_VALUE, "the path")
        image_id = path if columns.image_id is None else self._required(row, columns.image_id, "the image id")
        return Candidate(
            source=source,
            row=number,
            path=path,
            image_id=image_id,
            product_id=image_id
            if columns.product_id is None
            else self._required(row, columns.product_id, "product id"),
            domain="catalog",
            gender=self._required(row, columns.gender, "gender"),
            category=self._required(row, columns.category, "category"),
            pattern=(self._value(row, columns.pattern) or None) if columns.pattern is not None else None,
            attributes={name: value for name in columns.attributes if (value := self._value(row, name))},
        )

    def _required(self, row: Row, column: str, what: str) -> str:
        value = self._value(row, column)
        if not value:
            raise PhotoError(Reason.EMPTY_VALUE, f"{what}, column {column}")
        return value

    def _value(self, row: Row, column: str) -> str:
        value = row[column].strip()
        return self._rename.get(column, {}).get(value, value)
