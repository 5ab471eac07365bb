"""The documents of a MongoDB collection as a file of JSON lines."""

import json
from pathlib import Path

from core.atomic import replacing
from core.databases.mongodb import database
from core.errors import InputError

ENDING = ".jsonl"


def snapshot(rows: str, path: Path) -> int:
    """Write the collection `rows` to `path`, in the order of `_id`, atomically and without holding it in memory.

    What JSON cannot hold, such as `_id` and times, is text.

    Returns:
        The number of documents.

    Raises:
        InputError: there is no such collection, or the database fails.
    """
    from tqdm import tqdm

    count = 0
    with database() as source, replacing(path) as beside:
        if rows not in source.list_collection_names(filter={"name": rows}):
            raise InputError(f"{source.name} has no collection {rows!r}. Name one of its collections.")
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            for document in tqdm(source[rows].find().sort("_id", 1), desc="rows", unit=" rows", delay=2):
                file.write(json.dumps(document, default=str) + "\n")
                count += 1
    return count
