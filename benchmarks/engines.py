"""Spark on this machine against as many processes: seconds, memory of each process, and whether the bytes are the same.

The catalog is that of `mining.py`, uneven partitions with clusters in each, features present. The commands run as a
user runs them, the start of Java included, by one engine and then the other.
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
import psutil
from mining import make, uneven

from core import rows
from core.paths import RECOMMENDED

COMMANDS = ("recommend", "mine", "similar")
ENGINES = ("processes", "spark")


@click.command()
@click.option("--products", default=10_000, show_default=True)
@click.option("--partitions", default=40, show_default=True)
@click.option("--largest", default=1200, show_default=True, help="Products of the largest partition.")
@click.option("--workers", default=2, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(products: int, partitions: int, largest: int, workers: int, json_path: Path | None) -> None:
    """Time recommend, mine and similar by both engines, in turn.

    Example: python benchmarks/engines.py --products 100000 --partitions 400 --largest 5000
    """
    sizes = uneven(products, partitions, largest)
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), sizes, 7)
        figures = measured(Path(folder), workers)
    seconds, peaks = figures["seconds"], figures["peak_mb"]
    table = [
        [name, *(one[engine] for engine in ENGINES), one["spark"] / one["processes"]] for name, one in seconds.items()
    ]
    click.echo(rows.text([["seconds", *ENGINES, "ratio"], *table]))
    table = [[role, *(f"{peaks[engine].get(role, 0):,.0f}" for engine in ENGINES)] for role in peaks["spark"]]
    click.echo(rows.text([["peak memory of one, MB", *ENGINES], *table]))
    click.echo(f"the same bytes: {figures['same_bytes']}")
    if json_path:
        about = {"products": products, "partitions": partitions, "largest": int(sizes.max()), "workers": workers}
        json_path.write_text(json.dumps(about | figures, indent=2) + "\n")


def measured(root: Path, workers: int) -> dict[str, Any]:
    """Seconds of each command, and of all; the peak memory of each kind of process; and whether the bytes agree."""
    run(root, "recommend", "processes", workers)  # as on the day before: the descriptors are in the page cache
    seconds: dict[str, dict[str, float]] = {name: {} for name in (*COMMANDS, "all", "all, of a core")}
    peaks: dict[str, dict[str, float]] = {engine: {} for engine in ENGINES}
    written: dict[str, dict[str, str]] = {engine: {} for engine in ENGINES}
    for command in COMMANDS:
        for engine in ENGINES:
            found = run(root, command, engine, workers)
            seconds[command][engine] = found["seconds"]
            for total, name in (("all", "seconds"), ("all, of a core", "cpu")):
                seconds[total][engine] = seconds[total].get(engine, 0) + found[name]
            for role, peak in found["peak_mb"].items():
                peaks[engine][role] = max(peak, peaks[engine].get(role, 0))
            written[engine] |= {f"{command}: {path}": digest for path, digest in hashes(root).items()}
    return {"seconds": seconds, "peak_mb": peaks, "same_bytes": written["processes"] == written["spark"]}


def run(root: Path, command: str, engine: str, workers: int) -> dict[str, Any]:
    """Run `triplets <command>` by an engine, and look at the time and the memory of each of its processes."""
    program = [sys.executable, "-c", "from triplets.cli import main; main()", command, "--engine", engine]
    start = time.perf_counter()
    peaks: dict[str, float] = {}
    spent: dict[int, float] = {}
    process = psutil.Popen(
        [*program, "--workers", str(workers)], cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    while process.poll() is None:
        for one in [process, *process.children(recursive=True)]:
            try:
                role, memory, times = role_of(one, process), one.memory_info(), one.cpu_times()
            except psutil.Error:
                continue
            spent[one.pid] = times.user + times.system
            for name, size in ((role, memory.rss), (f"{role}, its own", memory.rss - memory.shared)):
                peaks[name] = max(size / 2**20, peaks.get(name, 0))
        time.sleep(0.1)
    if process.returncode:
        raise click.ClickException(process.stderr.read().decode())
    return {"seconds": time.perf_counter() - start, "cpu": sum(spent.values()), "peak_mb": peaks}


def role_of(one: psutil.Process, driver: psutil.Process) -> str:
    """What a process is to the command."""
    if one.pid == driver.pid:
        return "driver"
    return "java" if one.name() == "java" else "worker"


def hashes(root: Path) -> dict[str, str]:
    """The digests of the files that the commands have written."""
    files = [path for path in (root / RECOMMENDED.parent).rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


if __name__ == "__main__":
    main()
