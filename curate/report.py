"""What became of the rows read: the report file, and its lines on the console."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from core.tables import NO_SPLIT, SPLITS, Catalog, Measures
from curate.checks import Fault, check_total, count, spell

Report = dict[str, Any]


def summary(table: Catalog, measured: Measures, faults: Sequence[Fault], rows: int) -> Report:
    """Counts of the `rows` read, a row for each photo that one names: no time stands among them, so the file repeats.

    `exact_copies` and `near_copies` are the photos beyond the first of each content and of each duplicate group.

    Raises:
        TableError: a row is lost.
    """
    check_total(rows, len(table), len(faults))
    partitions, photos = np.unique(table.partition.astype(str), return_counts=True)
    contents, groups = len(set(table.content_hash)), len(set(table.duplicate_group))
    flagged = Counter(flag for flags in measured.flags for flag in flags)
    return {
        "rows": rows,
        "accepted": len(table),
        "rejected": count(faults),
        "products": len(set(table.product_id)),
        "exact_copies": len(table) - contents,
        "near_copies": contents - groups,
        "flags": dict(sorted(flagged.items())),
        "partitions": dict(zip(partitions.tolist(), photos.tolist(), strict=True)),
        "splits": {
            name: {
                "photos": int((table.split == name).sum()),
                "products": len(set(table.product_id[table.split == name])),
            }
            for name in (*SPLITS, NO_SPLIT)
        },
    }


def lost(read: Iterable[str], table: Catalog) -> dict[str, int]:
    """The photos that were read of each partition of which none is left; `read` names the partition of each photo."""
    left = set(table.partition)
    return dict(sorted(Counter(partition for partition in read if partition not in left).items()))


def lines(report: Report, seconds: float) -> list[str]:
    """The report for the console."""
    rejected = sum(report["rejected"].values())
    splits = ", ".join(f"{name} {split['photos']:,}" for name, split in report["splits"].items())
    reasons = f" ({spell(report['rejected'])})" if rejected else ""
    flags = {name: number for name, number in report["flags"].items() if number}
    gone = [f"no photo is left of {partition}, {number:,} read" for partition, number in report.get("lost", {}).items()]
    return [
        f"{report['rows']:,} photos: {report['accepted']:,} accepted, {rejected:,} rejected{reasons}",
        f"{report['products']:,} products, {len(report['partitions'])} partitions,"
        f" {report['exact_copies']:,} exact copies, {report['near_copies']:,} near copies",
        f"flagged: {spell(flags) or 'none'}",
        f"photos per split: {splits}",
        *gone,
        f"{seconds:.1f} s, {report['rows'] / seconds:,.0f} photos/s",
    ]
