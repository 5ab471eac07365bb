"""Pages that are complete in one file: the look they share, and how texts and numbers are shown on them."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template

_START, _END = 140, 60  # characters that are shown of longer text
# Control characters, and those that turn the direction of the text after them; a browser shows neither.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")

Tone = Literal["well", "look", "bad"]


class Line(NamedTuple):
    """One of a page's first lines, and the section of the page that says more."""

    tone: Tone
    text: str
    section: str


def template(package: str, name: str) -> Template:
    """The template `name` of `package`, which may extend and import those of core/templates."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("core")]),
        autoescape=True,  # the names end in .j2, by which Jinja could not tell that it is HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"seen": seen, "share": share, "plural": plural}
    return environment.get_template(name)


def seen(text: Any) -> str:
    """The text as it can be shown: what has no sign of its own becomes one, and long text loses its middle."""
    shown = _UNSEEN.sub("\ufffd", str(text))
    return shown if len(shown) <= _START + _END else f"{shown[:_START]} … {shown[-_END:]}"


def share(part: int, whole: int) -> str:
    """`6.3 %`; a share that is not 0 never reads 0."""
    if part and part / whole < 0.001:
        return "< 0.1 %"
    return f"{part / max(whole, 1):.1%}".replace("%", " %")


def plural(count: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """What stands in nested parameters: dotted names, and values as JSON."""
    if isinstance(value, dict) and value:
        for key, inside in value.items():
            yield from leaves(f"{name}.{key}", inside)
    else:
        yield name, json.dumps(value, ensure_ascii=False)
