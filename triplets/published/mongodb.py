"""Similar products in a collection of MongoDB: filled beside it, then renamed over it in one step."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.databases.drivers import driver
from core.databases.mongodb import database
from core.errors import InputError
from core.tables import Similar
from triplets.published.columns import KEY, Published

if TYPE_CHECKING:
    from pymongo.database import Database

_FORGOTTEN = timedelta(days=2)  # the age of what a killed run has left


def publish(path: Path, target: str) -> Published:
    """Make the collection `target` hold the rows of the file `path`, a document each; its `_id` is their key.

    Readers see the old collection until the new one takes its place, with the same options and indexes; it takes no
    transaction, so that a server that stands alone does it too. Of two runs at once both do so, one after the other.

    Raises:
        TableError: the file is missing or no `Similar`.
        InputError: the database fails, or the collection holds something else.
    """
    from tqdm import tqdm

    object_id = driver("bson").ObjectId
    total = Similar.count(path)
    with database() as at:
        options = _options(at, target)
        _refuse_other_fields(at, target)
        _forget(at, target, object_id)
        removed = at[target].estimated_document_count()
        beside = at.create_collection(f"{target}.{object_id()}.partial", **options)
        try:
            for name, index in at[target].index_information().items():
                if name != "_id_":
                    kept = {key: value for key, value in index.items() if key not in ("key", "v", "ns")}
                    beside.create_index(index["key"], name=name, **kept)
            beside.create_index([(name, 1) for name in KEY], unique=True)
            with tqdm(total=total, desc="rows", unit=" rows", delay=2) as bar:
                for batch in Similar.batches(path):
                    beside.insert_many({"_id": {name: row[name] for name in KEY}} | row for row in batch.to_pylist())
                    bar.update(batch.num_rows)
            beside.rename(target, dropTarget=True)
        except BaseException:
            beside.drop()
            raise
    return Published(total, total, removed)


def _options(at: "Database[dict[str, Any]]", target: str) -> dict[str, Any]:
    """What the collection was made with, such as a validator; nothing where there is none yet."""
    for found in at.list_collections(filter={"name": target}):
        if found["type"] != "collection":
            raise InputError(f"{target} is no collection, but a view or the like. Publish to another name, or drop it.")
        return dict(found["options"])
    return {}


def _refuse_other_fields(at: "Database[dict[str, Any]]", target: str) -> None:
    """Overwrite nothing but similar products; of documents that are alike, the first tells."""
    first = at[target].find_one()
    if first is None:
        return
    kinds = {"string": str, "int32": int, "float": float}
    for column in Similar.schema():
        if not isinstance(first.get(column.name), kinds[str(column.type)]):
            raise InputError(
                f"{target} holds documents without {column.name} as {column.type}. Publish to another collection."
            )


def _forget(at: "Database[dict[str, Any]]", target: str, object_id: Any) -> None:
    """Drop what killed runs have left, once none can still write to it."""
    for name in at.list_collection_names():
        middle = name.removeprefix(f"{target}.").removesuffix(".partial")
        left = name == f"{target}.{middle}.partial" and object_id.is_valid(middle)
        if left and datetime.now(UTC) - object_id(middle).generation_time > _FORGOTTEN:
            at.drop_collection(name)
