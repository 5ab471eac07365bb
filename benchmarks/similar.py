"""Similar products after a day's new ones: the increment against a full run, on synthetic vectors of the real widths.

The catalog is that of `mining.py`, uneven partitions with clusters in each. All commands run as a user runs them, start
and tables included, and both ways must leave the same bytes. New products are spread over all partitions, or are a
tenth of the products of a few.
"""

import hashlib
import json
import resource
import shutil
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np
from mining import make, run, uneven

from core.paths import CATALOG, SEAL, SEEN, SIMILAR, TABLE
from core.tables import Catalog

_REPEATS = 3  # of an increment, which is short; the median counts


@click.command()
@click.option("--products", default=8000, show_default=True)
@click.option("--partitions", default=40, show_default=True)
@click.option("--largest", default=1200, show_default=True, help="Products of the largest partition.")
@click.option("--new", default=0.01, show_default=True, help="Share of the products that are new.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(products: int, partitions: int, largest: int, new: float, json_path: Path | None) -> None:
    """Time `triplets similar` and `triplets similar --incremental` on a catalog that has gained some products.

    Example: python benchmarks/similar.py --products 100000 --partitions 400 --largest 5000
    """
    sizes = uneven(products, partitions, largest)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root, sizes, 7)
        run(root, "recommend", 2)
        today = Catalog.read(root / CATALOG / TABLE)
        known = {"spread": spread(len(today), new), "in few partitions": in_few(today.partition, new)}
        figures = {name: measured(root, today, some) for name, some in known.items()}
    for name, figure in figures.items():
        click.echo(f"{figure['new']:,} of {products:,} products in {partitions} partitions are new, {name}:")
        for workers, ways in figure["workers"].items():
            full, increment = ways["full"], ways["increment"]
            click.echo(
                f"  {workers} workers: all in {full['seconds']:.1f} s ({full['processor']:.1f} s of processors), the"
                f" increment in {increment['seconds']:.1f} s ({increment['processor']:.1f} s):"
                f" {full['seconds'] / increment['seconds']:.1f} times as fast, by processors"
                f" {full['processor'] / increment['processor']:.1f} times"
            )
        click.echo(f"  the same bytes: {figure['same_bytes']}")
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def spread(count: int, share: float) -> np.ndarray:
    """Which of the photos (count,) are known, where the others are any."""
    known = np.ones(count, np.bool_)
    known[np.random.default_rng(1).permutation(count)[: round(share * count)]] = False
    return known


def in_few(partition: np.ndarray, share: float) -> np.ndarray:
    """Which of the photos (n,) are known, where the others are a tenth of some partitions."""
    rng = np.random.default_rng(1)
    known = np.ones(len(partition), np.bool_)
    for name in rng.permutation(np.unique(partition.astype(str))):
        inside = rng.permutation(np.flatnonzero(partition == name))
        left = round(share * len(partition)) - np.count_nonzero(~known)
        known[inside[: min(len(inside) // 10, left)]] = False
    return known


def measured(root: Path, today: Catalog, known: np.ndarray) -> dict[str, Any]:
    """Seconds, seconds of processors and memory of both ways, and whether they left the same bytes."""
    today.take(known).write(root / CATALOG / TABLE)
    run(root, "similar", 2)
    shutil.copytree(root / SIMILAR.parent, root / "yesterday", dirs_exist_ok=True)
    today.write(root / CATALOG / TABLE)
    workers, seen = {}, set()
    for count in (1, 2):
        repeats = []
        for _ in range(_REPEATS):
            shutil.copytree(root / "yesterday", root / SIMILAR.parent, dirs_exist_ok=True)
            repeats.append(timed(root, count, "--incremental"))
            seen.add(hashes(root))
        increment = {name: median(one[name] for one in repeats) for name in repeats[0]}
        workers[count] = {"increment": increment, "full": timed(root, count)}
        seen.add(hashes(root))
    return {"new": int(np.count_nonzero(~known)), "workers": workers, "same_bytes": len(seen) == 1}


def timed(root: Path, workers: int, *words: str) -> dict[str, float]:
    """What `run` tells, and the seconds that the command's processes have worked."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = run(root, "similar", workers, *words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return told | {"processor": after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime}


def hashes(root: Path) -> tuple[str, ...]:
    """The digests of the lists and of what they were made from."""
    return tuple(hashlib.sha256((root / path).read_bytes()).hexdigest() for path in (SIMILAR, SEEN, SEAL))


if __name__ == "__main__":
    main()
