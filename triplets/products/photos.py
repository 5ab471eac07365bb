"""The photos of the catalog as similar products need them: some columns, whose text stays as Arrow has it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa

from core.tables import Catalog

_COLUMNS = ("image_id", "product_id", "category", "partition", "duplicate_group")


@dataclass(frozen=True)
class Photos:
    """Columns (n,) of the catalog, in its order; `attributes` are empty where none of them makes variants."""

    image_id: pa.Array
    product_id: pa.Array
    category: pa.Array
    partition: pa.Array
    duplicate_group: pa.Array
    attributes: pa.Array

    def __len__(self) -> int:
        return len(self.image_id)

    @classmethod
    def read(cls, path: Path, variant: str | None) -> Self:
        """Those of a catalog's file; attributes are read where one of them, `variant`, makes variants.

        Raises:
            TableError: as `Table.read`.
        """
        return cls._of(Catalog.arrow(path, (*_COLUMNS, *(["attributes"] if variant else []))))

    @classmethod
    def of(cls, catalog: Catalog) -> Self:
        """Those of a catalog."""
        return cls._of(catalog.as_arrow())

    @classmethod
    def _of(cls, table: pa.Table) -> Self:
        if "attributes" not in table.column_names:
            field = Catalog.schema().field("attributes")
            table = table.append_column(field, pa.nulls(len(table), field.type))
        return cls(**{name: table[name].combine_chunks() for name in (*_COLUMNS, "attributes")})
