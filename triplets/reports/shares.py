"""The shares of the kinds, asked and reached, and why they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.tables import KINDS, SPLITS, Triplets
from triplets.mix import asked, supply, takes
from triplets.params import MixParams
from triplets.reports.words import NAMES


@dataclass(frozen=True)
class Share:
    """A kind in a split: the share and the triplets asked for, those mined, those in the mix and their share.

    `triplets_asked` is None where the split has no total, `share` where its mix is empty.
    """

    share_asked: float
    triplets_asked: int | None
    mined: int
    mixed: int
    share: float | None


@dataclass(frozen=True)
class Shares:
    """What became of a split: `total` is None where none is asked; `kinds` by name, all of `KINDS`."""

    split: str
    total: int | None
    reached: int
    kinds: dict[str, Share]


def shares(mined: Triplets, mixed: Triplets, params: MixParams) -> list[Shares]:
    """Asked and reached, per split."""
    return [_of(split, supply(mined, split), supply(mixed, split), params) for split in SPLITS]


def _of(split: str, mined: Mapping[str, int], mixed: Mapping[str, int], params: MixParams) -> Shares:
    total, reached = params.totals.of(split), sum(mixed.values())
    wanted: dict[str, int | None] = dict.fromkeys(KINDS)
    if total is not None:
        wanted |= takes(dict.fromkeys(KINDS, total), asked(params), total)
    kinds = {
        kind: Share(share, wanted[kind], mined[kind], mixed[kind], mixed[kind] / reached if reached else None)
        for kind, share in asked(params).items()
    }
    return Shares(split, total, reached, kinds)


def console(of: Sequence[Shares]) -> str:
    """What `mix` prints: the asked shares, and what each split reached, in a line."""
    return f"Asked: {question(of)}. " + " ".join(f"{one.split}: {answer(one)}." for one in of)


def question(of: Sequence[Shares]) -> str:
    """What was asked: `in-class 21%, out-of-class 49%, wild 30%`."""
    return ", ".join(f"{NAMES[kind]} {share.share_asked:.0%}" for kind, share in of[0].kinds.items())


def answer(of: Shares) -> str:
    """What was reached, and why it is not what was asked, in a line."""
    line = f"{of.reached:,} triplets" if of.total is None else f"{of.reached:,} of {of.total:,} triplets"
    if of.reached:
        line += ", " + " / ".join(f"{share.share:.0%}" for share in of.kinds.values())
        if of.total is None:
            line += f", the largest mix that {NAMES[_scarcest(of)]} allows"
    if lacks := lacking(of):
        line += "; " + ", ".join(lacks)
        if of.reached:
            line += ", the rest renormalised" if of.total in (None, of.reached) else ", so everything is taken"
    return line


def lacking(of: Shares) -> list[str]:
    """The kinds that a split has too few of, in words."""
    lacks = []
    for kind, share in of.kinds.items():
        if share.mined == 0 and share.share_asked > 0:
            lacks.append(f"{NAMES[kind]} is absent")
        elif share.triplets_asked is not None and share.mined < share.triplets_asked:
            lacks.append(f"{NAMES[kind]} is short ({share.mined:,} of {share.triplets_asked:,})")
    return lacks


def _scarcest(of: Shares) -> str:
    """The kind whose supply sets the total where none is asked; one of them must have some."""
    ratios = {
        kind: share.mined / share.share_asked
        for kind, share in of.kinds.items()
        if share.share_asked > 0 and share.mined > 0
    }
    return min(ratios, key=lambda kind: ratios[kind])
