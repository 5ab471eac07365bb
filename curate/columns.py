"""From a row of the user's table to our columns, as `curate.ingest` maps them."""

from core.errors import PhotoError
from curate.checks import Fault, Reason
from curate.collection import Candidate
from curate.params import IngestParams
from curate.places.addresses import without_user
from curate.rows.cells import Record, Row, values
from curate.rows.derived import Derived
from curate.rows.path_template import PathTemplate


class ColumnMap:
    """`columns`, `derive`, `rename` and `exclude` of `curate.ingest`, applied to rows.

    Values are compared and taken without outer spaces, a path as it stands; both it and `derive` come before `rename`.
    """

    def __init__(self, params: IngestParams) -> None:
        """Parse the path's format.

        Raises:
            InputError: it is malformed.
        """
        self._columns, self._rename = params.columns, params.rename
        self._exclude = {column: frozenset(listed) for column, listed in params.exclude.items()}
        self._template = PathTemplate(params.columns.path, params.columns.separator)
        self._derived = Derived(params.derive)

    def needed(self) -> dict[str, str]:
        """The table's columns that rows must have, by the parameter that names them."""
        columns = self._columns
        named = {
            "image_id": columns.image_id,
            "product_id": columns.product_id,
            "gender": columns.gender,
            "category": columns.category,
            "pattern": columns.pattern,
        }
        used = {f"columns.{key}": name for key, name in named.items() if name is not None}
        used |= {f"columns.path.{name}": name for name in self._template.columns}
        used |= {f"columns.attributes.{name}": name for name in columns.attributes}
        used |= {f"columns.groups.{name}": name for name in columns.groups}
        used |= {f"rename.{name}": name for name in self._rename}
        used |= {f"exclude.{name}": name for name in self._exclude}
        made = self.added().values()
        return {key: name for key, name in used.items() if name not in made} | self._derived.needed()

    def added(self) -> dict[str, str]:
        """The derived columns, which the table must not have, by the parameter that makes them."""
        return self._derived.names()

    def paths(self, row: Row) -> list[str]:
        """The photos of a row of the table: paths below the image root, or addresses; none where a part is empty.

        Raises:
            PhotoError: `malformed_row`, two columns of photos do not pair.
        """
        return self._template.paths(self._derived.add(row))

    def candidates(self, source: str, number: int, row: Row) -> list[Candidate]:
        """The candidates of a row of the table, the `number`th of `source`: one per photo, at least one.

        Raises:
            PhotoError: `excluded`, `malformed_row` or `empty_value`, each of the whole row.
        """
        row, columns = self._derived.add(row), self._columns
        for column, listed in self._exclude.items():
            for value in values(row[column]):
                if value in listed:
                    raise PhotoError(Reason.EXCLUDED, f"{column} is {value}")
        paths = self._template.paths(row)
        if not paths:
            raise PhotoError(Reason.EMPTY_VALUE, "the path")
        image_ids = [without_user(path) for path in paths]
        if columns.image_id is not None:
            first = self._required(row, columns.image_id, "the image id")
            image_ids = [first, *(f"{first}-{photo}" for photo in range(2, len(paths) + 1))]
        product_id = image_ids[0]
        if columns.product_id is not None:
            product_id = self._required(row, columns.product_id, "product id")
        gender = self._required(row, columns.gender, "gender")
        category = self._required(row, columns.category, "category")
        if "/" in gender:
            raise PhotoError(Reason.MALFORMED_ROW, f"gender, column {columns.gender}, has a slash; rename {gender}")
        pattern = None if columns.pattern is None else self._one(row, columns.pattern, "pattern") or None
        attributes = {name: ", ".join(kept) for name in columns.attributes if (kept := self._values(row, name))}
        groups = tuple(f"{name}={value}" for name in columns.groups for value in self._values(row, name))
        return [
            Candidate(
                source=source,
                row=number,
                photo=photo,
                path=path,
                image_id=image_id,
                product_id=product_id,
                domain="catalog",
                gender=gender,
                category=category,
                pattern=pattern,
                attributes=attributes,
                groups=groups,
            )
            for photo, (path, image_id) in enumerate(zip(paths, image_ids, strict=True), 1)
        ]

    def faults(self, source: str, number: int, row: Record, error: PhotoError) -> list[Fault]:
        """A whole row, rejected: each of its photos, or one without a path where they cannot be told."""
        try:
            paths = self.paths(row) if row is not None else []
        except PhotoError:
            paths = []
        named: list[str | None] = [without_user(path) for path in paths]
        return [
            Fault(source, number, photo, path, Reason(error.reason), error.detail)
            for photo, path in enumerate(named or [None], 1)
        ]

    def _required(self, row: Row, column: str, what: str) -> str:
        value = self._one(row, column, what)
        if not value:
            raise PhotoError(Reason.EMPTY_VALUE, f"{what}, column {column}")
        return value

    def _one(self, row: Row, column: str, what: str) -> str:
        cell = row[column]
        if not isinstance(cell, str):
            raise PhotoError(Reason.MALFORMED_ROW, f"{what}, column {column}, is a list")
        value = cell.strip()
        rename = self._rename.get(column)
        return rename.get(value, value) if rename else value

    def _values(self, row: Row, column: str) -> list[str]:
        """The values of a cell, renamed, without empty ones."""
        rename = self._rename.get(column, {})
        return [name for value in values(row[column]) if (name := rename.get(value, value))]
