"""The report of `mix` on disk: numbers for DVC, everything for a program, a page for a person."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.atomic import write_json, write_text
from core.paths import DETAILS, PAGE, REPORT
from triplets.reports.facts import Facts
from triplets.reports.metrics import metrics
from triplets.reports.page import page
from triplets.reports.plots import plots
from triplets.reports.sheet import Shown


def write(folder: Path, facts: Facts, shown: Mapping[str, Sequence[Shown]]) -> None:
    """Write report.json, details.json, report.html and the CSV files into `folder`."""
    write_json(folder / REPORT, metrics(facts))
    write_json(folder / DETAILS, facts.as_json())
    write_text(folder / PAGE, page(facts, shown))
    for name, text in plots(facts).items():
        write_text(folder / name, text)
