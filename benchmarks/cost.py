"""What a day costs: a model of the seconds and the memory of each step, fitted to small runs, held to a larger one.

A step costs its main process, and its workers, something per command, partition, photo and pair of photos of one
partition; an increment costs pairs of a new photo and one of its partition instead. The coefficients are at least 0
(Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23) and fit the runs by their relative errors. Every
run is a command as a user runs it, start and tables included, on the catalogs of `mining.py`; extraction runs on photos
of the project in the working folder.
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

# Equal partitions of some sizes, and a few uneven ones: (products, partitions, largest).
_SMALL = (
    (250, 10),
    (1000, 10),
    (1000, 1),
    (3000, 10),
    (2000, 1),
    (4000, 2),
    (4000, 1),
    (6000, 60),
    (12000, 20),
    (10000, 200),
)
_HELD_BACK = (40_000, 160, 4000)
_PHOTOS, _HELD_BACK_PHOTOS = (60, 120, 250, 400), 800
_NEW = 0.01
_PARTITIONS = 400
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

    def terms(self) -> list[float]:
        """What is paid for."""
        return [1, self.partitions, self.photos, self.pairs]


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
    """Seconds of the main process and of the workers by the terms of a load; MB of the main one."""

    main: list[float]
    workers: list[float]
    main_mb: list[float]

    @classmethod
    def fit(cls, runs: Sequence[tuple[Load, Used]]) -> "Model":
        """Fit to some runs."""
        return cls(
            _fitted([load.terms() for load, _ in runs], [used.main for _, used in runs]),
            _fitted([load.terms() for load, _ in runs], [used.workers for _, used in runs]),
            _fitted([[1, load.photos] for load, _ in runs], [used.main_mb for _, used in runs]),
        )

    def predict(self, load: Load) -> tuple[float, float]:
        """Processor seconds of the main process and of the workers."""
        return float(np.dot(self.main, load.terms())), float(np.dot(self.workers, load.terms()))


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
        predicted, all_used = sum(model.predict(load)), used.main + used.workers
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
    click.echo(f"Foreseen for {_PARTITIONS} partitions, the largest a twentieth of the catalog:")
    for step in _STEPS:
        for products in _FORESEEN:
            line = foreseen(Model(**figures[step]["model"]), products, step.endswith("--incremental"))
            figures[step].setdefault("foreseen", {})[products] = line
            minutes = ", ".join(f"{line['minutes'][count]:,.1f} with {count}" for count in _WORKERS)
            click.echo(
                f"{step}, {products:,} products: {line['main_minutes']:,.1f} minutes and {line['main_gb']:,.1f} GB of"
                f" the main process, {line['worker_hours']:,.2f} hours of workers; minutes: {minutes}"
            )
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def foreseen(model: Model, products: int, increment: bool) -> dict[str, Any]:
    """Minutes of a step for a catalog of one photo per product, by how many workers there are."""
    sizes = uneven(products, _PARTITIONS, products // 20).astype(float)
    pairs = float((sizes**2).sum()) * (_NEW if increment else 1)
    main_s, workers_s = model.predict(Load(_PARTITIONS, products, pairs))
    return {
        "main_minutes": main_s / 60,
        "main_gb": float(np.dot(model.main_mb, [1, products])) / 1024,
        "worker_hours": workers_s / 3600,
        "minutes": {count: (main_s + workers_s / count) / 60 for count in _WORKERS},
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
