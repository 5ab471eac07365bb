"""What each rule kept and rejected, and the parameter that changes it."""

from collections.abc import Mapping
from dataclasses import dataclass

from triplets.reports.words import RULES


@dataclass(frozen=True)
class Rejection:
    """A rule: its key, what it rejects in words, how many candidates it saw, rejected and kept, what changes that.

    The rules of a kind are applied one after the other; what the last one keeps is the triplets mined.
    """

    rule: str
    what: str
    seen: int
    rejected: int
    kept: int
    change: str

    @property
    def share(self) -> float:
        """The rejected of those seen."""
        return self.rejected / max(self.seen, 1)


def rejections(counts: Mapping[str, int]) -> list[Rejection]:
    """Each rule that `counts` knows, in the order of their work."""
    left: dict[str, int] = {}
    told = []
    for rule, (what, change) in RULES.items():
        if rule in counts:
            of = rule.split(".")[0]
            seen = left.get(of, counts[f"{of}.considered"])
            left[of] = seen - counts[rule]
            told.append(Rejection(rule, what, seen, counts[rule], left[of], change))
    return told


@dataclass(frozen=True)
class Lonely:
    """How many photos ask, and how many of them have no positive; `made` street photos were taken by nobody.

    `street` is None where the street photos were not looked at.
    """

    catalog: int
    catalog_without: int
    street: int | None
    street_without: int
    made: int


def lonely(counts: Mapping[str, int]) -> Lonely:
    """The photos without a positive."""
    return Lonely(
        catalog=counts.get("queries", 0),
        catalog_without=counts.get("queries_without_positive", 0),
        street=counts.get("wild.queries"),
        street_without=counts.get("wild.queries_without_positive", 0),
        made=counts.get("wild.queries_pseudo", 0),
    )


def in_words(of: Lonely) -> str:
    """How many queries have no positive, in a line."""
    line = f"{of.catalog_without:,} of {of.catalog:,} catalog photos have no positive"
    if of.street is not None:
        line += (
            f"; {of.street_without:,} of {of.street:,} street photos have no shop photo in their partition and split"
        )
    if of.made:
        line += f"; {of.made:,} street photos are made from catalog photos, nobody took them"
    return line + "."
