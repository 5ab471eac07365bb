"""Judgements: which of two photos is closer to a third, as people say; a CSV that may grow while it is read."""

import csv
import fcntl
import io
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from core.atomic import write_text
from core.errors import InputError
from core.tables import Catalog
from triplets.groups import Rows

_LONGEST = 200  # characters of `who` and `when`


@dataclass(frozen=True)
class Judgement:
    """Photo `closer`, `a` or `b`, is the closer one to the photo `query`, says `who`; all as text, `when` may be empty.

    Raises:
        InputError: two of the three photos are one, or `closer` is neither a nor b.
    """

    query: str
    a: str
    b: str
    closer: str
    who: str
    when: str

    def __post_init__(self) -> None:
        if self.query in (self.a, self.b):
            raise InputError(f"the query {self.query} is also a photo to choose from. Name three different photos.")
        if self.a == self.b:
            raise InputError(f"a and b are the same photo, {self.a}. Name three different photos.")
        if self.closer not in ("a", "b"):
            raise InputError(f"closer must be a or b. Received: {self.closer!r}")


COLUMNS = tuple(field.name for field in fields(Judgement))


@dataclass(frozen=True)
class Judgements:
    """The judgements of a file as rows (n,) of a catalog, and whether `a` is the closer one, bool (n,).

    `people` have judged; `repeated` rows equal an earlier one in everything and are left out, `unanswered` ones have
    no `closer` yet.
    """

    query: Rows
    a: Rows
    b: Rows
    a_closer: npt.NDArray[np.bool_]
    people: int
    repeated: int
    unanswered: int

    def __len__(self) -> int:
        return len(self.query)

    @classmethod
    def read(cls, path: Path, catalog: Catalog) -> Self:
        """Read and check the CSV file `path`; its rows are counted as a spreadsheet does, the header being row 1.

        Two people, or one at two times, may judge the same photos, and each judgement counts. Rows that are equal
        in everything count once: they are a form that was sent twice.

        Raises:
            InputError: the file is missing, no UTF-8 or no CSV, or lacks a column; or a row is malformed, or names
                an image that the catalog lacks or images of different partitions.
        """
        numbered, unanswered = _numbered(path)
        row = {image_id: number for number, image_id in enumerate(catalog.image_id)}
        for number, judged in numbered.items():
            for name, image_id in (("query", judged.query), ("a", judged.a), ("b", judged.b)):
                if image_id not in row:
                    raise InputError(
                        f"{path}, row {number}: the catalog lacks the image {image_id!r} ({name})."
                        " Mend it or remove the row."
                    )
            partitions = {name: catalog.partition[row[getattr(judged, name)]] for name in ("query", "a", "b")}
            if len(set(partitions.values())) > 1:
                told = ", ".join(f"{name} in {partition}" for name, partition in partitions.items())
                raise InputError(
                    f"{path}, row {number}: the photos are of different partitions: {told}."
                    " Only photos of one are compared; remove the row."
                )
        once = list(dict.fromkeys(numbered.values()))
        return cls(
            np.array([row[judged.query] for judged in once], np.int64),
            np.array([row[judged.a] for judged in once], np.int64),
            np.array([row[judged.b] for judged in once], np.int64),
            np.array([judged.closer == "a" for judged in once], np.bool_),
            people=len({judged.who for judged in once}),
            repeated=len(numbered) - len(once),
            unanswered=unanswered,
        )


def append(path: Path, judgement: Judgement) -> None:
    """Add a row to the CSV file `path`, and the header to a new one; on return it is on disk.

    Several processes may append at once. Of `who` and `when`, which strangers type, control characters become spaces
    and what a spreadsheet would take for a formula gets a ' in front.

    Raises:
        InputError: the file lacks a column, or is no UTF-8 or no CSV.
        OSError: it cannot be written, and is as it was.
    """
    told = asdict(judgement) | {name: _harmless(getattr(judgement, name)) for name in ("who", "when")}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        there = file.read()
        rows = io.StringIO()
        if there:
            # A row that was cut off must not run into this one.
            rows.write("" if there.endswith(b"\n") else "\n")
            writer = csv.DictWriter(rows, _header(path, _text(path, there)), lineterminator="\n")
        else:
            writer = csv.DictWriter(rows, COLUMNS, lineterminator="\n")
            writer.writeheader()
        writer.writerow(told)
        left = rows.getvalue().encode("utf-8", "replace")
        try:
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(len(there))  # half a row would spoil the next
            raise
    _sync_folder(path.parent)


def _harmless(text: str) -> str:
    """`text` on one line, without what does not print, and never a formula."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_LONGEST]
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def _sync_folder(folder: Path) -> None:
    """Make sure that a new file's name outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_questions(path: Path, questions: Sequence[tuple[str, str, str]], who: str) -> None:
    """Write a new CSV file of `questions`, the ids of a query and of the photos a and b, for `who` to fill in `closer`.

    Raises:
        InputError: there is such a file, or it is not called .csv.
    """
    if path.suffix.lower() != ".csv":
        raise InputError(f"{path} must end in .csv: the photos are drawn beside it. Name another file by --output.")
    if path.exists():
        raise InputError(f"{path} exists, and may hold answers. Name another file by --output.")
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([*three, "", _harmless(who), ""] for three in questions)
    write_text(path, rows.getvalue())


def _numbered(path: Path) -> tuple[dict[int, Judgement], int]:
    """The judgements of a file by the number of their row, and how many rows are not answered yet."""
    try:
        text = _text(path, path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path} does not exist. Name a CSV with the columns {', '.join(COLUMNS)}.") from None
    header = _header(path, text)
    found, unanswered = {}, 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1):
            if number == 1 or not cells:
                continue
            if len(cells) != len(header):
                raise InputError(f"it has {len(cells)} cells, the header has {len(header)}. Mend or remove it.")
            value = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            if not value["closer"]:
                unanswered += 1
                continue
            found[number] = Judgement(**{name: value[name] for name in COLUMNS})
    except csv.Error as error:
        raise InputError(f"{path}, row {number + 1}: {error}. Mend it.") from error
    except InputError as error:
        raise InputError(f"{path}, row {number}: {error}") from None
    return found, unanswered


def _text(path: Path, data: bytes) -> str:
    """The text of a CSV file, of which spreadsheets write some with a byte order mark."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: {error}. Save it as UTF-8.") from error
    if "\0" in text:
        raise InputError(f"{path} holds a NUL byte in line {text[: text.index(chr(0))].count(chr(10)) + 1}. Mend it.")
    return text


def _header(path: Path, text: str) -> list[str]:
    """The columns that the first row names; further ones than `COLUMNS` may stand there."""
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), strict=True), [])
    except csv.Error as error:
        raise InputError(f"{path}, row 1: {error}. Mend it.") from error
    missing = [name for name in COLUMNS if header.count(name) != 1]
    if not text.strip():
        raise InputError(f"{path} is empty. Its first row must be {','.join(COLUMNS)}.")
    if missing:
        raise InputError(f"{path} must have the column {missing[0]} once. Its first row must be {','.join(COLUMNS)}.")
    return header
