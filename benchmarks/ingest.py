"""`curate ingest` against the bare work on the same photos, its growth, and a day's new photos against all of them.

The photos are random cuts of real ones, so that no two are alike. Every run is a process of its own, start included.
"""

import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import click
import cv2
import numpy as np
import psutil
from ruamel.yaml import YAML

from core.decoding import decode
from core.engine import run
from core.engines import Engine
from core.images import encode, shrink

PROFILE = Path(__file__).parents[1] / "profiles/sample.yaml"
COLUMNS = ("image", "product", "gender", "category")
CATEGORIES = [f"category {number}" for number in range(20)]
PER_TASK = 32


@click.command()
@click.option("--photos", default=Path("../shared/datasets/clothing/images"), type=click.Path(path_type=Path))
@click.option("--rows", default=5000, show_default=True)
@click.option("--side", type=int, help="Enlarge the photos to this larger side, in pixels.  [default: as they are]")
@click.option("--workers", default=2, show_default=True)
@click.option("--rounds", default=3, show_default=True, help="Of the comparison with the bare work.")
@click.option("--bare", "bare_rows", type=int, hidden=True, help="Only do the bare work, in the current folder.")
@click.option("--whole", is_flag=True, hidden=True, help="The bare work decodes in full.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(
    photos: Path,
    rows: int,
    side: int | None,
    workers: int,
    rounds: int,
    bare_rows: int | None,
    whole: bool,
    json_path: Path | None,
) -> None:
    """Time ingest of ROWS photos cut from those in a folder.

    Example: python benchmarks/ingest.py --rows 100000
    """
    if bare_rows is not None:
        bare_work(bare_rows, workers, whole=whole)
        return
    if not photos.is_dir():
        click.echo(f"{photos} is no folder; name one with photos by --photos. Nothing is timed.")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(photos, folder, rows + rows // 100, side, workers)
        size = sum(path.stat().st_size for path in (folder / "photos").iterdir()) / (rows + rows // 100)
        click.echo(f"{rows:,} photos of {size / 1000:,.0f} kB, {workers} workers")
        figures: dict[str, float] = {"rows": rows, "workers": workers, "bytes_per_photo": size}
        figures |= against_bare(folder, rows, workers, rounds)
        figures |= growth(folder, rows, workers)
        figures |= a_day(folder, rows, workers)
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def against_bare(folder: Path, rows: int, workers: int, rounds: int) -> dict[str, float]:
    """Ingest from nothing, and reading, decoding, shrinking and encoding alone, turn by turn.

    Once the bare work decodes photos in full, once, as ingest does, a JPEG no larger than it needs to be.
    """
    write_table(folder, rows)
    command = [sys.executable, __file__, "--bare", str(rows), "--workers", str(workers)]
    seconds: dict[str, list[float]] = {"bare": [], "bare_reduced": [], "ingest": []}
    for _ in range(rounds):
        seconds["bare"].append(timed(folder, [*command, "--whole"])[0])
        seconds["bare_reduced"].append(timed(folder, command)[0])
        seconds["ingest"].append(ingest(folder, workers, anew=True)[0])
    rates = {name: rows / min(times) for name, times in seconds.items()}
    ratio, reduced = rates["ingest"] / rates["bare"], rates["ingest"] / rates["bare_reduced"]
    click.echo(f"ingest {rates['ingest']:,.0f} photos/s")
    click.echo(f"bare work, decoding in full: {rates['bare']:,.0f}/s, ratio {ratio:.2f}")
    click.echo(f"bare work, decoding as ingest does: {rates['bare_reduced']:,.0f}/s, ratio {reduced:.2f}")
    return {f"{name}_photos_per_s": rate for name, rate in rates.items()} | {"ratio": ratio, "ratio_reduced": reduced}


def growth(folder: Path, rows: int, workers: int) -> dict[str, float]:
    """Seconds and memory of ingest from nothing, at a tenth of the rows and at all of them."""
    figures: dict[str, float] = {}
    for name, count in (("tenth", rows // 10), ("all", rows)):
        write_table(folder, count)
        seconds, megabytes = ingest(folder, workers, anew=True)
        figures |= {f"{name}_seconds": seconds, f"{name}_megabytes": megabytes}
        per_row = seconds / count * 1000
        click.echo(f"{count:,} rows from nothing: {seconds:.1f} s, {per_row:.2f} ms each, {megabytes:,.0f} MB")
    return figures


def a_day(folder: Path, rows: int, workers: int) -> dict[str, float]:
    """One percent of new rows on what is there, and the same rows from nothing."""
    write_table(folder, rows + rows // 100)
    some, _ = ingest(folder, workers)
    kept = output(folder)
    everything, _ = ingest(folder, workers, anew=True)
    ratio = everything / some
    same = "the same bytes" if kept == output(folder) else "OTHER BYTES"
    click.echo(f"{rows // 100:,} new rows on {rows:,}: {some:.1f} s; from nothing {everything:.1f} s")
    click.echo(f"ratio {ratio:.1f}, {same}")
    return {"day_seconds": some, "day_from_nothing_seconds": everything, "day_ratio": ratio}


def ingest(folder: Path, workers: int, *, anew: bool = False) -> tuple[float, float]:
    """Seconds and megabytes of `curate ingest` in `folder`; `anew` removes what earlier runs left."""
    if anew:
        shutil.rmtree(folder / "data", ignore_errors=True)
    return timed(folder, ["curate", "ingest", "--workers", str(workers)])


def timed(folder: Path, command: list[str]) -> tuple[float, float]:
    """Seconds, and the most resident megabytes of the command and its processes together."""
    start, most = time.perf_counter(), 0
    process = psutil.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        most = max(most, resident(process))
        time.sleep(0.05)
    if process.returncode:
        raise click.ClickException(f"{' '.join(command)} failed; run it in {folder}")
    return time.perf_counter() - start, most / 2**20


def resident(process: psutil.Process) -> int:
    """Bytes of a process and those it started; memory that they share counts for each."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def output(folder: Path) -> dict[str, bytes]:
    """The files that ingest wrote."""
    return {path.name: path.read_bytes() for path in (folder / "data/curated/catalog").iterdir()}


def bare_work(rows: int, workers: int, *, whole: bool) -> None:
    """Reading, decoding, shrinking and encoding, in the same pool and the same portions; `whole` decodes in full."""
    paths = sorted(Path("photos").iterdir())[:rows]
    tasks = [paths[start : start + PER_TASK] for start in range(0, rows, PER_TASK)]
    params = YAML(typ="safe").load(PROFILE)["curate"]["photos"]
    names = ("largest_side", "quality", "max_pixels")
    enough = None if whole else params["largest_side"]
    function = partial(bare, **{name: params[name] for name in names}, enough=enough)
    for _ in run(function, tasks, engine=Engine(workers=workers), label=None):
        pass


def bare(paths: list[Path], *, largest_side: int, quality: int, max_pixels: int, enough: int | None) -> list[bytes]:
    """The photos as they would be stored, decoded no larger than `enough`."""
    photos = (decode(path.read_bytes(), max_pixels=max_pixels, enough=enough).pixels for path in paths)
    return [encode(shrink(pixels, largest_side), quality) for pixels in photos]


def make(photos: Path, folder: Path, count: int, side: int | None, workers: int) -> None:
    """Write `count` photos, each a cut of one in `photos`, and the parameters that read them."""
    (folder / "photos").mkdir()
    sources = sorted(photos.iterdir())
    tasks = [range(start, min(start + PER_TASK, count)) for start in range(0, count, PER_TASK)]
    function = partial(cut, sources=sources, folder=folder / "photos", side=side)
    for _ in run(function, tasks, engine=Engine(workers=workers), label="photos to time", total=len(tasks)):
        pass
    params = YAML(typ="safe").load(PROFILE)
    columns = {"product_id": "product", "path": "{image}", "gender": "gender", "category": "category"}
    columns |= {"image_id": None, "pattern": None, "attributes": [], "separator": None, "groups": []}
    params["curate"]["ingest"] |= {"table": "table.csv", "images": "photos", "columns": columns}
    with (folder / "params.yaml").open("w") as file:
        YAML(typ="safe").dump(params, file)


def cut(numbers: range, *, sources: list[Path], folder: Path, side: int | None) -> None:
    """Random cuts, mirrored and otherwise lit, at the size of their sources or of `side`."""
    for number in numbers:
        rng = np.random.default_rng(number)
        photo = cv2.imread(str(sources[number % len(sources)]))
        height, width = photo.shape[:2]
        top, left = int(rng.integers(height // 3)), int(rng.integers(width // 3))
        part = photo[top : top + height * 2 // 3, left : left + width * 2 // 3][:, :: rng.choice([1, -1])]
        lit = np.clip(part * rng.uniform(0.8, 1.2, 3) + rng.uniform(-10, 10), 0, 255).astype(np.uint8)
        scale = 1 if side is None else side / max(height, width)
        enlarged = cv2.resize(lit, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{number:07d}.jpg"), enlarged, [cv2.IMWRITE_JPEG_QUALITY, 90])


def write_table(folder: Path, rows: int) -> None:
    """Products of two photos in forty partitions."""
    with (folder / "table.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for number in range(rows):
            product = number // 2
            gender = "women" if product % 2 else "men"
            lines.writerow((f"{number:07d}.jpg", f"p{product}", gender, CATEGORIES[product // 2 % 20]))


if __name__ == "__main__":
    main()
