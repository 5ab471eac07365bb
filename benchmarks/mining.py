"""From a changed weight to mined triplets: seconds, memory and growth, on synthetic vectors of the real widths.

The catalog has uneven partitions, the largest of 5,000 products of one photo, and clusters in each, so that there are
mutual neighbours as in a real one. Both commands run as a user runs them, start and tables included.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import psutil
from ruamel.yaml import YAML

from core.images import encode, write_store
from core.paths import CATALOG, FEATURES, MINED, RECOMMENDED, STORE, TABLE, TRIPLETS
from core.tables import Catalog, Vectors

PROFILE = Path(__file__).parents[1] / "profiles/sample.yaml"
WIDTHS = {"structure": 2048, "pattern": 1024, "color": 540}
GENDERS = ("women", "men", "girls", "boys", "unisex")
SPLITS = np.array(["train", "val", "test"], object)


@click.command()
@click.option("--products", default=20_000, show_default=True)
@click.option("--partitions", default=80, show_default=True)
@click.option("--largest", default=2500, show_default=True, help="Products of the largest partition.")
@click.option("--per-query", default=7, show_default=True, help="Triplets of each kind per photo, at most.")
@click.option("--workers", default=2, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(products: int, partitions: int, largest: int, per_query: int, workers: int, json_path: Path | None) -> None:
    """Time recommend and mine after a change of the weights, at a tenth of the partitions and at all of them.

    Example: python benchmarks/mining.py --products 100000 --partitions 400 --largest 5000
    """
    sizes = uneven(products, partitions, largest)
    figures: dict[str, Any] = {"products": products, "partitions": partitions, "largest": int(sizes.max())}
    for name, chosen in (("tenth", sizes[4::10]), ("all", sizes)):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            make(root, chosen, per_query)
            figures[name] = {"products": int(chosen.sum()), "partitions": len(chosen), **measured(root, workers)}
            if name == "all":
                before = hashes(root)
                run(root, "recommend", 1)
                run(root, "mine", 1)
                figures["same_bytes_from_one_worker"] = hashes(root) == before
    figures["growth"] = figures["all"]["seconds"] / figures["tenth"]["seconds"]
    for name in ("tenth", "all"):
        some = figures[name]
        click.echo(
            f"{some['products']:,} products in {some['partitions']} partitions: {some['recommend']:.1f} s +"
            f" {some['mine']:.1f} s = {some['seconds']:.1f} s for {some['triplets']:,} triplets,"
            f" {some['peak_mb']:,.0f} MB at most in all processes, {some['private_mb']:,.0f} MB of it their own"
        )
    click.echo(f"{figures['growth']:.1f} times the time of a tenth; the same bytes from one worker:", nl=False)
    click.echo(f" {figures['same_bytes_from_one_worker']}")
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def uneven(products: int, partitions: int, largest: int) -> np.ndarray:
    """Sizes (partitions,) that fall by a power of the rank, from `largest` on, and sum to `products`, at least 2."""
    ranks = np.arange(1, partitions + 1)
    low, high = 0.0, 4.0
    for _ in range(60):
        power = (low + high) / 2
        sizes = np.maximum(2, largest / ranks**power)
        low, high = (power, high) if sizes.sum() > products else (low, power)
    sizes = sizes.astype(int)
    sizes[1 : 1 + products - sizes.sum()] += 1
    return sizes


def make(root: Path, sizes: np.ndarray, per_query: int) -> None:
    """A project whose stages before `recommend` are done."""
    rng = np.random.default_rng(1)
    names = sorted(f"{GENDERS[number % 5]}/category {number // 5:02}" for number in range(len(sizes)))
    partition = np.repeat(np.array(names, object), rng.permutation(sizes))
    count = len(partition)
    image_id = np.array([f"{row:08}.jpg" for row in range(count)], object)
    gender, category = (np.array([name.split("/")[part] for name in partition], object) for part in (0, 1))
    Catalog(
        image_id=image_id,
        product_id=np.array([f"sku{row:08}" for row in range(count)], object),
        domain=np.full(count, "catalog", object),
        gender=gender,
        category=category,
        partition=partition,
        pattern=np.full(count, None, object),
        split=SPLITS[rng.choice(3, count, p=[0.8, 0.1, 0.1])],
        duplicate_group=image_id,
        content_hash=image_id,
        width=np.full(count, 8, np.int32),
        height=np.full(count, 8, np.int32),
        path=image_id,
        attributes=np.array([{}] * count, object),
    ).write(root / CATALOG / TABLE)
    photo = encode(np.full((8, 8, 3), 200, np.uint8), None)
    write_store(root / CATALOG / STORE, [(name, photo) for name in image_id])
    _, group = np.unique(partition.astype(str), return_inverse=True)
    cluster = group * 1000 + rng.integers(0, np.bincount(group)[group] // 20 + 1)
    _, cluster = np.unique(cluster, return_inverse=True)
    for name, width in WIDTHS.items():
        values = rng.standard_normal((count, width), np.float32)
        values += 1.5 * rng.standard_normal((cluster.max() + 1, width), np.float32)[cluster]
        if name == "color":
            np.abs(values, out=values)
            values /= values.sum(axis=1, keepdims=True)
        else:
            values /= np.linalg.norm(values, axis=1, keepdims=True)
        Vectors(image_id, values, {"descriptor": name}).write(root / FEATURES / f"{name}.arrow")
    params = YAML(typ="safe").load(PROFILE.read_text())
    params["triplets"]["mine"]["per_query"] = per_query
    params["triplets"]["mine"]["negative_cap"] = 4 * per_query
    weigh(root, params["triplets"], 0.2)


def weigh(root: Path, sections: dict, structure: float) -> None:
    """Write the parameters with other weights."""
    rest = (1 - structure) / 2
    sections["recommend"]["weights"] = {"structure": structure, "pattern": rest, "color": rest}
    with (root / "params.yaml").open("w") as file:
        YAML().dump({"triplets": sections}, file)


def measured(root: Path, workers: int) -> dict[str, float]:
    """Seconds of both commands, after the weights were changed, and the memory at the worst moment."""
    run(root, "recommend", workers)  # as on the day before: the descriptors are in the page cache
    weigh(root, YAML(typ="safe").load((root / "params.yaml").read_text())["triplets"], 0.5)
    recommend, mine = run(root, "recommend", workers), run(root, "mine", workers)
    report = json.loads((root / MINED / "report.json").read_text())
    return {
        "recommend": recommend["seconds"],
        "mine": mine["seconds"],
        "seconds": recommend["seconds"] + mine["seconds"],
        "triplets": sum(sum(some.values()) for kinds in report["triplets"].values() for some in kinds.values()),
        "peak_mb": max(recommend["peak_mb"], mine["peak_mb"]),
        "private_mb": max(recommend["private_mb"], mine["private_mb"]),
    }


def run(root: Path, command: str, workers: int, *words: str) -> dict[str, float]:
    """Run `triplets <command>` and look at the memory of its processes; pages that they share count once."""
    start, peak, private = time.perf_counter(), 0, 0
    program = [sys.executable, "-c", "from triplets.cli import main; main()", command, "--workers", str(workers)]
    process = psutil.Popen([*program, *words], cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while process.poll() is None:
        together = own = 0
        for one in [process, *process.children(recursive=True)]:
            try:
                memory = one.memory_full_info()
            except psutil.Error:
                continue
            together, own = together + memory.pss, own + memory.uss
        peak, private = max(peak, together), max(private, own)
        time.sleep(0.2)
    if process.returncode:
        raise click.ClickException(process.stderr.read().decode())
    return {"seconds": time.perf_counter() - start, "peak_mb": peak / 2**20, "private_mb": private / 2**20}


def hashes(root: Path) -> list[str]:
    """The digests of the two tables."""
    tables = root / RECOMMENDED / "neighbors.parquet", root / MINED / TRIPLETS
    return [hashlib.sha256(table.read_bytes()).hexdigest() for table in tables]


if __name__ == "__main__":
    main()
