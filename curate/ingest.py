"""`curate ingest`: a catalog table and a folder of photos become a collection."""

from pathlib import Path

from core.atomic import replacing, write_json
from core.errors import InputError, PhotoError
from core.paths import REJECTED, REPORT, STORE, TABLE
from curate.checks import Fault, Reason, check_share, locate
from curate.collection import Candidate, catalog, column, read_photos, rejected
from curate.columns import ColumnMap
from curate.duplicates import groups
from curate.params import IngestParams, PhotoParams, SplitParams
from curate.report import Report, summary
from curate.sources import Source
from curate.split import assign


def ingest(params: IngestParams, photos: PhotoParams, split: SplitParams, folder: Path, workers: int) -> Report:
    """Read the source, check every row and photo, and replace `folder` by the collection.

    Returns the report that is written. Nothing of `folder` changes where this raises.

    Raises:
        InputError: the source cannot be used, or too many of its rows are rejected.
    """
    root = Path(params.images)
    candidates, faults = check_rows(params)
    rows = len(candidates) + len(faults)
    if not rows:
        raise InputError(f"{params.table} has no rows. Fill it, or mend curate.ingest.table.")
    # What is already known to be too bad need not be decoded.
    check_share(faults, rows, params.max_rejected)
    with replacing(folder) as beside:
        beside.mkdir()
        accepted, late = read_photos(candidates, root, beside / STORE, photos, crop=False, workers=workers)
        faults += late
        check_share(faults, rows, params.max_rejected)
        group = groups(column(one.content_hash for one in accepted))
        products = column(one.candidate.product_id for one in accepted)
        table = catalog(accepted, root, group, assign(products, group, split))
        report = summary(table, faults, rows)
        table.write(beside / TABLE)
        rejected(faults).write(beside / REJECTED)
        write_json(beside / REPORT, report)
    return report


def check_rows(params: IngestParams) -> tuple[list[Candidate], list[Fault]]:
    """Every row of the source, as a candidate or as a fault, by the checks that read no photo.

    Raises:
        InputError: the source, the image root or a column that the parameters name does not exist.
    """
    root = Path(params.images)
    if not root.is_dir():
        raise InputError(f"the image root {root} is no folder. Make it, or mend curate.ingest.images.")
    root = root.resolve()
    mapping = ColumnMap(params)
    source = Source(Path(params.table))
    source.need(mapping.needed())
    candidates: list[Candidate] = []
    faults: list[Fault] = []
    first: dict[str, int] = {}
    for number, row in enumerate(source.rows(sorted(set(mapping.needed().values()))), 1):
        path = mapping.path(row) if row else ""
        try:
            if row is None:
                raise PhotoError(Reason.MALFORMED_ROW, f"not {len(source.columns)} fields, as the header has")
            candidate = mapping.candidate(params.table, number, row)
            locate(root, candidate.path)
            if first.setdefault(candidate.image_id, number) != number:
                raise PhotoError(Reason.DUPLICATE_KEY, f"row {first[candidate.image_id]} has {candidate.image_id} too")
            candidates.append(candidate)
        except PhotoError as error:
            faults.append(Fault(params.table, number, path or None, Reason(error.reason), error.detail))
    return candidates, faults
