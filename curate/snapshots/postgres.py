"""The rows of a PostgreSQL query as a CSV file, as the server itself writes it."""

import re
from pathlib import Path

from core.atomic import replacing
from core.databases.drivers import driver
from core.databases.postgres import transaction
from core.errors import InputError

ENDING = ".csv"
_ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)
# Else the server's settings would decide about the text of a time.
_SETTINGS = "SET LOCAL datestyle = ISO; SET LOCAL intervalstyle = postgres; SET LOCAL timezone = 'UTC'"


def snapshot(rows: str, path: Path) -> int:
    """Write what the query `rows` selects to `path`, atomically and without holding it in memory.

    A missing value is an empty cell.

    Returns:
        The number of rows.

    Raises:
        InputError: the query has no order, or the database or the query fails.
    """
    from tqdm import tqdm

    if not _ORDERED.search(rows):
        raise InputError(
            "the query has no ORDER BY, so that its rows may come in another order tomorrow."
            " Order them by when they were added."
        )
    sql = driver("psycopg.sql")
    # A comment may end the query.
    copied = sql.SQL("COPY ({}\n) TO STDOUT (FORMAT csv, HEADER)").format(sql.SQL(rows.strip().rstrip(";")))
    with transaction(read_only=True) as cursor, replacing(path) as beside:
        cursor.execute(_SETTINGS)
        with beside.open("wb") as file, cursor.copy(copied) as copy:
            for line in tqdm(copy, desc="rows", unit=" rows", delay=2):
                file.write(line)
        return cursor.rowcount
