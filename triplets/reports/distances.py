"""How far apart the photos of the triplets are: quantiles and histograms."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.tables import KINDS, Triplets
from triplets.assemble import DISTANCES

PAIRS = ("positive", "negative")
PERCENTS = (1, 10, 25, 50, 75, 90, 99)
_BINS = 40
_SHOWN = 99.5  # percent of the triplets of a kind that the scale holds, lest a few far ones press it together


@dataclass(frozen=True)
class Quantiles:
    """The quantiles of one distance of the queries of a kind to their positives or negatives, by percent."""

    kind: str
    pair: str
    distance: str
    at: dict[int, float]


@dataclass(frozen=True)
class Histogram:
    """The fused distances of a kind: shares of its triplets (bins,) per pair, in bins from 0 to `upper`.

    `beyond` is the share of the negatives that are past the scale.
    """

    kind: str
    upper: float
    shares: dict[str, list[float]]
    beyond: float

    @property
    def middles(self) -> list[float]:
        """The middle of each bin."""
        return [round(self.upper * (place + 0.5) / _BINS, 4) for place in range(_BINS)]


def quantiles(mixed: Triplets) -> list[Quantiles]:
    """Those of every kind that there is, of both pairs, of the fused distance and of each descriptor's."""
    told = []
    for kind in KINDS:
        some = mixed.take(mixed.kind == kind)
        for pair in PAIRS if len(some) else ():
            for name in DISTANCES:
                found = np.percentile(_values(some, pair, name), PERCENTS)
                at = {percent: round(float(value), 4) for percent, value in zip(PERCENTS, found, strict=True)}
                told.append(Quantiles(kind, pair, name, at))
    return told


def histograms(mixed: Triplets) -> list[Histogram]:
    """The fused distances of every kind that there is, on one scale."""
    if not len(mixed):
        return []
    upper = max(float(np.percentile(_values(mixed, pair, "distance"), _SHOWN)) for pair in PAIRS)
    upper = max(np.ceil(upper * 10) / 10, 0.1)
    told = []
    for kind in KINDS:
        some = mixed.take(mixed.kind == kind)
        if len(some):
            shares = {}
            for pair in PAIRS:
                counts, _ = np.histogram(_values(some, pair, "distance"), _BINS, (0, upper))
                shares[pair] = [round(count / len(some), 6) for count in counts.tolist()]
            beyond = float(np.mean(_values(some, "negative", "distance") > upper))
            told.append(Histogram(kind, float(upper), shares, round(beyond, 6)))
    return told


def _values(triplets: Triplets, pair: str, name: str) -> npt.NDArray[np.float64]:
    return getattr(triplets, f"{pair}_{name}").astype(np.float64)
