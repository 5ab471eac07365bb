"""`curate report`: one page that shows what became of the photos, complete in one file."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from core.atomic import write_text
from core.page import leaves, template
from curate.page.copies import copies
from curate.page.headline import categories, counts, headline
from curate.page.input import Collection, Leaks, Settings
from curate.page.leaks import leaked
from curate.page.partitions import partitions, splits
from curate.page.quality import flags, histograms
from curate.page.rejections import rejections

_PARTITIONS = 200


def page(collections: Sequence[Collection], leaks: Leaks, settings: Settings) -> str:
    """The page as HTML that asks nothing of the network: same input, same text; at most 300 photos are on it."""
    rejected, flagged = rejections(collections), flags(collections, settings.quality)
    copied, parted = copies(collections, settings.duplicates), partitions(collections)
    return template("curate.page", "report.html.j2").render(
        lines=headline(collections, rejected, flagged, copied, parted, leaks),
        collections=[one.name for one in collections],
        counts=counts(collections),
        categories=categories(collections),
        total=sum(len(one.table) for one in collections),
        rejections=rejected,
        rejected=sum(one.photos for one in rejected),
        flags=flagged,
        copies=copied,
        partitions=parted[:_PARTITIONS],
        more_partitions=len(parted[_PARTITIONS:]),
        splits=[(one.name, splits(one, settings.split)) for one in collections],
        leaks=leaks,
        leaked=leaked(collections, leaks),
        histograms=[(one.name, histograms(one, settings.quality)) for one in collections],
        limits=settings.duplicates,
        parameters=list(_parameters(settings)),
    )


def write(path: Path, collections: Sequence[Collection], leaks: Leaks, settings: Settings) -> None:
    """Write the page, atomically."""
    write_text(path, page(collections, leaks, settings))


def _parameters(settings: Settings) -> Iterator[tuple[str, str]]:
    values = asdict(settings)
    for section in fields(settings):
        for name, value in values[section.name].items():
            yield from leaves(f"curate.{section.name}.{name}", value)
