"""What a day costs: a model of the seconds and the memory of each step, fitted to small runs, held to a larger one.

A step costs seconds of a processor per command, partition, photo and pair of photos of one partition; an increment
costs pairs of a new photo and one of its partition instead. Its main process has a share in it that no further worker
takes away: per command, partition and photo. The coefficients are at least 0 (Lawson and Hanson, Solving Least Squares
Problems, 1974, chapter 23) and fit the runs by their relative errors. Every run is a command as a user runs it, start
and tables included, on the catalogs of `mining.py`; extraction runs on photos of the project in the working folder.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import psutil
from mining import make, uneven
from scipy.optimize import nnls
from tqdm import tqdm

from core.paths import CATALOG, CLASSIFIERS, COLLECTIONS, STORE, TABLE
from core.tables import Catalog

# Products and equal partitions, so many that workers are begun; and (products, partitions, largest) of the larger run.
_SMALL = (
    (2500, 1),
    (4000, 1),
    (5000, 1),
    (4000, 2),
    (8000, 4),
    (9000, 6),
    (15000, 40),
    (12000, 20),
    (20000, 50),
    (20000, 80),
)
_HELD_BACK = (40_000, 160, 4000)
_PHOTOS, _HELD_BACK_PHOTOS = (200, 400, 800, 1200), 2000
_NEW = 0.01
_PARTITIONS = 400
_USUAL = 250  # products of a partition, where there are more partitions for more products
_FORESEEN = (1_000_000, 10_000_000, 100_000_000)
_WORKERS = (8, 64, 512)
_STEPS = ("recommend", "mine", "similar", "similar --incremental")
# A run tells at its end the processor seconds of its main process and of its workers.
_PROGRAM = """
import atexit, json, resource

def told():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    with open("used.json", "w") as file:
        json.dump([one.ru_utime + one.ru_stime for one in used], file)

atexit.register(told)
from {package}.cli import main
main()
"""


@dataclass(frozen=True)
class Load:
    """What a step has to do; `pairs` are those of a partition's photos, or of a new photo and one of its partition."""

    partitions: int
    photos: int
    pairs: float

    def alone(self) -> list[float]:
        """What the main process pays for."""
        return [1, self.partitions, self.photos]

    def terms(self) -> list[float]:
        """What is paid for in all."""
        return [*self.alone(), self.pairs]


@dataclass(frozen=True)
class Used:
    """Processor seconds of the main process and of its workers, the most memory in MB that each held; seconds passed.

    Pages of files that the system can drop, and those that processes share, do not count.
    """

    main: float
    workers: float
    main_mb: float
    worker_mb: float
    seconds: float


@dataclass(frozen=True)
class Model:
    """Seconds of a processor by the terms of a load, and those of the main process; MB of the main process."""

    seconds: list[float]
    alone: list[float]
    main_mb: list[float]

    @classmethod
    def fit(cls, runs: Sequence[tuple[Load, Used]]) -> "Model":
        """Fit to some runs."""
        return cls(
            _fitted([load.terms() for load, _ in runs], [used.main + used.workers for _, used in runs]),
            _fitted([load.alone() for load, _ in runs], [used.main for _, used in runs]),
            _fitted([[1, load.photos] for load, _ in runs], [used.main_mb for _, used in runs]),
        )

    def foresee(self, load: Load) -> tuple[float, float]:
        """Seconds of a processor, and those of them that the main process takes."""
        seconds = float(np.dot(self.seconds, load.terms()))
        return seconds, min(seconds, float(np.dot(self.alone, load.alone())))


