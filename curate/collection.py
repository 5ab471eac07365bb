"""From candidate rows to the files of a collection: catalog, rejected rows and pixel store."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.engine import run
from core.errors import PhotoError
from core.images import Pixels, write_store
from core.tables import Catalog, Rejected
from curate.checks import Fault, Reason
from curate.params import PhotoParams
from curate.photos import Box, Photo, read

# Photos per task: one costs about as little as handing a task over.
_PER_TASK = 16


@dataclass(frozen=True)
class Candidate:
    """A row that needs no more than its photo to be accepted; `path` is relative to the image root."""

    source: str
    row: int
    path: str
    image_id: str
    product_id: str
    domain: str
    gender: str
    category: str
    pattern: str | None
    attributes: dict[str, str]
    box: Box | None = None

    @property
    def partition(self) -> str:
        return f"{self.gender}/{self.category}"

    def fault(self, reason: str, detail: str) -> Fault:
        """This row, rejected."""
        return Fault(self.source, self.row, self.path, Reason(reason), detail)


@dataclass(frozen=True)
class Accepted:
    """A candidate and what its photo turned out to be."""

    candidate: Candidate
    width: int
    height: int
    content_hash: str
    box: Box | None


def read_photos(
    candidates: Sequence[Candidate], root: Path, store: Path, params: PhotoParams, *, crop: bool, workers: int
) -> tuple[list[Accepted], list[Fault]]:
    """Read every candidate's photo, and write the accepted ones to the pixel store in catalog order.

    The results are in catalog order too, (partition, image_id). A street photo needs an accepted catalog photo
    of its product in its partition, whose id must sort before its own.
    """
    ordered = sorted(candidates, key=lambda candidate: (candidate.partition, candidate.image_id))
    accepted: list[Accepted] = []
    faults: list[Fault] = []
    in_shop: set[tuple[str, str]] = set()

    def pixels() -> Iterator[tuple[str, Pixels]]:
        tasks = [ordered[start : start + _PER_TASK] for start in range(0, len(ordered), _PER_TASK)]
        task = partial(_read_task, root=root.resolve(), crop=crop, params=params)
        results = run(task, tasks, workers=workers, label=f"photos, {_PER_TASK} a step", total=len(tasks))
        for candidate, result in zip(ordered, chain.from_iterable(results), strict=True):
            product = candidate.partition, candidate.product_id
            if isinstance(result, Fault):
                faults.append(result)
            elif candidate.domain == "street" and product not in in_shop:
                faults.append(candidate.fault(Reason.NO_SHOP_PHOTO, f"of {candidate.product_id}"))
            else:
                if candidate.domain == "catalog":
                    in_shop.add(product)
                accepted.append(Accepted(candidate, result.width, result.height, result.content_hash, result.box))
                yield candidate.image_id, result.pixels

    write_store(store, pixels())
    return accepted, faults


def catalog(accepted: Sequence[Accepted], root: Path, duplicate_group: NDArray[Any], split: NDArray[Any]) -> Catalog:
    """The catalog rows of accepted photos (n), in their order, with their groups (n) and splits (n)."""
    rows = [one.candidate for one in accepted]
    return Catalog(
        image_id=column(row.image_id for row in rows),
        product_id=column(row.product_id for row in rows),
        domain=column(row.domain for row in rows),
        gender=column(row.gender for row in rows),
        category=column(row.category for row in rows),
        partition=column(row.partition for row in rows),
        pattern=column(row.pattern for row in rows),
        split=split,
        duplicate_group=duplicate_group,
        content_hash=column(one.content_hash for one in accepted),
        width=column(one.width for one in accepted),
        height=column(one.height for one in accepted),
        path=column((root / row.path).as_posix() for row in rows),
        attributes=column(row.attributes for row in rows),
    )


def rejected(faults: Sequence[Fault]) -> Rejected:
    """The table of rejected rows."""
    return Rejected(
        source=column(fault.source for fault in faults),
        row=column(fault.row for fault in faults),
        path=column(fault.path for fault in faults),
        reason=column(str(fault.reason) for fault in faults),
        detail=column(fault.detail for fault in faults),
    )


def column(values: Iterable[Any]) -> NDArray[Any]:
    """A column of any values, (n,) objects."""
    listed = list(values)
    made = np.empty(len(listed), dtype=object)
    made[:] = listed
    return made


def _read_task(candidates: Sequence[Candidate], *, root: Path, crop: bool, params: PhotoParams) -> list[Photo | Fault]:
    results: list[Photo | Fault] = []
    for candidate in candidates:
        try:
            results.append(read(root, candidate.path, candidate.box, crop, params))
        except PhotoError as error:
            results.append(candidate.fault(error.reason, error.detail))
    return results
