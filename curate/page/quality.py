"""The report page's flags and histograms: what the stored photos measure."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from core.thumbnails import Thumbnail, stored
from curate.page.input import Collection
from curate.params import QualityParams

_WORST = 12
_BINS = 40


class Kind(NamedTuple):
    """A flag: the measure it follows from and what that is; `limited` where `curate.quality` sets its limit."""

    measure: str
    meaning: str
    limited: bool


class Scored(NamedTuple):
    """A flagged photo and what it measured."""

    thumbnail: Thumbnail
    collection: str
    image_id: str
    path: str
    score: str


class Flag(NamedTuple):
    """A flag, the photos that carry it and the worst of them; `limit` is None where no parameter sets it."""

    name: str
    kind: Kind
    limit: float | None
    photos: int
    worst: list[Scored]


class Bar(NamedTuple):
    """A bar of a histogram, in percent of the width and of the height; `flagged` where all of it is below the limit."""

    left: float
    width: float
    height: float
    flagged: bool


class Histogram(NamedTuple):
    """The distribution of a measure; `limit_at` is in percent of the width, `beyond` are values past the last bar."""

    name: str
    meaning: str
    limit: float
    limit_at: float
    least: float
    median: float
    most: float
    upper: float
    beyond: int
    bars: list[Bar]


KINDS = {
    "dark": Kind("brightness", "brightness of the brightest percent of the pixels, of 1", True),
    "blurry": Kind("sharpness", "standard deviation of the Laplacian, in levels of 255", True),
    "low_information": Kind("entropy", "bits per pixel of grey", True),
    "odd_aspect": Kind("aspect", "the short side over the long one", True),
    "animated": Kind("frames", "frames of the file, of which the first is kept", False),
}
_DRAWN = {"dark": 1.0, "blurry": None, "low_information": 8.0}  # and where the scale ends; None: at the values


def flags(collections: Sequence[Collection], quality: QualityParams) -> list[Flag]:
    """Every flag, with the worst photos of all `collections`."""
    return [_flag(name, kind, collections, quality) for name, kind in KINDS.items()]


def _flag(name: str, kind: Kind, collections: Sequence[Collection], quality: QualityParams) -> Flag:
    found: list[tuple[float, str, Collection, int]] = []
    for collection in collections:
        of = collection.measures
        scores = getattr(of, kind.measure).tolist()
        found += [
            (scores[row], image_id, collection, row)
            for row, image_id in enumerate(of.image_id.tolist())
            if len(of.flags[row]) and name in of.flags[row]
        ]
    # Low is bad, but for the frames.
    found.sort(key=lambda one: (one[0] if kind.limited else -one[0], one[1]))
    worst = [
        Scored(
            stored(collection.store, image_id),
            collection.name,
            image_id,
            _path(collection, image_id),
            _score(score, kind),
        )
        for score, image_id, collection, _ in found[:_WORST]
    ]
    return Flag(name, kind, getattr(quality, name) if kind.limited else None, len(found), worst)


def _path(collection: Collection, image_id: str) -> str:
    return str(collection.table.path[collection.table.image_id == image_id][0])


def _score(score: float, kind: Kind) -> str:
    return f"{kind.measure} {score:.3g}" if kind.limited else f"{score:,} frames"


def histograms(collection: Collection, quality: QualityParams) -> list[Histogram]:
    """The distributions of brightness, sharpness and entropy; none of a collection without photos."""
    if not len(collection.measures):
        return []
    return [
        _histogram(KINDS[name], getattr(collection.measures, KINDS[name].measure), getattr(quality, name), upper)
        for name, upper in _DRAWN.items()
    ]


def _histogram(kind: Kind, values: npt.NDArray[Any], limit: float, upper: float | None) -> Histogram:
    values = values.astype(np.float64)
    if upper is None:
        # A few very sharp photos would press the others into the first bar.
        upper = float(max(np.ceil(np.percentile(values, 98)), 2 * limit, 1.0))
    counts, edges = np.histogram(values, _BINS, (0.0, upper))
    most = max(int(counts.max()), 1)
    bars = [
        Bar(100 * at / _BINS, 100 / _BINS, round(100 * count / most, 2), bool(edges[at + 1] <= limit))
        for at, count in enumerate(counts.tolist())
        if count
    ]
    return Histogram(
        name=kind.measure,
        meaning=kind.meaning,
        limit=limit,
        limit_at=round(min(100 * limit / upper, 100.0), 2),
        least=float(values.min()),
        median=float(np.median(values)),
        most=float(values.max()),
        upper=upper,
        beyond=int((values > upper).sum()),
        bars=bars,
    )
