"""A map of photos on which those that the network takes for similar lie together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from core.images import Pixels, shrink
from core.similarity import Floats

CELL = 44  # pixels, of a photo with its frame
_FRAME = 3
_ROOM = 2.6  # cells per photo
_PERPLEXITY = 15
_LEAST = 5  # photos that make a map
# Kelly's colours of maximum contrast, without black, white and grey.
PALETTE = (
    "#0067a5", "#f38400", "#008856", "#be0032", "#875692", "#f3c300", "#a1caf1", "#e68fac", "#882d17", "#8db600",
    "#c2b280", "#2b3d26", "#f99379", "#604e97", "#b3446c", "#654522", "#dcd300", "#e25822", "#f6a600",
)  # fmt: skip
_OTHER = "#b8b8b8"  # of the categories that no colour is left for


@dataclass(frozen=True)
class PhotoMap:
    """The picture, RGB uint8 (h, w, 3), and the colour of each category's frames, the most frequent first."""

    pixels: Pixels
    colors: dict[str, str]
    photos: int


def chosen(photos: int, count: int, seed: int) -> npt.NDArray[np.int64]:
    """Which of n photos are on the map, rising: `count` of them by the `seed`, or all."""
    drawn = np.random.default_rng(seed).permutation(photos)[:count]
    return np.sort(drawn)


def photo_map(vectors: Floats, photos: Sequence[Pixels], categories: npt.NDArray, seed: int) -> PhotoMap | None:
    """Draw n `photos` where t-SNE puts their `vectors` (n, d), each in the free cell of a grid that is nearest to it.

    None for fewer than five photos. Source of the map: van der Maaten, Hinton, JMLR 2008.
    """
    if len(photos) < _LEAST:
        return None
    names, size = np.unique(categories, return_counts=True)
    frequent = names[np.argsort(-size, kind="stable")]
    colors = {name: PALETTE[turn] if turn < len(PALETTE) else _OTHER for turn, name in enumerate(frequent)}
    side = int(np.ceil(np.sqrt(_ROOM * len(photos))))
    canvas = np.full((side * CELL, side * CELL, 3), 255, np.uint8)
    for (row, column), pixels, category in zip(cells(places(vectors, seed), side), photos, categories, strict=True):
        _draw(canvas[row * CELL :, column * CELL :][:CELL, :CELL], pixels, colors[category])
    return PhotoMap(canvas, colors, len(photos))


def places(vectors: Floats, seed: int) -> npt.NDArray[np.float64]:
    """Where t-SNE puts vectors (n, d): (n, 2), each axis from 0 to 1. The same on any number of cores."""
    perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
    with threadpool_limits(1):
        start = _start(vectors, seed)
        tsne = TSNE(init=start, perplexity=perplexity, method="exact", random_state=seed)
        found = tsne.fit_transform(vectors)
    low, high = found.min(axis=0), found.max(axis=0)
    return (found - low) / np.maximum(high - low, np.finfo(found.dtype).tiny)


def _start(vectors: Floats, seed: int) -> npt.NDArray[np.float64]:
    """The two main axes of the vectors (n, 2), small, and a little noise, as vectors may be equal."""
    axes, length, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    main = (axes * length)[:, :2]
    start = np.random.default_rng(seed).normal(scale=0.01, size=(len(vectors), 2))
    start[:, : main.shape[1]] += main / max(float(main[:, 0].std()), 1e-12)
    return 1e-4 * start


def cells(places: npt.NDArray[np.float64], side: int) -> list[tuple[int, int]]:
    """The cell (row, column) of a grid of `side` x `side` for each of n `places`, moved as little as can be."""
    middles = (np.arange(side) + 0.5) / side
    grid = np.stack([each.ravel() for each in np.meshgrid(middles, middles, indexing="ij")], axis=1)
    _, cell = linear_sum_assignment(cdist(places, grid, "sqeuclidean"))
    return [(int(one) // side, int(one) % side) for one in cell]


def _draw(cell: Pixels, pixels: Pixels, color: str) -> None:
    """The photo in the middle of its cell, and a frame around it."""
    small = shrink(pixels, CELL - 2 * _FRAME - 2)
    height, width = small.shape[:2]
    top, left = (CELL - height) // 2, (CELL - width) // 2
    frame = tuple(int(color[start : start + 2], 16) for start in (1, 3, 5))
    cell[top - _FRAME : top + height + _FRAME, left - _FRAME : left + width + _FRAME] = frame
    cell[top : top + height, left : left + width] = small
