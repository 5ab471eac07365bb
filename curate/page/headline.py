"""The report page's first lines: whether all is well, and if not, where to look."""

from collections.abc import Sequence
from typing import NamedTuple

from core.page import Line, Tone, plural, share
from curate.checks import Reason
from curate.page.copies import Copies
from curate.page.input import Collection, Leaks
from curate.page.partitions import Partition
from curate.page.quality import Flag
from curate.page.rejections import Rejection

_OPENINGS: dict[Tone, str] = {"well": "All is well", "look": "Worth a look", "bad": "Not well"}


class Count(NamedTuple):
    """A row of the table of counts: one number per collection, None where it has no meaning there."""

    name: str
    of: list[int | None]


def headline(
    collections: Sequence[Collection],
    rejected: Sequence[Rejection],
    flagged: Sequence[Flag],
    copies: Copies,
    partitions: Sequence[Partition],
    leaks: Leaks,
) -> list[Line]:
    """The lines, the first the one that matters most."""
    todo = _todo(rejected, flagged, copies, partitions)
    accepted = sum(len(one.table) for one in collections)
    verdict = _verdict(collections, "bad" if leaks.pairs or not accepted else "look" if todo else "well")
    return [*_no_street(collections), verdict, *_made(collections), _leaks(leaks), *todo]


def _verdict(collections: Sequence[Collection], tone: Tone) -> Line:
    rows = sum(one.rows for one in collections)
    accepted = sum(len(one.table) for one in collections)
    rejected = sum(len(one.rejected) for one in collections)
    total = accepted + rejected
    return Line(
        tone,
        f"{_OPENINGS[tone]}: {plural(rows, 'photo')} read, {accepted:,} accepted ({share(accepted, total)}),"
        f" {rejected:,} rejected ({share(rejected, total)}).",
        "counts",
    )


def _no_street(collections: Sequence[Collection]) -> list[Line]:
    if any((one.table.domain == "street").any() for one in collections):
        return []
    return [Line("look", "No street photos: the share of wild triplets is zero.", "counts")]


def _made(collections: Sequence[Collection]) -> list[Line]:
    pairs = [one.pairs for one in collections if one.pairs is not None and len(one.pairs)]
    if not pairs or not all(one.pseudo.all() for one in pairs):
        return []
    return [Line("look", "No person took a street photo: all are made from catalog photos.", "counts")]


def _leaks(leaks: Leaks) -> Line:
    if not leaks.tested * leaks.trained:
        return Line("look", "No test photo was compared with train: one of the two is empty.", "leaks")
    tests = len({leak.test for leak in leaks.pairs})
    if tests:
        return Line("bad", f"{plural(tests, 'test photo')} {'has' if tests == 1 else 'have'} a copy in train.", "leaks")
    return Line("well", "No test photo has a copy in train.", "leaks")


def _todo(
    rejected: Sequence[Rejection], flagged: Sequence[Flag], copies: Copies, partitions: Sequence[Partition]
) -> list[Line]:
    unmeant = sum(one.photos for one in rejected if one.reason is not Reason.EXCLUDED)
    flags = sum(one.photos for one in flagged)
    groups, weak = copies.several_products, sum(bool(one.warnings) for one in partitions)
    todo = [
        (unmeant, f"{plural(unmeant, 'photo')} rejected that no parameter excludes.", "rejections"),
        (flags, f"{plural(flags, 'flag')} on photos that were kept.", "flags"),
        (groups, f"{plural(groups, 'group')} of copies across several products.", "duplicates"),
        (weak, f"{plural(weak, 'partition')} with few products, or without val or test photos.", "partitions"),
    ]
    return [Line("look", text, section) for count, text, section in todo if count]


class Categories(NamedTuple):
    """What became of each category of Street2Shop: names of the counts (c), and a name with its counts per row."""

    names: list[str]
    rows: list[tuple[str, list[int]]]


def categories(collections: Sequence[Collection]) -> list[Categories]:
    """The counts per category of each collection that has some."""
    found = []
    for one in collections:
        if one.categories:
            names = list(next(iter(one.categories.values())))
            rows = [(category, [of[name] for name in names]) for category, of in one.categories.items()]
            found.append(Categories([name.replace("_", " ") for name in names], rows))
    return found


def counts(collections: Sequence[Collection]) -> list[Count]:
    """What each collection holds."""
    each = [_counts(one) for one in collections]
    return [Count(name, [one[name] for one in each]) for name in (each[0] if each else ())]


def _counts(of: Collection) -> dict[str, int | None]:
    table = of.table
    made = None if of.pairs is None else len(set(of.pairs.image_id[of.pairs.pseudo.astype(bool)]))
    return {
        "photos read": of.rows,
        "accepted photos": len(table),
        "rejected": len(of.rejected),
        "products": len(set(table.product_id)),
        "partitions": len(set(table.partition)),
        "copies beyond the first of a group": len(table) - len(set(table.duplicate_group)),
        "flagged photos": sum(len(flags) > 0 for flags in of.measures.flags),
        "catalog photos": int((table.domain == "catalog").sum()),
        "street photos": int((table.domain == "street").sum()),
        "street photos made from catalog photos": made,
        "pairs of street photo and product": None if of.pairs is None else len(of.pairs),
    }