@click.command()
@click.option("--workers", type=click.IntRange(min=2), default=2, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(workers: int, json_path: Path | None) -> None:
    """Fit the costs of every step to small runs, hold them to a larger one, and tell what larger catalogs will take.

    Example: python benchmarks/cost.py --workers 2
    """
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), workers)
        if (CATALOG / STORE).exists() and all(path.exists() for path in CLASSIFIERS.values()):
            found["features extract"] = extracted(Path(folder), workers)
        else:
            click.echo("Extraction is left out: there is no project here with photos and classifiers. Run make.")
    figures: dict[str, Any] = {}
    for step, runs in found.items():
        *small, (load, used) = runs
        model = Model.fit(small)
        predicted, all_used = model.foresee(load)[0], used.main + used.workers
        figures[step] = {
            "model": asdict(model),
            "foreseen_s": predicted,
            "used_s": all_used,
            "error": predicted / all_used - 1,
            "seconds": used.seconds,
            "main_mb": used.main_mb,
            "worker_mb": used.worker_mb,
        }
        click.echo(
            f"{step}, {load.photos:,} photos in {load.partitions} partitions: {predicted:.1f} s of a processor were"
            f" foreseen, {all_used:.1f} s used, {predicted / all_used - 1:+.0%}; {used.seconds:.1f} s passed,"
            f" {used.main_mb:,.0f} MB in the main process, {used.worker_mb:,.0f} MB in a worker at most"
        )
    for step in _STEPS:
        figures[step]["foreseen"] = {}
        for products in _FORESEEN:
            for partitions in (_PARTITIONS, products // _USUAL):
                told = foreseen(Model(**figures[step]["model"]), products, partitions, step.endswith("--incremental"))
                figures[step]["foreseen"][f"{products} in {partitions}"] = told
                minutes = ", ".join(f"{told['minutes'][count]:,.1f} with {count}" for count in _WORKERS)
                click.echo(
                    f"{step}, {products:,} products in {partitions:,} partitions: {told['main_gb']:,.1f} GB and"
                    f" {told['main_minutes']:,.1f} minutes of the main process, {told['hours']:,.2f} hours of a"
                    f" processor in all; minutes by workers: {minutes}"
                )
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def foreseen(model: Model, products: int, partitions: int, increment: bool) -> dict[str, Any]:
    """Minutes of a step for a catalog of one photo per product, by how many workers there are."""
    sizes = uneven(products, partitions, 20 * products // partitions).astype(float)
    load = Load(partitions, products, float((sizes**2).sum()) * (_NEW if increment else 1))
    seconds, alone = model.foresee(load)
    return {
        "main_minutes": alone / 60,
        "main_gb": float(np.dot(model.main_mb, [1, products])) / 1024,
        "hours": seconds / 3600,
        "minutes": {count: (alone + (seconds - alone) / count) / 60 for count in _WORKERS},
    }


def measured(folder: Path, workers: int) -> dict[str, list[tuple[Load, Used]]]:
    """The runs of the steps that compare photos, the held-back one last."""
    found: dict[str, list[tuple[Load, Used]]] = {step: [] for step in _STEPS}
    catalogs = [np.full(partitions, products // partitions) for products, partitions in _SMALL]
    for number, sizes in enumerate(tqdm([*catalogs, uneven(*_HELD_BACK)], desc="catalogs", unit="")):
        root = folder / str(number)
        make(root, sizes, 7)
        new = _without_new(root)
        whole = Load(len(sizes), int(sizes.sum()), float((sizes.astype(float) ** 2).sum()))
        for step in ("recommend", "mine"):
            found[step].append((whole, _run(root, "triplets", step, "--workers", str(workers))))
        today = Catalog.read(root / CATALOG / TABLE)
        today.take(~new).write(root / CATALOG / TABLE)
        _run(root, "triplets", "similar", "--workers", str(workers))
        today.write(root / CATALOG / TABLE)
        _, partition = np.unique(today.partition.astype(str), return_inverse=True)
        some = Load(
            len(np.unique(partition[new])),
            len(today),
            float((np.bincount(partition, weights=new) * np.bincount(partition)).sum()),
        )
        step = "similar --incremental"
        found[step].append((some, _run(root, "triplets", *step.split(), "--workers", str(workers))))
        found["similar"].append((whole, _run(root, "triplets", "similar", "--workers", str(workers))))
        shutil.rmtree(root)
    return found


def extracted(folder: Path, workers: int) -> list[tuple[Load, Used]]:
    """The runs of `features extract` on some of the project's photos, none of them known, the held-back one last."""
    found = []
    for count in tqdm([*_PHOTOS, _HELD_BACK_PHOTOS], desc="photos", unit=""):
        root = folder / f"photos-{count}"
        shutil.copytree("data/curated", root / "data/curated")
        for path in CLASSIFIERS.values():
            shutil.copytree(path, root / path)
        shutil.copy("params.yaml", root)
        every = [Catalog.read(path / TABLE) for path in COLLECTIONS]
        for path, table in zip(COLLECTIONS, every, strict=True):
            table.take(np.arange(len(table)) < (count if path == CATALOG else 0)).write(root / path / TABLE)
        load = Load(0, min(count, len(every[0])), 0)
        found.append((load, _run(root, "features", "extract")))
        shutil.rmtree(root)
    return found


def _without_new(root: Path) -> npt.NDArray[np.bool_]:
    count = len(Catalog.read(root / CATALOG / TABLE))
    new = np.zeros(count, np.bool_)
    new[np.random.default_rng(1).permutation(count)[: max(1, round(_NEW * count))]] = True
    return new


def _run(root: Path, package: str, *words: str) -> Used:
    start, peaks = time.perf_counter(), {True: 0, False: 0}
    program = [sys.executable, "-c", _PROGRAM.format(package=package), *words]
    process = psutil.Popen(program, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while process.poll() is None:
        for one in [process, *process.children(recursive=True)]:
            with suppress(psutil.Error):
                peaks[one == process] = max(peaks[one == process], one.memory_full_info().uss)
        time.sleep(0.1)
    if process.returncode:
        raise click.ClickException(process.stderr.read().decode())
    of_main, of_workers = json.loads((root / "used.json").read_text())
    return Used(of_main, of_workers, peaks[True] / 2**20, peaks[False] / 2**20, time.perf_counter() - start)


def _fitted(loads: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    """The coefficients, at least 0, with the least squares of relative errors."""
    wanted = np.maximum(values, 1e-3)
    terms = np.array(loads, np.float64) / wanted[:, None]
    scale = np.maximum(terms.max(axis=0), 1e-30)  # pairs are many and cheap
    return [float(one) for one in nnls(terms / scale, np.ones(len(wanted)))[0] / scale]


if __name__ == "__main__":
    main()
