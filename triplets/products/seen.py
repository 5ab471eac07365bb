"""What the last `triplets similar` saw, kept beside its lists: by it the next run knows what has changed."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.arrow import numbers
from core.atomic import replacing, write_json
from core.errors import TableError
from core.paths import SEAL, SEEN, SIMILAR
from core.similarity import Similarity
from core.tables import Seen, Similar, Table
from triplets.products.last import Last
from triplets.products.similar import Search

_VERSION = 2  # of how lists are found, and of what is kept beside them: another one may find others

_CHANGED = {
    "version": "the way in which lists are found",
    "numpy": "the version of NumPy",
    "products": "the length of the lists",
    "similarity": "the weights or scales",
}

Made = dict[str, Any]


def made_by(k: int, similarity: Similarity) -> Made:
    """What decides the lists but the photos, as JSON has it."""
    # NumPy sums the differences; another version may round them differently.
    return {"version": _VERSION, "numpy": np.__version__, "products": k, "similarity": asdict(similarity)}


def write(search: Search, lists: Iterable[pa.Table], seen: pa.Table, made: Made) -> int:
    """Write the lists, then what they were made from, then the seal on both; return the rows of the lists.

    Of partitions that fail in the `search` all stays as the last run left it, so that the next one tries them again.
    Each file takes its place at once. A run that ends between two of them leaves a seal that does not fit.
    """
    with replacing(SIMILAR) as beside:
        rows = Similar.write_to(beside, lists)
        if search.failed:
            yesterday, saw = _last(made)
            failed = search.places.names.take(numbers(search.missed()))
            rows = Similar.write_to(beside, [_with(Similar, Similar.arrow(beside), yesterday, failed)])
            seen = _with(Seen, seen, saw, failed)
    Seen.write_parts(SEEN, [seen])
    write_json(SEAL, made | _digests())
    return rows


def _with(kind: type[Table], today: pa.Table, last: pa.Table, partitions: pa.Array) -> pa.Table:
    """Today's rows, but in some partitions those of the last run."""
    today, last = today.cast(kind.schema()), last.cast(kind.schema())
    of_today = today.filter(pc.invert(pc.is_in(today["partition"], value_set=partitions)))
    of_last = last.filter(pc.is_in(last["partition"], value_set=partitions))
    return pa.concat_tables([of_today, of_last]).sort_by([(name, "ascending") for name in kind.ORDER])


def _last(made: Made) -> tuple[pa.Table, pa.Table]:
    """The last lists and what they were made from, which is nothing where today's are `made` otherwise."""
    fault = _fault()
    lists = Similar.schema().empty_table() if fault else Similar.arrow(SIMILAR)
    return lists, Seen.schema().empty_table() if fault or _differs(made) else Seen.arrow(SEEN)


def read(made: Made) -> tuple[Last | None, str]:
    """What the last run knew; or None where today's lists cannot be `made` from it, and why, in words."""
    why = _fault() or _differs(made)
    if why:
        return None, why
    return Last(Seen.arrow(SEEN), Similar.arrow(SIMILAR, Last.COLUMNS)), ""


def _fault() -> str:
    """What is wrong with the files of the last run, in words; empty where nothing is."""
    try:
        sealed = json.loads(SEAL.read_text())
        if {name: sealed[name] for name in (SIMILAR.name, SEEN.name)} != _digests():
            return f"{SIMILAR} is not as the last run left it"
        if sealed.keys() != {*_CHANGED, SIMILAR.name, SEEN.name}:
            return f"{SEAL} is not of this program"
    except FileNotFoundError as error:
        return f"{error.filename} does not exist"
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"{SEAL} is not of this program"
    for table, path in ((Similar, SIMILAR), (Seen, SEEN)):
        try:
            table.count(path)
        except TableError:
            return f"{path} is not of this version"
    return ""


def _differs(made: Made) -> str:
    """What decides the lists and is another than in the last run, in words; empty where nothing is."""
    sealed = json.loads(SEAL.read_text())
    return next((f"{words} changed" for name, words in _CHANGED.items() if sealed[name] != made[name]), "")


def _digests() -> Made:
    return {path.name: _digest(path) for path in (SIMILAR, SEEN)}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
