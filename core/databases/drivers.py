"""What the databases share: a driver that need not be there, and credentials that stand in the environment alone."""

import re
from importlib import import_module
from types import ModuleType

from core.errors import InputError

_ADDRESS = re.compile(r"\b(postgres(ql)?|mongodb)(\+\w+)?://|://[^/\s]*@|\b(pg)?password\s*=", re.IGNORECASE)


def driver(name: str) -> ModuleType:
    """The package `name`, which talks to a database.

    Raises:
        InputError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:  # the package, or the library of C below it
        package = name.split(".")[0]
        raise InputError(f"this database needs {package}. Run pip install 'mildnet-triplets[database]'.") from None


def refuse_address(text: str, what: str) -> None:
    """Let no address of a database pass: it may hold a password, which the message therefore never shows.

    Raises:
        InputError: `text` has one; `what` names it.
    """
    if _ADDRESS.search(text):
        raise InputError(
            f"{what} must hold no address of a database and no password. Put them into the environment:"
            " PGHOST, PGDATABASE, PGUSER and PGPASSWORD, or MONGODB_URI."
        )
