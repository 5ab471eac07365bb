"""A connection to PostgreSQL, as libpq's environment variables name it: one transaction, whose faults are one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.databases.drivers import driver
from core.errors import InputError

if TYPE_CHECKING:
    from psycopg import Cursor

_BROKEN = ("08", "57P")  # SQLSTATEs of a connection that is gone, and of a server that stops or cancels
# Seconds, and milliseconds, after which a server that is gone without a word is given up.
_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
# The same of the server, which would else keep the locks of a client that is gone for hours.
_SERVER = (
    "SET LOCAL tcp_keepalives_idle = 30; SET LOCAL tcp_keepalives_interval = 10; SET LOCAL tcp_keepalives_count = 3"
)


@contextmanager
def transaction(*, read_only: bool = False) -> Iterator["Cursor[tuple[Any, ...]]"]:
    """A cursor in a transaction that is committed at the end, and undone by any error.

    One that is `read_only` sees the database as it is at its first query, whatever others do meanwhile.

    Raises:
        InputError: there is no server, it refuses, or the connection breaks.
    """
    psycopg = driver("psycopg")
    patience = _PATIENCE | ({"connect_timeout": None} if "PGCONNECT_TIMEOUT" in os.environ else {})
    try:
        connection = psycopg.connect("", application_name="mildnet-triplets", client_encoding="UTF8", **patience)
    except psycopg.Error as error:
        raise InputError(
            f"PostgreSQL cannot be reached: {_told(error)}. Check PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD,"
            " or PGSERVICE."
        ) from None
    try:
        connection.read_only = read_only
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ if read_only else None
        with connection, connection.cursor() as cursor:
            cursor.execute(_SERVER)
            yield cursor
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate.startswith(_BROKEN):
            raise InputError(
                f"the connection to PostgreSQL broke: {_told(error)}. Nothing is half done there. Run it again."
            ) from None
        raise InputError(
            f"PostgreSQL refuses: {_told(error)}. Mend it, and run again: nothing has changed there."
        ) from None


def _told(error: Exception) -> str:
    """The first line of what the server or the driver says, without the values of any row."""
    diagnosis = getattr(error, "diag", None)
    said = (diagnosis and diagnosis.message_primary) or str(error).strip() or type(error).__name__
    # psycopg names the host that it was given, which is none: the environment has it.
    return str(said).splitlines()[0].strip().rstrip(".").replace("resolve host None:", "resolve PGHOST:")
