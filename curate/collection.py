"""From candidates to the files of a collection: catalog, measures, rejected rows and pixel store."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.engines import Engine
from core.images import write_store
from core.tables import Catalog, Measures, Rejected
from curate.checks import Fault, Reason
from curate.params import QualityParams
from curate.photos import Box, Cut, Photo
from curate.places.addresses import without_user
from curate.quality import flags
from curate.reading import File, Reading, read_all


@dataclass(frozen=True)
class Candidate:
    """A photo of a row that needs no more than its pixels to be accepted.

    `photo` counts from 1 in the row; `path` is relative to the image root, or an address; `groups` are the values of
    the columns whose rows share a split, as `column=value`.
    """

    source: str
    row: int
    photo: int
    path: str
    image_id: str
    product_id: str
    domain: str
    gender: str
    category: str
    pattern: str | None
    attributes: dict[str, str]
    box: Box | None = None
    groups: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        return f"{self.gender}/{self.category}"

    def fault(self, reason: str, detail: str) -> Fault:
        """This row, rejected."""
        return Fault(self.source, self.row, self.photo, without_user(self.path), Reason(reason), detail)


class Located(NamedTuple):
    """A candidate whose photo has been found; `identity` is what its place says of it."""

    candidate: Candidate
    identity: str


@dataclass(frozen=True)
class Accepted:
    """A candidate and what its photo turned out to be, less the pixels, which are in the store."""

    candidate: Candidate
    content: str
    photo: Photo


class Division(NamedTuple):
    """Of n photos, in their order: the duplicate group (n) and the split (n), both strings."""

    group: NDArray[Any]
    split: NDArray[Any]


def read_photos(
    located: Sequence[Located],
    reading: Reading,
    store: Path,
    *,
    crop: bool,
    also: Iterable[tuple[Accepted, bytes]] = (),
    engine: Engine,
) -> tuple[list[Accepted], list[Fault]]:
    """Read every candidate's photo, and write the accepted ones, in catalog order, to the pixel store; `also` follow.

    The results are in catalog order too, (partition, image_id). A street photo needs an accepted catalog photo
    of its product in its partition, whose id must sort before its own.
    """
    ordered = sorted(located, key=lambda one: (one.candidate.partition, one.candidate.image_id))
    files = [File(one.candidate.path, one.identity, Cut(one.candidate.box, crop)) for one in ordered]
    accepted: list[Accepted] = []
    faults: list[Fault] = []
    in_shop: set[tuple[str, str]] = set()

    def encoded() -> Iterator[tuple[str, bytes]]:
        for (candidate, _), (content, outcome) in zip(ordered, read_all(files, reading, engine), strict=True):
            product = candidate.partition, candidate.product_id
            if not isinstance(outcome, Photo):
                faults.append(candidate.fault(outcome.reason, outcome.detail))
            elif candidate.domain == "street" and product not in in_shop:
                faults.append(candidate.fault(Reason.NO_SHOP_PHOTO, f"of {candidate.product_id}"))
            else:
                if candidate.domain == "catalog":
                    in_shop.add(product)
                accepted.append(Accepted(candidate, content, outcome._replace(encoded=b"")))
                yield candidate.image_id, outcome.encoded
        for one, data in also:
            accepted.append(one)
            yield one.candidate.image_id, data

    write_store(store, encoded())
    return sorted(accepted, key=lambda one: (one.candidate.partition, one.candidate.image_id)), faults


def catalog(accepted: Sequence[Accepted], shown: Sequence[str], division: Division) -> Catalog:
    """The catalog rows of accepted photos (n), in their order, with their paths (n), groups and splits."""
    rows = [one.candidate for one in accepted]
    return Catalog(
        image_id=column(row.image_id for row in rows),
        product_id=column(row.product_id for row in rows),
        domain=column(row.domain for row in rows),
        gender=column(row.gender for row in rows),
        category=column(row.category for row in rows),
        partition=column(row.partition for row in rows),
        pattern=column(row.pattern for row in rows),
        split=division.split,
        duplicate_group=division.group,
        content_hash=column(one.content for one in accepted),
        width=column(one.photo.width for one in accepted),
        height=column(one.photo.height for one in accepted),
        path=column(shown),
        attributes=column(row.attributes for row in rows),
    )


def measures(accepted: Sequence[Accepted], params: QualityParams) -> Measures:
    """What accepted photos measured, in their order, and the flags that follow."""
    photos = [one.photo for one in accepted]
    return Measures(
        image_id=column(one.candidate.image_id for one in accepted),
        partition=column(one.candidate.partition for one in accepted),
        brightness=column(photo.quality.brightness for photo in photos),
        sharpness=column(photo.quality.sharpness for photo in photos),
        entropy=column(photo.quality.entropy for photo in photos),
        aspect=column(photo.quality.aspect for photo in photos),
        frames=column(photo.frames for photo in photos),
        perceptual_hash=column(photo.fingerprint.perceptual_hash for photo in photos),
        colors=column(photo.fingerprint.colors for photo in photos),
        flags=column(list(flags(photo.quality, photo.frames, params)) for photo in photos),
    )


def rejected(faults: Sequence[Fault]) -> Rejected:
    """The table of rejected rows."""
    return Rejected(
        source=column(fault.source for fault in faults),
        row=column(fault.row for fault in faults),
        photo=column(fault.photo for fault in faults),
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
