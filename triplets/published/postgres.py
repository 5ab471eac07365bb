"""Similar products in a table of PostgreSQL: all of a run's rows appear in one transaction, or none."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.databases.drivers import driver
from core.databases.postgres import transaction
from core.errors import InputError
from core.tables import Similar
from triplets.published.columns import KEY, Published, refuse_nul

if TYPE_CHECKING:
    from psycopg import Cursor

_TYPES = {"string": "text", "int32": "integer", "float": "real"}
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('mildnet-triplets ' || %s, 0))"
# What holds the table so long will not let go.
_PATIENCE = "SET LOCAL lock_timeout = '60s'"
_KIND = "SELECT relkind::text FROM pg_class WHERE oid = to_regclass(%s)"
_STORED = ("r", "p")  # plain and partitioned ones
_COLUMNS = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""
_CREATE = "CREATE {kind} TABLE {table} ({typed}, PRIMARY KEY ({key})) {end}"
_DELETE = """
DELETE FROM {table} AS old USING (SELECT {columns} FROM {table} EXCEPT ALL SELECT {columns} FROM {new}) AS gone
WHERE ({old_key}) = ({gone_key})
"""
_INSERT = """
INSERT INTO {table} ({columns}) SELECT {columns} FROM {new} EXCEPT SELECT {columns} FROM {table}
"""
_COUNT = "SELECT count(*) FROM {table}"


def publish(path: Path, target: str) -> Published:
    """Make the table `target`, or `schema.table`, hold the rows of the file `path`, and make it if there is none.

    Only rows that differ are removed and written. Readers see the old rows until the end, then the new ones; further
    columns of the table, its indexes and its grants stay.

    Raises:
        TableError: the file is missing or no `Similar`.
        InputError: the database fails, another run publishes there, a text has a NUL character, the target is no
            table, or has other columns.
    """
    total = Similar.count(path)
    sql = driver("psycopg.sql")
    names = _names(sql, target)
    with transaction() as cursor:
        cursor.execute(_PATIENCE)
        if not _one(cursor, _LOCK, [target.split(".")[-1]]):
            raise InputError(f"another run publishes to {target}. Wait for its end, and run again.")
        name = names["table"].as_string(cursor)
        kind = _one(cursor, _KIND, [name])
        if kind is None:
            cursor.execute(sql.SQL(_CREATE).format(**names | {"kind": sql.SQL(""), "end": sql.SQL("")}))
        elif kind in _STORED:
            _refuse_other_columns(dict(cursor.execute(_COLUMNS, [name]).fetchall()), target)
        else:
            raise InputError(f"{target} is no table, but a view or the like. Publish to another name, or drop it.")
        _send(cursor, path, total, sql, names)
        cursor.execute(sql.SQL(_DELETE).format(**names))
        removed = cursor.rowcount
        cursor.execute(sql.SQL(_INSERT).format(**names))
        written = cursor.rowcount
        if (now := _one(cursor, sql.SQL(_COUNT).format(**names))) != total:
            raise InputError(
                f"{target} would have {now:,} rows, not {total:,}: it has rows twice, or something changes them."
                " Drop it, it is made again."
            )
    return Published(total, written, removed)


def _names(sql: Any, target: str) -> dict[str, Any]:
    """The identifiers that the statements above leave open."""
    parts = target.split(".")
    if len(parts) > 2 or not all(parts):
        raise InputError(f"the target must be table or schema.table. Received: {target}")

    def listed(words: Any, *before: str) -> Any:
        return sql.SQL(", ").join(sql.Identifier(*before, word) for word in words)

    columns = [
        sql.SQL("{} {} NOT NULL").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in _wanted().items()
    ]
    return {
        "table": sql.Identifier(*parts),
        "new": sql.Identifier("pg_temp", "mildnet_triplets_new"),
        "columns": listed(Similar.columns()),
        "typed": sql.SQL(", ").join(columns),
        "key": listed(KEY),
        "old_key": listed(KEY, "old"),
        "gone_key": listed(KEY, "gone"),
    }


def _wanted() -> dict[str, str]:
    return {column.name: _TYPES[str(column.type)] for column in Similar.schema()}


def _refuse_other_columns(found: dict[str, str], target: str) -> None:
    for name, kind in _wanted().items():
        if name not in found:
            raise InputError(f"{target} has no column {name}. Add it as {kind} not null, or publish to another table.")
        if found[name] != kind:
            raise InputError(
                f"{target} has the column {name} as {found[name]}, not {kind}. Change it, or publish to another table."
            )


def _send(cursor: "Cursor", path: Path, total: int, sql: Any, names: dict[str, Any]) -> None:
    """Copy the rows to a table that this connection alone sees, and that ends with the transaction."""
    from tqdm import tqdm

    temporary = names | {"kind": sql.SQL("TEMPORARY"), "end": sql.SQL("ON COMMIT DROP"), "table": names["new"]}
    cursor.execute(sql.SQL(_CREATE).format(**temporary))
    with (
        tqdm(total=total, desc="rows", unit=" rows", delay=2) as bar,
        cursor.copy(sql.SQL("COPY {new} ({columns}) FROM STDIN").format(**names)) as copy,
    ):
        for batch in Similar.batches(path):
            refuse_nul(batch)
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)
            bar.update(batch.num_rows)
    cursor.execute(sql.SQL("ANALYZE {new}").format(**names))


def _one(cursor: "Cursor", query: Any, values: list[str] | None = None) -> Any:
    row = cursor.execute(query, values).fetchone()
    return row and row[0]
