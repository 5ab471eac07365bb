"""The steps of a day: each a command of its own, what it said, how long it took, and what it found in the caches."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from core.atomic import alone
from core.errors import InputError
from core.paths import FEATURE_CACHE, PHOTO_CACHE

_LOCK = PHOTO_CACHE.with_name("day.lock")


@dataclass(frozen=True)
class Cache:
    """A cache that a step asks: its file, its table, and what its new rows are in words."""

    path: Path
    table: str
    what: str

    def count(self) -> int:
        """How many rows there are; none where there is no such cache, of which the step will tell."""
        try:
            with closing(sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
                return int(opened.execute(f"SELECT count(*) FROM {self.table}").fetchone()[0])
        except sqlite3.Error:
            return 0


@dataclass(frozen=True)
class Step:
    """A command, the cache that it asks, and whether the day goes on where it fails."""

    words: tuple[str, ...]
    cache: Cache | None = None
    goes_on: bool = False

    @property
    def name(self) -> str:
        return " ".join(self.words[:2])


def steps(target: str, kind: str, source: str | None, rows: str | None) -> list[Step]:
    """What makes a day: from `rows` of the database `source`, or the table as it is, to `target` in a `kind` of one."""
    photos = Cache(PHOTO_CACHE, "photos", "photos were decoded")
    vectors = Cache(FEATURE_CACHE, "vectors", "vectors were computed")
    snapshot = (
        [Step(("curate", "snapshot", "--from", source, "--", rows))] if source is not None and rows is not None else []
    )
    return [
        *snapshot,
        Step(("curate", "ingest"), photos),
        Step(("features", "extract"), vectors),
        # Where some partitions fail, the lists of the others are written, and worth to be seen.
        Step(("triplets", "similar", "--incremental"), goes_on=True),
        Step(("triplets", "publish", "--to", kind, "--", target)),
    ]


def live(day: Sequence[Step]) -> Iterator[str]:
    """Run the steps in order, and tell of each one when it has ended; what they say on stderr comes at once.

    Raises:
        InputError: another day runs in this folder, or a step failed.
    """
    failed = []
    with alone(_LOCK, "day"):
        start = perf_counter()
        for step in day:
            code = yield from _run(step)
            if code:
                failed.append(step.name)
                if not step.goes_on:
                    break
        yield f"{perf_counter() - start:6.1f} s in all"
    if failed:
        raise InputError(
            f"the day is not done: {' and '.join(failed)} failed. What it said stands above. Mend it, and run the day"
            " again: what is done is not done twice."
        )


def _run(step: Step) -> Generator[str, None, int]:
    """Run it to its end, tell of it, and return its exit code."""
    start = perf_counter()
    before = step.cache.count() if step.cache else 0
    # The commands of this Python, whatever the path has.
    program = Path(sys.executable).with_name(step.words[0])
    done = subprocess.run(
        [program, *step.words[1:]],
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    failed = f"  failed, exit code {done.returncode}" if done.returncode else ""
    yield f"{perf_counter() - start:6.1f} s  {' '.join(step.words)}{failed}"
    for line in done.stdout.splitlines():
        yield f"          {line}"
    if step.cache:
        new = step.cache.count() - before
        yield f"          {new:,} {step.cache.what}, the others came from {step.cache.path}"
    return done.returncode
