"""A database of MongoDB, as MONGODB_URI names it, whose faults are one line."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.databases.drivers import driver
from core.errors import InputError

if TYPE_CHECKING:
    from pymongo.database import Database

_PATIENCE = 10_000  # milliseconds until a server is found


@contextmanager
def database() -> Iterator["Database[dict[str, Any]]"]:
    """The database that the address's path names.

    Raises:
        InputError: MONGODB_URI is missing or malformed, there is no server, it refuses, the connection breaks, or a
            document is malformed.
    """
    pymongo, errors, malformed_bson = driver("pymongo"), driver("pymongo.errors"), driver("bson.errors").BSONError
    address = os.environ.get("MONGODB_URI")
    if not address:
        raise InputError("MONGODB_URI is not set. Set it to mongodb://user:password@host/database.")
    malformed = "MONGODB_URI is no address with a database. Set it to mongodb://user:password@host/database."
    try:
        client = pymongo.MongoClient(address, serverSelectionTimeoutMS=_PATIENCE, appname="mildnet-triplets")
    except (errors.PyMongoError, ValueError):  # whose texts may quote the address
        raise InputError(malformed) from None
    with client:
        try:
            yield client.get_default_database()
        except errors.ConfigurationError:
            raise InputError(malformed) from None
        except errors.OperationFailure as error:
            raise InputError(f"MongoDB refuses: {_told(error)}. Mend it, and run again.") from None
        except malformed_bson as error:  # a server holds whatever a program has sent it
            raise InputError(f"MongoDB has a document that cannot be read: {_told(error)}. Mend it there.") from None
        except errors.PyMongoError as error:
            raise InputError(
                f"MongoDB cannot be reached: {_told(error)}. Check MONGODB_URI and the server, and run again."
            ) from None


def _told(error: Exception) -> str:
    """What the driver says, without its settings, and of a list of rows that failed the first."""
    failed = (getattr(error, "details", None) or {}).get("writeErrors")
    said = failed[0]["errmsg"] if failed else re.split(r",| \(", str(error), maxsplit=1)[0]
    return " ".join(str(said).split()).rstrip(".") or type(error).__name__
