"""`curate ingest`: a catalog table and its photos become a collection."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from tqdm import tqdm

from core.atomic import replacing, write_json
from core.engines import Engine
from core.errors import InputError, PhotoError
from core.paths import MEASURES, REJECTED, REPORT, STORE, TABLE, TOO_MANY_REJECTED
from curate.checks import Fault, Reason, check_share
from curate.collection import Candidate, Located, catalog, measures, read_photos, rejected
from curate.columns import ColumnMap
from curate.division import divide
from curate.params import DuplicateParams, IngestParams, QualityParams, SplitParams
from curate.places.roots import Root
from curate.reading import Reading
from curate.report import Report, lost, summary
from curate.sources import Source


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave the garbage collector out: it would walk over all rows again and again, and nothing here makes cycles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@_uncollected()
def ingest(
    params: IngestParams,
    reading: Reading,
    quality: QualityParams,
    duplicates: DuplicateParams,
    split: SplitParams,
    folder: Path,
    engine: Engine,
) -> Report:
    """Read the source, check every row and photo, and replace `folder` by the collection.

    Returns the report that is written. Nothing of `folder` changes where this raises.

    Raises:
        InputError: the source cannot be used, or too many of its photos are rejected.
    """
    rows, candidates, faults = read_rows(params)
    located, unfound = locate(candidates, reading.root)
    faults += unfound
    photos = len(located) + len(faults)
    # What is already known to be too bad need not be decoded.
    check_share(faults, photos, params.max_rejected, TOO_MANY_REJECTED, "curate.ingest")
    with replacing(folder) as beside:
        beside.mkdir()
        accepted, late = read_photos(located, reading, beside / STORE, crop=False, engine=engine)
        faults += late
        check_share(faults, photos, params.max_rejected, TOO_MANY_REJECTED, "curate.ingest")
        measured = measures(accepted, quality)
        paths = [reading.root.shown(one.candidate.path) for one in accepted]
        ages = [(one.candidate.row, one.candidate.photo) for one in accepted]
        table = catalog(accepted, paths, divide(accepted, paths, ages, duplicates, split))
        report: Report = {"table_rows": rows} | summary(table, measured, faults, photos)
        report["lost"] = lost((candidate.partition for candidate in candidates), table)
        table.write(beside / TABLE)
        measured.write(beside / MEASURES)
        rejected(faults).write(beside / REJECTED)
        write_json(beside / REPORT, report)
    return report


def read_rows(params: IngestParams) -> tuple[int, list[Candidate], list[Fault]]:
    """The number of the source's rows, and their photos, as candidates or as faults.

    Raises:
        InputError: the source or a column that the parameters name does not exist, or there is no row.
    """
    mapping = ColumnMap(params)
    source = Source(Path(params.table), params.delimiter)
    source.need(mapping.needed())
    source.lack(mapping.added())
    candidates: list[Candidate] = []
    faults: list[Fault] = []
    number = 0
    rows = source.rows(sorted(set(mapping.needed().values())))
    for number, row in enumerate(tqdm(rows, desc="rows", unit=" rows", delay=1), 1):
        try:
            if row is None:
                raise PhotoError(Reason.MALFORMED_ROW, source.malformed)
            candidates += mapping.candidates(params.table, number, row)
        except PhotoError as error:
            faults += mapping.faults(params.table, number, row, error)
    if not number:
        raise InputError(f"{params.table} has no rows. Fill it, or mend curate.ingest.table.")
    return number, candidates, faults


def locate(candidates: Sequence[Candidate], root: Root) -> tuple[list[Located], list[Fault]]:
    """Those whose photo is there and whose image id no earlier one has; and the others, with the reason."""
    root.prepare(candidate.path for candidate in candidates)
    located: list[Located] = []
    faults: list[Fault] = []
    first: dict[str, Candidate] = {}
    for candidate in tqdm(candidates, desc="photos found", unit=" photos", delay=1):
        try:
            identity = root.find(candidate.path)
            if (earlier := first.setdefault(candidate.image_id, candidate)) is not candidate:
                raise _repeated(candidate, earlier)
            located.append(Located(candidate, identity))
        except PhotoError as error:
            faults.append(candidate.fault(error.reason, error.detail))
    return located, faults


def _repeated(candidate: Candidate, earlier: Candidate) -> PhotoError:
    where = f"row {earlier.row} has {candidate.image_id} too"
    names = [field.name for field in fields(Candidate) if field.name not in ("row", "photo")]
    others = [name for name in names if getattr(candidate, name) != getattr(earlier, name)]
    if not others:
        return PhotoError(Reason.REPEATED_ROW, where)
    return PhotoError(Reason.DUPLICATE_KEY, f"{where}, with another {', '.join(others)}")
