"""The report of `mix` as one page, complete in one file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from core.page import Line, leaves, plural, template
from core.tables import KINDS, SPLITS
from triplets.reports.distances import PERCENTS
from triplets.reports.facts import Facts
from triplets.reports.hubs import POINTS
from triplets.reports.rejections import in_words
from triplets.reports.shares import answer, lacking, question
from triplets.reports.sheet import Shown
from triplets.reports.words import NAMES

_PARTITIONS = 40
_UNCOVERED = 10
_MANY = 0.25  # a share from which on a line asks for a look


def page(facts: Facts, shown: Mapping[str, Sequence[Shown]]) -> str:
    """The page as HTML that asks nothing of the network: same input, same text, small for any number of triplets."""
    kinds = [kind for kind in KINDS if kind in shown]
    return template("triplets.reports", "report.html.j2").render(
        facts=facts,
        lines=list(_lines(facts)),
        question=question(facts.shares),
        partitions=facts.partitions[:_PARTITIONS],
        more_partitions=len(facts.partitions[_PARTITIONS:]),
        most=max((sum(one.of_kind.values()) for one in facts.partitions), default=0),
        uncovered=facts.uncovered[:_UNCOVERED],
        more_uncovered=len(facts.uncovered[_UNCOVERED:]),
        points=[(one.kind, " ".join(_points(one.shares))) for one in facts.curves],
        shown=shown,
        kinds=kinds,
        splits=SPLITS,
        names=NAMES,
        percents=PERCENTS,
        parameters=list(_parameters(facts)),
    )


def _lines(facts: Facts) -> Iterator[Line]:
    """The first lines; the first of all says whether the mix is what was asked for."""
    total = plural(sum(of.reached for of in facts.shares), "triplet")
    lacks = [f"{of.split}: {', '.join(found)}" for of in facts.shares if (found := lacking(of))]
    yield (
        Line("look", f"Worth a look: {total}; {'; '.join(lacks)}.", "shares")
        if lacks
        else Line("well", f"All is well: {total} in the asked shares.", "shares")
    )
    yield Line("well", f"Asked: {question(facts.shares)}.", "shares")
    for of in facts.shares:
        yield Line("look" if lacking(of) else "well", f"{of.split}: {answer(of)}.", "shares")
    lonely = facts.lonely
    many = lonely.catalog_without > _MANY * lonely.catalog or lonely.street_without > _MANY * (lonely.street or 0)
    yield Line("look" if many else "well", in_words(lonely), "coverage")
    empty = sum(not sum(one.of_kind.values()) for one in facts.partitions)
    if empty:
        yield Line("look", f"{plural(empty, 'partition')} without a triplet.", "coverage")
    for used in facts.hubs:
        if used.split == "train" and used.top_share > _MANY:
            line = f"{NAMES[used.kind]}: 1 % of the negatives stands in {used.top_share:.0%} of the training triplets."
            yield Line("look", line, "hubs")


def _points(shares: Sequence[float]) -> Iterator[str]:
    """A curve's points in percent of the width and, from above, of the height."""
    for place, share in enumerate(shares):
        yield f"{100 * place / POINTS:g},{100 - 100 * share:.2f}"


def _parameters(facts: Facts) -> Iterator[tuple[str, str]]:
    for made_by in facts.made_by:
        yield f"{made_by.section}: hash, rules", f"{made_by.hash}, {made_by.rules}"
        yield from leaves(made_by.section, asdict(made_by)["params"])
    yield from leaves("similarity", facts.made_by[-1].similarity)
