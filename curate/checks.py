"""Why a row does not become a photo of the catalog: the closed list, and the checks that need no pixels."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.errors import InputError, PhotoError, TableError


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
    """A rejected row: `row` counts from 1 in `source`; `path` is as the source has it, None where it has none."""

    source: str
    row: int
    path: str | None
    reason: Reason
    detail: str


def locate(root: Path, relative: str) -> Path:
    """The file `relative` to the image root; `root` is resolved, symbolic links included.

    Raises:
        PhotoError: `outside_root`, by `..`, an absolute path or a link, or `missing_file`.
    """
    try:
        file = (root / relative).resolve()
        if not file.is_relative_to(root):
            raise PhotoError(Reason.OUTSIDE_ROOT, f"leads to {_shown(relative, file)}")
        if not file.is_file():
            raise PhotoError(Reason.MISSING_FILE, "a folder, not a file" if file.is_dir() else "no such file")
    except (OSError, ValueError, RuntimeError) as error:  # too long, a null character, a loop of links
        raise PhotoError(Reason.MISSING_FILE, f"{type(error).__name__}: no usable path") from None
    return file


def _shown(relative: str, file: Path) -> str:
    # The resolved path would differ between machines, and the table's bytes with it.
    if Path(relative).is_absolute():
        return "an absolute path"
    return "a folder above the image root" if ".." in Path(relative).parts else f"{file.name}, by a symbolic link"


def count(faults: Iterable[Fault]) -> dict[str, int]:
    """Rejected rows per reason, in the order of the closed list; reasons without rows are left out."""
    counted = Counter(fault.reason for fault in faults)
    return {str(reason): counted[reason] for reason in Reason if counted[reason]}


def spell(counts: dict[str, int]) -> str:
    """`missing_file 30, truncated 11`."""
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())


def check_share(faults: Sequence[Fault], rows: int, max_rejected: float) -> None:
    """Refuse a source of which more than `max_rejected` of the rows is rejected; excluded rows do not count.

    Raises:
        InputError: with the counts per reason and the first such row, or when no row is left at all.
    """
    counted = [fault for fault in faults if fault.reason is not Reason.EXCLUDED]
    if len(faults) == rows:
        raise InputError(
            f"none of the {rows:,} rows can be used ({spell(count(faults))})."
            " Check columns, exclude and images in curate.ingest."
        )
    left = rows - (len(faults) - len(counted))
    if len(counted) > max_rejected * left:
        first = min(counted, key=lambda fault: fault.row)
        raise InputError(
            f"{len(counted):,} of {left:,} rows rejected ({spell(count(counted))}), at most {max_rejected:g} allowed."
            f" The first is row {first.row}: {first.path or 'no path'}, {first.reason}, {first.detail}."
            " Mend or exclude them, or raise curate.ingest.max_rejected."
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
