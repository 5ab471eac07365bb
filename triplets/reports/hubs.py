"""How often one photo is a negative: a few that stand in very many triplets would teach about themselves alone."""

from dataclasses import dataclass

import numpy as np

from core.tables import KINDS, SPLITS
from triplets.groups import Rows
from triplets.reports.coded import Coded

POINTS = 50  # of a curve


@dataclass(frozen=True)
class Hubs:
    """A kind in a split of the mix: its triplets, their distinct negatives, and the most that one photo is of them.

    `top_share` is the share of the triplets whose negative is among the 1 % most used, `cap` the most allowed.
    """

    kind: str
    split: str
    triplets: int
    negatives: int
    most: int
    top_share: float
    cap: int


@dataclass(frozen=True)
class Curve:
    """A kind in the training split: the share of its triplets (POINTS + 1,) that the most used negatives stand in.

    The k-th value is of the k-th of `POINTS` equal parts of the negatives; evenly used ones make a straight line.
    """

    kind: str
    shares: list[float]


def hubs(mixed: Coded, caps: dict[str, int]) -> list[Hubs]:
    """Every kind in every split that has triplets of it; `caps` by kind."""
    told = []
    for kind in KINDS:
        for split in SPLITS:
            used = _used(mixed, kind, split)
            if len(used):
                top = used[: -(-len(used) // 100)].sum() / used.sum()
                told.append(
                    Hubs(
                        kind=kind,
                        split=split,
                        triplets=int(used.sum()),
                        negatives=len(used),
                        most=int(used[0]),
                        top_share=round(float(top), 4),
                        cap=caps[kind],
                    )
                )
    return told


def curves(mixed: Coded) -> list[Curve]:
    """How the negatives of each kind in the training split share the triplets."""
    told = []
    for kind in KINDS:
        used = _used(mixed, kind, "train")
        if len(used):
            ends = np.linspace(0, len(used), POINTS + 1)
            shares = np.interp(ends, np.arange(len(used) + 1), np.concatenate([[0], np.cumsum(used)])) / used.sum()
            told.append(Curve(kind, [round(share, 6) for share in shares.tolist()]))
    return told


def _used(mixed: Coded, kind: str, split: str) -> Rows:
    """How often each negative is used, the most used first."""
    counts = np.bincount(mixed.negative[mixed.inside(kind, split)])
    return np.sort(counts[counts > 0])[::-1]
