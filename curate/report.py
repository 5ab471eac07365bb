"""What became of the rows read: the report file, and its lines on the console."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.tables import SPLITS, Catalog
from curate.checks import Fault, check_total, count, spell

Report = dict[str, Any]


def summary(table: Catalog, faults: Sequence[Fault], rows: int) -> Report:
    """Counts of the `rows` read: no time stands among them, so that the file repeats.

    `copies` are the photos beyond the first of each duplicate group.

    Raises:
        TableError: a row is lost.
    """
    check_total(rows, len(table), len(faults))
    partitions, photos = np.unique(table.partition.astype(str), return_counts=True)
    return {
        "rows": rows,
        "accepted": len(table),
        "rejected": count(faults),
        "products": len(set(table.product_id)),
        "copies": len(table) - len(set(table.duplicate_group)),
        "partitions": dict(zip(partitions.tolist(), photos.tolist(), strict=True)),
        "splits": {
            name: {
                "photos": int((table.split == name).sum()),
                "products": len(set(table.product_id[table.split == name])),
            }
            for name in SPLITS
        },
    }


def lines(report: Report, seconds: float) -> list[str]:
    """The report for the console."""
    rejected = sum(report["rejected"].values())
    splits = ", ".join(f"{name} {split['photos']:,}" for name, split in report["splits"].items())
    reasons = f" ({spell(report['rejected'])})" if rejected else ""
    return [
        f"{report['rows']:,} rows: {report['accepted']:,} accepted, {rejected:,} rejected{reasons}",
        f"{report['products']:,} products, {len(report['partitions'])} partitions, {report['copies']:,} exact copies",
        f"photos per split: {splits}",
        f"{seconds:.1f} s, {report['rows'] / seconds:,.0f} rows/s",
    ]
