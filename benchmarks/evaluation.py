"""Evaluation of very many embeddings against themselves: seconds, and memory of the whole process.

The catalog is synthetic: uneven partitions, about three photos per product, copies, three attributes and street
photos. All photos are of the test split, so that every one of them asks all others, exactly.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import psutil
from mining import uneven

from core.paths import TABLE, TRIPLETS
from core.tables import KINDS, Catalog, Triplets, Vectors

GENDERS = ("women", "men", "girls", "boys", "unisex")
ATTRIBUTES = {"color": 12, "pattern": 17, "length": 5}  # how many values
SYSTEMS = ("recommender", "trained")
STREET = 0.02  # further photos, as a share of the catalog's


@click.command()
@click.option("--photos", default=100_000, show_default=True)
@click.option("--products", default=33_000, show_default=True)
@click.option("--partitions", default=400, show_default=True)
@click.option("--largest", default=2500, show_default=True, help="Products of the largest partition.")
@click.option("--dimensions", default=512, show_default=True)
@click.option("--triplets", default=20_000, show_default=True, help="Of each kind.")
@click.option("--limit", default=1500, show_default=True, help="MB that the process may take; more is a failure.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
@click.option("--judge", type=click.Path(path_type=Path), hidden=True)
def main(
    photos: int,
    products: int,
    partitions: int,
    largest: int,
    dimensions: int,
    triplets: int,
    limit: int,
    json_path: Path | None,
    judge: Path | None,
) -> None:
    """Judge two systems on a synthetic test split, and watch the memory of the process that does.

    Example: python benchmarks/evaluation.py --photos 20000 --products 7000 --partitions 100
    """
    if judge:
        judged(judge)
        return
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), uneven(products, partitions, largest), photos, dimensions, triplets)
        figures: dict[str, Any] = {"photos": photos, "dimensions": dimensions, **watched(Path(folder))}
    click.echo(
        f"{photos:,} embeddings of {dimensions} dimensions against themselves, {len(SYSTEMS)} systems:"
        f" {figures['seconds']:.0f} s, {figures['peak_mb']:,.0f} MB at most, {figures['private_mb']:,.0f} MB of it"
        f" the process's own; {limit:,} MB are allowed"
    )
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")
    if figures["peak_mb"] > limit:
        raise click.ClickException(f"{figures['peak_mb']:,.0f} MB are above the limit of {limit:,} MB")


def make(root: Path, sizes: np.ndarray, photos: int, dimensions: int, triplets: int) -> None:
    """The tables that an evaluation reads: two collections, triplets, and the vectors of two systems."""
    rng = np.random.default_rng(1)
    product = np.sort(np.concatenate([np.arange(sizes.sum()), rng.integers(0, sizes.sum(), photos - sizes.sum())]))
    partition = np.repeat(np.arange(len(sizes)), rng.permutation(sizes))[product]
    values = {name: rng.integers(0, count, sizes.sum())[product] for name, count in ATTRIBUTES.items()}
    copied = rng.random(photos) < 0.01
    group = np.where(copied, np.arange(photos) // 2 * 2, np.arange(photos))
    catalog = collection("photo", product, partition, group, "catalog", values)
    catalog.write(root / TABLE)
    some = np.flatnonzero(partition < 10)[: int(STREET * photos)]
    street = Catalog.concat(
        [collection(domain, product[some], partition[some], some, domain, {}) for domain in ("street", "catalog")]
    )
    street.write(root / f"street.{TABLE}")
    mined(rng, catalog, street, triplets).write(root / TRIPLETS)
    ids = np.concatenate([catalog.image_id, street.image_id])
    own = np.concatenate([product, product[some], product[some]])
    centres = rng.standard_normal((sizes.sum(), dimensions), np.float32)
    for name in SYSTEMS:
        vectors = rng.standard_normal((len(ids), dimensions), np.float32)
        for start in range(0, len(ids), 10_000):
            part = vectors[start : start + 10_000]
            part += 0.5 * centres[own[start : start + 10_000]]
            part /= np.linalg.norm(part, axis=1, keepdims=True)
        Vectors(ids, vectors, {"made_by": name}).write(root / f"{name}.arrow")


def collection(
    name: str, product: np.ndarray, partition: np.ndarray, group: np.ndarray, domain: str, values: dict[str, np.ndarray]
) -> Catalog:
    """Photos of the test split."""
    count = len(product)
    gender = np.array([GENDERS[number % len(GENDERS)] for number in partition], object)
    category = np.array([f"category {number // len(GENDERS):02}" for number in partition], object)
    image_id = np.array([f"{name}{row:07}" for row in range(count)], object)
    return Catalog(
        image_id=image_id,
        product_id=np.array([f"sku{number:06}" for number in product], object),
        domain=np.full(count, domain, object),
        gender=gender,
        category=category,
        partition=np.array([f"{one}/{other}" for one, other in zip(gender, category, strict=True)], object),
        pattern=np.full(count, None, object),
        split=np.full(count, "test", object),
        duplicate_group=np.array([f"{name}{number:07}" for number in group], object),
        content_hash=image_id,
        width=np.full(count, 8, np.int32),
        height=np.full(count, 8, np.int32),
        path=image_id,
        attributes=np.array([{key: str(of[row]) for key, of in values.items()} for row in range(count)], object),
    )


def mined(rng: np.random.Generator, catalog: Catalog, street: Catalog, count: int) -> Triplets:
    """Random triplets of every kind."""
    rows = []
    for kind in KINDS:
        photos = street if kind == "wild" else catalog
        for query, positive, negative in rng.integers(0, len(photos), (count, 3)):
            ids = {"query_id": query, "positive_id": positive, "negative_id": negative}
            rows.append({"kind": kind} | {name: photos.image_id[row] for name, row in ids.items()})
    distances = {name: 0.0 for name in Triplets.columns() if name.split("_")[0] in ("positive", "negative")}
    rest = {**distances, "positive_rank": 1, "negative_rank": 9, "split": "test", "rules": "0", "params": "0"}
    unique = {(row["query_id"], row["positive_id"], row["negative_id"]): row for row in rows}
    return Triplets.from_rows([rest | row for row in unique.values()])


def judged(root: Path) -> None:
    """What the watched process does: the whole evaluation, as `train evaluate` makes it."""
    from train.evaluation.evaluate import evaluate
    from train.evaluation.numbers import as_metrics
    from train.params import EvaluateParams
    from train.systems import System, loading

    catalog, street = Catalog.read(root / TABLE), Catalog.read(root / f"street.{TABLE}")
    systems = [System.plain(name, loading(Vectors.read(root / f"{name}.arrow"))) for name in SYSTEMS]
    params = EvaluateParams(ks=(1, 5, 10, 20), neighbors=10, examples=0, map=0, resamples=1000, seed=1)
    judgement = evaluate(systems, catalog, street, Triplets.read(root / TRIPLETS), params)
    click.echo(json.dumps(as_metrics(judgement)))


def watched(root: Path) -> dict[str, Any]:
    """Run the evaluation in a process of its own; `peak_mb` counts what it maps, too."""
    start, peak, private = time.perf_counter(), 0, 0
    with (root / "numbers.json").open("w") as out:
        words = [sys.executable, __file__, "--judge", str(root)]
        process = psutil.Popen(words, stdout=out, env={**os.environ, "TQDM_DISABLE": "1"})
        while process.poll() is None:
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                continue
            peak, private = max(peak, memory.rss), max(private, memory.uss)
            time.sleep(0.1)
    if process.returncode:
        raise click.ClickException("the evaluation failed; its message stands above")
    numbers = json.loads((root / "numbers.json").read_text())
    found = {name: one["same_product"]["map_at_r"] for name, one in numbers["systems"].items()}
    return {
        "seconds": time.perf_counter() - start,
        "peak_mb": peak / 2**20,
        "private_mb": private / 2**20,
        "counts": numbers["counts"],
        "map_at_r": found,
    }


if __name__ == "__main__":
    main()
