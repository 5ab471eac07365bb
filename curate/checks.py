"""Why a row does not become a photo of the catalog: the closed list, and the checks that need no pixels."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from core.atomic import write_text
from core.errors import InputError, TableError
from core.rows import as_csv


class Reason(StrEnum):
    """The closed list; a reason outside it is a ValueError of `Reason(...)`."""

    MALFORMED_ROW = "malformed_row"  # other fields than the source's layout has
    EXCLUDED = "excluded"  # the parameters leave it out
    EMPTY_VALUE = "empty_value"  # no id, path, gender or category
    OUTSIDE_ROOT = "outside_root"  # the path leads out of the image root
    MISSING_FILE = "missing_file"  # no such file, or none that can be read
    NOT_FETCHED = "not_fetched"  # an address that gave no photo, after all retries
    REPEATED_ROW = "repeated_row"  # an earlier row says the same
    DUPLICATE_KEY = "duplicate_key"  # an earlier row has the image id, and says something else
    ZERO_SIZE = "zero_size"  # an empty file, or a photo without pixels
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_MODE = "unsupported_mode"  # pixels that have no one reading as RGB, such as floats
    TRUNCATED = "truncated"  # damaged: the header reads, the pixels do not
    TOO_LARGE = "too_large"  # more bytes or, before decoding, more pixels than the parameters allow
    TOO_SMALL = "too_small"
    FLAT = "flat"  # one colour all over
    BAD_BOX = "bad_box"  # no part of the box is on the photo
    NO_SHOP_PHOTO = "no_shop_photo"  # a street photo whose product has none that is accepted


@dataclass(frozen=True)
class Fault:
    """A rejected photo: `row` counts from 1 in `source`, `photo` from 1 in the row; `path` is the source's, or None."""

    source: str
    row: int
    photo: int
    path: str | None
    reason: Reason
    detail: str


def count(faults: Iterable[Fault]) -> dict[str, int]:
    """Rejected rows per reason, in the order of the closed list; reasons without rows are left out."""
    counted = Counter(fault.reason for fault in faults)
    return {str(reason): counted[reason] for reason in Reason if counted[reason]}


def spell(counts: dict[str, int]) -> str:
    """`missing_file 30, truncated 11`."""
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())


def check_share(faults: Sequence[Fault], photos: int, max_rejected: float, listed: Path, section: str) -> None:
    """Refuse a source of which more than `max_rejected` of the photos is rejected; excluded ones do not count.

    `section` of the parameters names the source.

    Raises:
        InputError: with the counts per reason and the first such row, or when no photo is left at all; the rejected
            rows are then in the file `listed`, as CSV.
    """
    counted = [fault for fault in faults if fault.reason is not Reason.EXCLUDED]
    left = photos - (len(faults) - len(counted))
    if len(faults) < photos and len(counted) <= max_rejected * left:
        listed.unlink(missing_ok=True)
        return
    ordered = sorted(faults, key=lambda fault: (fault.row, fault.photo))
    names = [field.name for field in fields(Fault)]
    write_text(listed, as_csv([names, *([str(getattr(fault, name) or "") for name in names] for fault in ordered)]))
    if len(faults) == photos:
        raise InputError(
            f"none of the {photos:,} photos can be used ({spell(count(faults))}). See {listed};"
            f" check what {section} names."
        )
    first = next(fault for fault in ordered if fault.reason is not Reason.EXCLUDED)
    raise InputError(
        f"{len(counted):,} of {left:,} photos rejected ({spell(count(counted))}), at most {max_rejected:g} allowed."
        f" The first is row {first.row}: {first.path or 'no path'}, {first.reason}, {first.detail}."
        f" See {listed}; mend or exclude them, or raise {section}.max_rejected."
    )


def check_total(rows: int, accepted: int, rejected: int) -> None:
    """Hold that no row is lost.

    Raises:
        TableError: accepted and rejected rows are not the rows read.
    """
    if accepted + rejected != rows:
        raise TableError(
            f"{rows} rows were read, but {accepted} accepted and {rejected} rejected. This is a bug; report it."
        )
