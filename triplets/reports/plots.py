"""The report as CSV files: three that `dvc plots` draws, and all partitions."""

from core.rows import Rows, as_csv
from core.tables import KINDS, SPLITS
from triplets.reports.distances import PAIRS
from triplets.reports.facts import Facts
from triplets.reports.hubs import POINTS


def plots(facts: Facts) -> dict[str, str]:
    """The text of each file, by its name."""
    return {
        "distances.csv": as_csv(_distances(facts)),
        "rules.csv": as_csv(_rules(facts)),
        "hubs.csv": as_csv(_hubs(facts)),
        "partitions.csv": as_csv(_partitions(facts)),
    }


def _distances(facts: Facts) -> Rows:
    """A row per bin of the fused distance, a column per kind and pair; None for a kind that there is none of."""
    columns = {f"{one.kind}_{pair}": shares for one in facts.histograms for pair, shares in one.shares.items()}
    names = [f"{kind}_{pair}" for kind in KINDS for pair in PAIRS]
    middles = facts.histograms[0].middles if facts.histograms else []
    return [
        ["distance", *names],
        *([middle, *(_at(columns, name, place) for name in names)] for place, middle in enumerate(middles)),
    ]


def _rules(facts: Facts) -> Rows:
    return [
        ["rule", "seen", "rejected", "kept", "share", "what", "change"],
        *(
            [one.rule, one.seen, one.rejected, one.kept, round(one.share, 4), one.what, one.change]
            for one in facts.rules
        ),
    ]


def _hubs(facts: Facts) -> Rows:
    """A row per share of the negatives, the most used first, and the share of each kind's triplets that have them."""
    columns = {curve.kind: curve.shares for curve in facts.curves}
    return [
        ["negatives", *KINDS],
        *([round(place / POINTS, 4), *(_at(columns, kind, place) for kind in KINDS)] for place in range(POINTS + 1)),
    ]


def _partitions(facts: Facts) -> Rows:
    return [
        ["partition", "photos", "split", "kind", "mined", "mixed"],
        *(
            [one.name, one.photos, split, kind, one.mined[row][column], one.mixed[row][column]]
            for one in facts.partitions
            for row, split in enumerate(SPLITS)
            for column, kind in enumerate(KINDS)
        ),
    ]


def _at(columns: dict[str, list[float]], name: str, place: int) -> float | None:
    return columns[name][place] if name in columns else None
