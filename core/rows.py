"""Rows, the first a header, as Markdown and as CSV."""

import csv
import io
from typing import Any

Rows = list[list[Any]]


def text(rows: Rows) -> str:
    """Rows as a Markdown table that is aligned for reading as it stands; numbers get three decimals."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]) + "\n"


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:.3f}"
        case _:
            return str(value)


def as_csv(rows: Rows) -> str:
    """Rows, the first a header, as CSV; None is an empty cell."""
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(rows)
    return lines.getvalue()
