"""Text as codes of a dictionary, by which it is written and read several times as fast."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.arrow import or_missing, rows_in, whole

Rows = npt.NDArray[np.int64]
_SPARSE = 16
CODES = pa.dictionary(pa.int32(), pa.string())


def coded(rows: Rows, values: pa.Array) -> pa.DictionaryArray:
    """The text (m,) in some `rows` (m,) of `values`."""
    return pa.DictionaryArray.from_arrays(whole(rows), values, safe=False)


def rows_of(column: pa.ChunkedArray, values: pa.Array) -> Rows:
    """The row in `values` of each text of a coded `column` (m,), -1 where it is none of them."""
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    if not chunks:
        return np.empty(0, np.int64)
    found = rows_in(values, pa.concat_arrays([chunk.dictionary for chunk in chunks]))
    begins = np.cumsum([0, *(len(chunk.dictionary) for chunk in chunks)])
    return np.concatenate(
        [found[start:][or_missing(one.indices)] for start, one in zip(begins[:-1], chunks, strict=True)]
    )


def with_codes(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table in a `schema`, with codes of what there is of a text in it, sorted as the codes were.

    So the rows alone decide the bytes, not what they were taken from.
    """
    columns = []
    for name in schema.names:
        column = table[name]
        if schema.field(name).type != CODES:
            columns.append(column.combine_chunks())
        elif column.type == CODES:
            columns.append(_fewest(column))
        else:
            columns.append(column.combine_chunks().dictionary_encode())
    return pa.Table.from_arrays(columns, schema=schema)


def _fewest(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if len({chunk.dictionary.buffers()[1].address for chunk in column.chunks}) > 1:
        column = column.unify_dictionaries()
    parts = [or_missing(chunk.indices) for chunk in column.chunks]
    rows, values = np.concatenate([np.empty(0, np.int64), *parts]), column.chunk(0).dictionary
    least = int(rows.min(initial=len(values)))
    span = int(rows.max(initial=least)) + 1 - least
    if span > _SPARSE * len(rows):
        used, again = np.unique(rows, return_inverse=True)
        return coded(again, values.take(whole(used)))
    there = np.zeros(span, np.bool_)  # much faster than to sort
    there[rows - least] = True
    return coded((np.cumsum(there) - 1)[rows - least], values.take(whole(least + np.flatnonzero(there))))


def by_codes(schema: pa.Schema, names: Collection[str]) -> pa.Schema:
    """The schema with codes for the text `names`."""
    return pa.schema(pa.field(one.name, CODES, one.nullable) if one.name in names else one for one in schema)


def plain(schema: pa.Schema) -> pa.Schema:
    """The schema with text where there are codes."""
    return pa.schema(
        pa.field(one.name, one.type.value_type, one.nullable) if pa.types.is_dictionary(one.type) else one
        for one in schema
    )
