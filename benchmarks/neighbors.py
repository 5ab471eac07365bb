"""The recommender's search of a partition against the bare blocked matrix product of the same shapes.

The search takes the stored vectors of a partition, prepares and scales them, multiplies, weighs, leaves out products
and copies, keeps the nearest and sorts them; the bare side multiplies the same vectors in the same blocks.
"""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
from mining import uneven
from threadpoolctl import threadpool_limits

from core import rows
from core.similarity import Floats, Similarity, prepare
from core.tables import DESCRIPTORS
from triplets.neighbors import ranked

WIDTHS = {"structure": 2048, "pattern": 1024, "color": 540}
SIMILARITY = Similarity({"structure": 0.2, "pattern": 0.4, "color": 0.4}, dict.fromkeys(DESCRIPTORS, 1.1))
BLOCK = 512  # queries, as in core.search


@click.command()
@click.option("--sizes", default="250,1000,5000", show_default=True, help="Photos of a partition, one or several.")
@click.option("--k", default=50, show_default=True, help="Neighbours of a photo.")
@click.option("--catalog", is_flag=True, help="Also 100,000 products in 400 uneven partitions, once.")
@click.option("--rounds", default=5, show_default=True, help="The median counts.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(sizes: str, k: int, catalog: bool, rounds: int, json_path: Path | None) -> None:
    """Time all neighbours of a partition on one core, beside the matrix product alone, in turn.

    Example: python benchmarks/neighbors.py --sizes 1000,10000
    """
    shapes = [[int(size)] for size in sizes.split(",")] + ([uneven(100_000, 400, 5000).tolist()] if catalog else [])
    vectors = made(max(map(max, shapes)))
    figures: list[dict[str, Any]] = []
    with threadpool_limits(1):
        for shape in shapes:
            seconds = timed(vectors, shape, k, rounds if len(shape) == 1 else 1)
            ratio = float(np.median([one / other for one, other in zip(*seconds.values(), strict=True)]))
            once = {name: float(np.median(some)) for name, some in seconds.items()}
            figures.append({"partitions": len(shape), "largest": max(shape), "k": k, **once, "ratio": ratio})
    names = ["partitions", "largest", "bare", "search", "ratio"]
    header = ["partitions", "photos of the largest", "bare product, s", "search, s", "rate of the bare product"]
    click.echo(rows.text([header, *([one[name] for name in names] for one in figures)]))
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def timed(vectors: dict[str, Floats], shape: list[int], k: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of both sides over all partitions of `shape`, per round, the sides in turn."""
    seconds: dict[str, list[float]] = {"bare": [], "search": []}
    for _ in range(rounds):
        total = dict.fromkeys(seconds, 0.0)
        for size in shape:
            own = {name: values[:size] for name, values in vectors.items()}
            fused = np.concatenate([own[name] for name in DESCRIPTORS], axis=1)
            label = np.arange(size)
            sides: dict[str, Callable[[], object]] = {
                "bare": partial(bare, fused),
                "search": partial(search, own, label, k),
            }
            for name, side in sides.items():
                start = time.process_time()
                side()
                total[name] += time.process_time() - start
        for name, some in total.items():
            seconds[name].append(some)
    return seconds


def made(size: int) -> dict[str, Floats]:
    """Clustered vectors as the features leave them: unit length, and histograms."""
    rng = np.random.default_rng(1)
    cluster = rng.integers(0, size // 20 + 1, size)
    vectors = {}
    for name, width in WIDTHS.items():
        values = rng.standard_normal((size, width), np.float32)
        values += 1.5 * rng.standard_normal((cluster.max() + 1, width), np.float32)[cluster]
        if name == "color":
            values = np.abs(values) / np.abs(values).sum(axis=1, keepdims=True)
        else:
            values /= np.linalg.norm(values, axis=1, keepdims=True)
        vectors[name] = values
    return vectors


def bare(fused: Floats) -> None:
    """The product of all with all, a block of queries at a time, its memory used again."""
    block = np.empty((BLOCK, len(fused)), np.float32)
    for start in range(0, len(fused), BLOCK):
        some = fused[start : start + BLOCK]
        np.matmul(some, fused.T, out=block[: len(some)])


def search(vectors: dict[str, Floats], label: np.ndarray, k: int) -> None:
    """What `triplets recommend` does with the vectors of a partition."""
    prepared = {name: prepare(name, values) for name, values in vectors.items()}
    ranked(prepared, prepared, SIMILARITY, k, ((label, label), (label, label)))


if __name__ == "__main__":
    main()
