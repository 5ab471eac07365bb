"""What `mine` prints."""

from collections.abc import Sequence

from core.rows import text
from core.tables import KINDS, SPLITS
from triplets.reports.rejections import Rejection, in_words, lonely, rejections
from triplets.tally import Tally


def console(tally: Tally) -> str:
    """What `mine` prints: the triplets per split and kind, and what each rule did."""
    per_split = [
        [split, *(f"{sum(tally.triplets.get(split, {}).get(kind, {}).values()):,}" for kind in KINDS if kind != "wild")]
        for split in SPLITS
    ]
    table = text([["split", "in-class", "out-of-class"], *per_split])
    return "\n".join([table, in_words(lonely(tally.rules)) + "\n", _rules(rejections(tally.rules))])


def _rules(told: Sequence[Rejection]) -> str:
    """What each rule rejects, how many it rejected and kept, and what changes that, as a table."""
    rows = [[one.what, f"{one.rejected:,}", f"{one.kept:,}", one.change] for one in told]
    return text([["rule", "rejected", "kept", "to change it"], *rows])
