"""The pieces of the page as HTML."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from core.errors import MildnetError
from core.page import template
from triplets.tune.compared import Compared
from triplets.tune.look import Column, Gallery, Photo
from triplets.tune.preview import Previewed
from triplets.tune.queries import Query
from triplets.tune.tab import Question


def message(words: str, *, bad: bool = False) -> str:
    """A line that says what happened; nothing for no words."""
    return _piece("message", words, bad)


def wrong(error: MildnetError | OSError) -> str:
    """A line that says what is wrong."""
    if isinstance(error, OSError):
        return message(f"{error.filename or 'a file'}: {error.strerror}. Mend that, and do it again.", bad=True)
    return message(str(error), bad=True)


def query(version: str, shown: Photo | str, asking: Query) -> str:
    """The photo that asks; `shown` is its file's name where it was uploaded."""
    return _piece("query", version, shown, asking.name if asking.uploaded else "")


def gallery(version: str, shown: Gallery, asking: Query) -> str:
    """The products to pick from."""
    return _piece("gallery", version, shown, None if asking.uploaded else asking.name)


def columns(
    version: str, shown: Sequence[Column], partition: str, marked: Collection[str] | None, own: str = ""
) -> str:
    """The nearest under two settings.

    Args:
        marked: those that were marked as wrong, None where none can be.
        own: the category whose own weights the sliders do not turn, if the query's has such.
    """
    return _piece("columns", version, shown, partition, marked, own)


def pair(version: str, question: Question | None, words: str) -> str:
    """The question that is asked, or why there is none."""
    return _piece("pair", version, question, words)


def triplets(version: str, own: Sequence[Previewed], others: Sequence[Previewed], why: str) -> str:
    """Triplets that would be mined, of the query and of others; `why` the query has none."""
    return _piece("triplets", version, own, others, why)


def difference(diff: str, name: str) -> str:
    """What would change in the file `name`."""
    return _piece("difference", diff, name)


def told(words: str) -> str:
    """What the console prints of learnt weights."""
    return _piece("told", words)


def progress(done: int, of: int, stage: str, line: str) -> str:
    """How far a run is."""
    return _piece("progress", done, of, stage, line)


def regenerated() -> str:
    """The way to the report of the new triplets."""
    return _piece("regenerated")


def compared(rows: Sequence[Compared]) -> str:
    """Settings beside one another, and chance."""
    return _piece("compared", rows)


def _piece(name: str, *told: Any) -> str:
    return str(getattr(_template().module, name)(*told)).strip()


@cache
def _template() -> Any:
    return template("triplets.tune", "page.html.j2")
