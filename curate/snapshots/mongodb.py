"""The documents of a MongoDB collection as a file of JSON lines."""

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.atomic import replacing
from core.databases.mongodb import database
from core.errors import InputError

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.database import Database

ENDING = ".jsonl"
_OF_5_0 = 13  # the wire version from which on a session can read of one moment


def snapshot(rows: str, path: Path) -> int:
    """Write the collection `rows` to `path`, in the order of `_id`, atomically and without holding it in memory.

    What JSON cannot hold, such as `_id` and times, is text. All documents are of one moment where the server keeps
    such: it stands in a replica set, or before shards.

    Returns:
        The number of documents.

    Raises:
        InputError: there is no such collection, or the database fails.
    """
    from tqdm import tqdm

    count = 0
    with database() as source, _moment(source) as session, replacing(path) as beside:
        if rows not in source.list_collection_names(filter={"name": rows}):
            raise InputError(f"{source.name} has no collection {rows!r}. Name one of its collections.")
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            for document in tqdm(source[rows].find(session=session).sort("_id", 1), desc="rows", unit=" rows", delay=2):
                file.write(json.dumps(document, default=str) + "\n")
                count += 1
    return count


def _moment(source: "Database[dict[str, Any]]") -> "AbstractContextManager[ClientSession | None]":
    """A session whose reads are of one moment, or none on a server that stands alone."""
    told = source.command("hello")
    keeps = "setName" in told or told.get("msg") == "isdbgrid"
    return source.client.start_session(snapshot=True) if keeps and told["maxWireVersion"] >= _OF_5_0 else nullcontext()
