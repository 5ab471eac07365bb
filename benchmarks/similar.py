"""Similar products after a day's new ones: the increment against a full run, on synthetic vectors of the real widths.

The catalog is that of `mining.py`, uneven partitions with clusters in each. Both commands run as a user runs them,
start and tables included, and must leave the same bytes.
"""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
from mining import make, run, uneven

from core.paths import CATALOG, SEAL, SEEN, SIMILAR, TABLE
from core.tables import Catalog


@click.command()
@click.option("--products", default=8000, show_default=True)
@click.option("--partitions", default=40, show_default=True)
@click.option("--largest", default=1200, show_default=True, help="Products of the largest partition.")
@click.option("--new", default=0.01, show_default=True, help="Share of the products that are new.")
@click.option("--workers", default=2, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(products: int, partitions: int, largest: int, new: float, workers: int, json_path: Path | None) -> None:
    """Time `triplets similar` and `triplets similar --incremental` on a catalog that has gained some products.

    Example: python benchmarks/similar.py --products 100000 --partitions 400 --largest 5000
    """
    sizes = uneven(products, partitions, largest)
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(Path(folder), sizes, new, workers)
    click.echo(
        f"{figures['products']:,} products in {figures['partitions']} partitions, {figures['new']:,} of them new:"
        f" all in {figures['full']['seconds']:.1f} s, the increment in {figures['increment']['seconds']:.1f} s,"
        f" {figures['times']:.1f} times as fast; the same bytes: {figures['same_bytes']}"
    )
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def measured(root: Path, sizes: np.ndarray, new: float, workers: int) -> dict[str, Any]:
    """Seconds and memory of both ways, and whether they left the same bytes."""
    make(root, sizes, 7)
    today = Catalog.read(root / CATALOG / TABLE)
    known = np.ones(len(today), np.bool_)
    known[np.random.default_rng(1).permutation(len(today))[: round(new * len(today))]] = False
    today.take(known).write(root / CATALOG / TABLE)
    run(root, "recommend", workers)
    run(root, "similar", workers)
    today.write(root / CATALOG / TABLE)
    increment = run(root, "similar", workers, "--incremental")
    updated = hashes(root)
    full = run(root, "similar", workers)
    return {
        "products": len(today),
        "partitions": len(sizes),
        "new": int(np.count_nonzero(~known)),
        "full": full,
        "increment": increment,
        "times": full["seconds"] / increment["seconds"],
        "same_bytes": hashes(root) == updated,
    }


def hashes(root: Path) -> list[str]:
    """The digests of the lists and of what they were made from."""
    return [hashlib.sha256((root / path).read_bytes()).hexdigest() for path in (SIMILAR, SEEN, SEAL)]


if __name__ == "__main__":
    main()
