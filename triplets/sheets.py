"""Contact sheets: photos in blocks of columns, a caption under each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.atomic import replacing
from core.images import Pixels, PixelStore
from core.tables import KINDS, Catalog, Neighbors, Triplets
from triplets.groups import generator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Cell = tuple[str, str] | None  # image id and caption
Line = list[list[Cell]]  # a row of the sheet: its cells, block by block
Photos = PixelStore | Mapping[str, Pixels]

_INCH = 1.2  # a photo's side
_LINE = 1.3  # a row's height, with the caption; this and the next in photos
_HEAD = 0.4
_GAP = 0.35  # between two blocks
_QUESTIONS = 3  # side by side
_PARTITIONS, _PER_PARTITION = 64, 8  # that `candidates` gives at most


def neighbor_sheet(
    path: Path, neighbors: Neighbors, catalog: Catalog, photos: PixelStore, *, rows: int, columns: int, seed: int
) -> None:
    """Write a PNG of some queries, drawn in turn from the partitions, with their nearest photos."""
    partition = dict(zip(catalog.image_id, catalog.partition, strict=True))
    lines: list[Line] = []
    for query_id in _queries(neighbors, partition, rows, columns, seed):
        near = neighbors.take((neighbors.query_id == query_id) & (neighbors.rank <= columns))
        cells: list[Cell] = [(near.neighbor_id[row], f"{near.distance[row]:.2f}") for row in range(len(near))]
        lines.append([[(query_id, partition[query_id])], cells + [None] * (columns - len(cells))])
    _sheet(path, lines, [["query"], ["nearest photos of other products, and their distances"]], photos)


def candidates(catalog: Catalog, seed: int) -> list[str]:
    """Photos that a sheet may show, a few of some partitions, so that the neighbours of all need not be read."""
    shuffled = generator(seed, "sheet", "candidates").permutation(len(catalog))
    of_partition: dict[str, list[str]] = {}
    for row in shuffled:
        own = of_partition.setdefault(catalog.partition[row], [])
        if len(own) < _PER_PARTITION:
            own.append(catalog.image_id[row])
    return [image_id for _, own in zip(range(_PARTITIONS), of_partition.values(), strict=False) for image_id in own]


def _queries(neighbors: Neighbors, partition: dict[str, str], count: int, columns: int, seed: int) -> list[str]:
    """Queries with as many neighbours as there are columns, or with the most that any has."""
    most = min(columns, int(neighbors.rank.max(initial=0)))
    shuffled = generator(seed, "sheet").permutation(neighbors.query_id[neighbors.rank == most])
    seen: Counter[str] = Counter()
    turns = []
    for query_id in shuffled:
        turns.append(seen[partition[query_id]])
        seen[partition[query_id]] += 1
    return [str(shuffled[place]) for place in np.argsort(np.array(turns, np.int64), kind="stable")[:count]]


def answer_sheet(
    path: Path, query: str, nearest: Sequence[Cell], photos: Mapping[str, Pixels], *, columns: int
) -> None:
    """Write a PNG of one query and of the photos found for it, in rows of `columns`."""
    lines: list[Line] = []
    for start in range(0, max(len(nearest), 1), columns):
        some = list(nearest[start : start + columns])
        lines.append([[(query, "") if start == 0 else None], some + [None] * (columns - len(some))])
    _sheet(path, lines, [["query"], ["nearest photos, and their distances"]], photos)


def question_sheet(path: Path, questions: Sequence[tuple[str, str, str]], photos: PixelStore, *, first: int) -> None:
    """Write a PNG of `questions`, a query and the photos a and b each; they are numbered from `first` on."""
    blocks: Line = [
        [(query, f"row {number}"), (a, "a"), (b, "b")] for number, (query, a, b) in enumerate(questions, start=first)
    ]
    across = min(_QUESTIONS, max(len(blocks), 1))
    blocks += [[None] * 3] * (-len(blocks) % across)
    lines = [blocks[start : start + across] for start in range(0, len(blocks), across)]
    _sheet(path, lines, [["query", "a", "b"]] * across if lines else [], photos)


def triplet_sheet(path: Path, triplets: Triplets, photos: PixelStore, *, rows: int, seed: int) -> None:
    """Write a PNG of some triplets, a block of columns per kind that there is."""
    heads, blocks = [], []
    for kind in KINDS:
        of_kind = triplets.take(triplets.kind == kind)
        if len(of_kind):
            drawn = of_kind.take(generator(seed, "sheet", kind).permutation(len(of_kind))[:rows])
            cells = [_cells(drawn, row) for row in range(len(drawn))]
            blocks.append(cells + [[None] * 3] * (rows - len(cells)))
            heads.append([f"{kind.replace('_', '-')} query", "positive", "negative"])
    _sheet(path, [list(line) for line in zip(*blocks, strict=True)], heads, photos)


def _cells(triplets: Triplets, row: int) -> list[Cell]:
    return [
        (triplets.query_id[row], triplets.split[row]),
        (triplets.positive_id[row], f"{triplets.positive_distance[row]:.2f}"),
        (triplets.negative_id[row], f"{triplets.negative_distance[row]:.2f}"),
    ]


def _sheet(path: Path, lines: Sequence[Line], heads: Sequence[Sequence[str]], photos: Photos) -> None:
    """Write the PNG; `heads` hold one text per column of a block, or one for the whole block."""
    from matplotlib.figure import Figure

    widths = [len(block) for block in lines[0]] if lines else [4]
    lefts = [sum(widths[:block]) + _GAP * block for block in range(len(widths))]
    across, down = lefts[-1] + widths[-1], _HEAD + _LINE * max(len(lines), 1)
    figure = Figure((_INCH * across, _INCH * down), dpi=110, facecolor="white")
    # One pair of axes in units of photos: a pair for every photo takes seconds to draw.
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, across), ylim=(down, 0))
    axes.axis("off")
    # A label may hold dollar signs, which would begin a formula.
    middle: dict[str, Any] = {"ha": "center", "va": "center", "parse_math": False}
    if not lines:
        axes.text(across / 2, down / 2, "nothing to show: the catalog is too small", color="#555555", **middle)
    for left, width, texts in zip(lefts, widths, heads if lines else [()], strict=True):
        for place, text in enumerate(texts):
            axes.text(left + (place + 0.5) * width / len(texts), _HEAD / 2, text, fontsize=9, **middle)
    for number, line in enumerate(lines):
        top = _HEAD + _LINE * number
        for left, block in zip(lefts, line, strict=True):
            for place, cell in enumerate(block):
                if cell is not None:
                    draw_photo(axes, left + place, top, photos[cell[0]])
                    axes.text(left + place + 0.5, top + 1.08, cell[1], fontsize=8, color="#555555", **middle)
    with replacing(path) as beside:
        # No software name: the same bytes from every version of the library that draws the same.
        figure.savefig(beside, format="png", metadata={"Software": None})


def draw_photo(axes: "Axes", left: float, top: float, pixels: Pixels) -> None:
    """Draw a photo with a thin frame into a square of side 1, less a margin."""
    from matplotlib.patches import Rectangle

    margin, side = 0.03, 0.94
    x, y = left + margin, top + margin
    axes.imshow(_squared(pixels), extent=(x, x + side, y + side, y), aspect="auto", interpolation="antialiased")
    axes.add_patch(Rectangle((x, y), side, side, fill=False, linewidth=0.8, edgecolor="#dddddd"))


def _squared(pixels: Pixels) -> Pixels:
    """The photo in the middle of a white square: RGB uint8 (side, side, 3)."""
    height, width = pixels.shape[:2]
    side = max(height, width)
    ground = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    ground[top : top + height, left : left + width] = pixels
    return ground
