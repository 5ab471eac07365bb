"""What every database is given: the rows of `Similar`, and what became of them."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import InputError

# By product first: whoever asks, asks for the list of a product.
KEY = ("product_id", "partition", "rank")


class Published(NamedTuple):
    """The rows that a target now has, those of them that were written, and those that were removed."""

    rows: int
    written: int
    removed: int


def refuse_nul(batch: pa.RecordBatch) -> None:
    """Let no text with a NUL character pass.

    Raises:
        InputError: the first product whose row has one.
    """
    for name in batch.schema.names:
        column = batch.column(name)
        if pa.types.is_string(column.type):
            row = pc.index(pc.match_substring(column, "\0"), True).as_py()
            if row >= 0:
                raise InputError(
                    f"the list of the product {batch.column('product_id')[row].as_py()!r} has a NUL character in"
                    f" {name}, which PostgreSQL cannot hold. Mend it in the catalog table."
                )
