"""What the last `triplets similar` saw, kept beside its lists: by it the next run knows what has changed."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from core.atomic import write_json
from core.errors import TableError
from core.paths import SEAL, SEEN, SIMILAR
from core.similarity import Similarity
from core.tables import Seen, Similar
from triplets.products.changes import Before, Counts
from triplets.products.similar import Found

_VERSION = 1  # of how lists are found: another one may find others

_CHANGED = {
    "version": "the way in which lists are found",
    "numpy": "the version of NumPy",
    "products": "the length of the lists",
    "similarity": "the weights or scales",
}

Made = dict[str, Any]
AnyTable = TypeVar("AnyTable", Similar, Seen)


def made_by(k: int, similarity: Similarity) -> Made:
    """What decides the lists but the photos, as JSON has it."""
    # NumPy sums the differences; another version may round them differently.
    return {"version": _VERSION, "numpy": np.__version__, "products": k, "similarity": asdict(similarity)}


def write(found: Iterator[Found], made: Made) -> tuple[int, Counts]:
    """Write the lists, then what they were made from, then the seal on both; return the rows, and what was new.

    Each file takes its place at once. A run that ends between two of them leaves a seal that does not fit.

    Raises:
        TableError: as `Table.write_parts`.
    """
    seen, counts = [], Counts()

    def lists() -> Iterator[Similar]:
        nonlocal counts
        for one in found:
            seen.append(one.seen)
            counts += one.counts
            yield one.lists

    rows = Similar.write_parts(SIMILAR, lists())
    Seen.write_parts(SEEN, seen)
    write_json(SEAL, made | _digests())
    return rows, counts


def read(made: Made) -> tuple[dict[str, Before] | None, str]:
    """What the last run knew, by partition; or None where today's lists are `made` otherwise, and why, in words."""
    try:
        sealed = json.loads(SEAL.read_text())
        fits = {name: sealed[name] for name in (SIMILAR.name, SEEN.name)} == _digests()
        if not fits:
            return None, f"{SIMILAR} is not as the last run left it"
        for name, words in _CHANGED.items():
            if sealed[name] != made[name]:
                return None, f"{words} changed"
        lists, seen = _split(Similar.read(SIMILAR)), _split(Seen.read(SEEN))
    except FileNotFoundError as error:
        return None, f"{error.filename} does not exist"
    except (ValueError, TypeError, KeyError, TableError):
        return None, f"{SEAL} is not of this program"
    nothing = Similar.from_rows([])
    return {name: Before(some, lists.get(name, nothing)) for name, some in seen.items()}, ""


def gone(before: Mapping[str, Before], now: set[str]) -> Counts:
    """The products of partitions that there are no more."""
    lost = [len(one.seen) for name, one in before.items() if name not in now]
    return Counts(removed=sum(lost), touched=len(lost))


def _split(table: AnyTable) -> dict[str, AnyTable]:
    """The rows of each partition, which follow one another."""
    edges = [0, *(np.flatnonzero(table.partition[1:] != table.partition[:-1]) + 1).tolist(), len(table)]
    runs = [slice(start, end) for start, end in pairwise(edges) if start < end]
    return {str(table.partition[run.start]): table.take(run) for run in runs}


def _digests() -> Made:
    return {path.name: _digest(path) for path in (SIMILAR, SEEN)}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
