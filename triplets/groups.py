"""The units of work, a partition or one split of it, and their own random generators."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.codes import codes
from core.errors import TableError
from core.tables import SPLITS, Catalog, Column

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Group:
    """The photos of one partition and split: `rows` (n,) of the catalog, in its order."""

    partition: str
    split: str
    rows: Rows


def groups(catalog: Catalog) -> list[Group]:
    """Every partition and split that has photos, by partition, then train, val, test."""
    return [
        Group(name, split, inside[catalog.split[inside] == split])
        for name, inside in partitions(catalog).items()
        for split in SPLITS
        if split in catalog.split[inside]
    ]


def partitions(catalog: Catalog) -> dict[str, Rows]:
    """The rows (n,) of each partition, by its name."""
    found = by_label(np.arange(len(catalog)), codes(catalog.partition))
    return dict(sorted((str(catalog.partition[rows[0]]), rows) for rows in found))


def by_label(rows: Rows, label: Rows) -> list[Rows]:
    """`rows` (n,) by their `label` (n,), those of one in the order in which they stand."""
    order = np.argsort(label, kind="stable")
    return np.split(rows[order], np.flatnonzero(np.diff(label[order])) + 1) if len(rows) else []


def rows_of(image_ids: Column, wanted: Any, source: str) -> Rows:
    """The row in `image_ids` of each of `wanted`; `source` names the table that wants them.

    Raises:
        TableError: an id of `source` is none of `image_ids`.
    """
    row = {image_id: number for number, image_id in enumerate(image_ids)}
    try:
        return np.array([row[image_id] for image_id in wanted], np.int64)
    except KeyError as error:
        raise TableError(f"{source}: the catalog lacks the image {error.args[0]}. Run dvc repro.") from None


def generator(seed: int, *names: str) -> np.random.Generator:
    """A generator of its own for `names`, such as a kind, partition and split: no other's use changes its numbers."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:16], "big")])
