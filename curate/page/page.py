"""`curate report`: one page that shows what became of the photos, complete in one file."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from core.atomic import write_text
from curate.page.copies import copies
from curate.page.headline import categories, counts, headline, plural, share
from curate.page.input import Collection, Leaks, Settings
from curate.page.leaks import leaked
from curate.page.partitions import partitions, splits
from curate.page.quality import flags, histograms
from curate.page.rejections import rejections

_START, _END = 140, 60  # characters that are shown of longer text
_PARTITIONS = 200
# Control characters, and those that turn the direction of the text after them; a browser shows neither.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


def page(collections: Sequence[Collection], leaks: Leaks, settings: Settings) -> str:
    """The page as HTML that asks nothing of the network: same input, same text; at most 300 photos are on it."""
    rejected, flagged = rejections(collections), flags(collections, settings.quality)
    copied, parted = copies(collections, settings.duplicates), partitions(collections)
    return _template().render(
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


def _template() -> Any:
    # The loader's name ends in .j2, by which Jinja could not tell that it is HTML.
    environment = Environment(
        loader=PackageLoader("curate.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"seen": seen, "share": share, "plural": plural}
    return environment.get_template("report.html.j2")


def seen(text: Any) -> str:
    """The text as it can be shown: what has no sign of its own becomes one, and long text loses its middle."""
    shown = _UNSEEN.sub("\ufffd", str(text))
    return shown if len(shown) <= _START + _END else f"{shown[:_START]} … {shown[-_END:]}"


def _parameters(settings: Settings) -> Iterator[tuple[str, str]]:
    values = asdict(settings)
    for section in fields(settings):
        for name, value in values[section.name].items():
            yield from _leaves(f"curate.{section.name}.{name}", value)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inside in value.items():
            yield from _leaves(f"{name}.{key}", inside)
    else:
        yield name, json.dumps(value, ensure_ascii=False)
