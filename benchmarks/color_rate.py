"""How many photos a second one core describes by colour, mask included, and how much of the time each part takes.

The photos are products of the rendered sample, square and on all its studio grounds; the clothing photos, where they
are here, lie on beds and floors, which takes the mask longer.
"""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from core import rows
from core.color import descriptor
from core.color_mask import garment
from core.color_params import ColorParams
from core.decoding import decode
from core.foreground import SIDE
from core.images import Pixels, PixelStore, encode, shrink, write_store
from core.params import load
from curate.drawn.products import CATALOG, generators, product
from curate.drawn.scenes import catalog_photo
from curate.drawn.silhouettes import PARTITIONS

ROOT = Path(__file__).parents[1]
CLOTHING = ROOT / "../shared/datasets/clothing/images"


@click.command()
@click.option("--photos", default=200, show_default=True)
@click.option("--size", default=224, show_default=True, help="Pixels of the larger side.")
@click.option("--rounds", default=5, show_default=True, help="The fastest counts.")
@click.option("--clothing", type=click.Path(path_type=Path), default=CLOTHING, help="A folder; skipped where absent.")
@click.option("--params", "params_path", type=click.Path(path_type=Path), default=ROOT / "params.yaml")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(photos: int, size: int, rounds: int, clothing: Path, params_path: Path, json_path: Path | None) -> None:
    """Time the colour descriptor of photos in memory, and of photos in a pixel store, on one core.

    Example: python benchmarks/color_rate.py --size 160
    """
    cv2.setNumThreads(1)
    params = load(params_path, "features.color", ColorParams)
    figures = []
    with threadpool_limits(1):
        figures.append(
            {"photos": "rendered"} | _rates([_rendered(number, size) for number in range(photos)], params, rounds)
        )
        if clothing.is_dir():
            files = sorted(clothing.iterdir())[:photos]
            taken = [shrink(decode(file.read_bytes(), max_pixels=10**9).pixels, size) for file in files]
            figures.append({"photos": "clothing"} | _rates(taken, params, rounds))
        else:
            click.echo(f"clothing: skipped, {clothing} is not here")
    click.echo(rows.text([list(figures[0]), *(list(row.values()) for row in figures)]))
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def _rates(photos: list[Pixels], params: ColorParams, rounds: int) -> dict[str, Any]:
    """Photos a second, and milliseconds of the parts."""
    names = [f"{number:06}" for number in range(len(photos))]
    small = [shrink(pixels, SIDE) for pixels in photos]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "images.arrow")
        write_store(path, zip(names, (encode(pixels, 95) for pixels in photos), strict=True))
        store = PixelStore.open(path)
        parts: dict[str, Callable[[], Any]] = {
            "all": lambda: [descriptor(pixels, params) for pixels in photos],
            "with decoding": lambda: [descriptor(store[name], params) for name in names],
            "shrink": lambda: [shrink(pixels, SIDE) for pixels in photos],
            "mask": lambda: [garment(pixels, params.mask) for pixels in small],
        }
        seconds = _fastest(list(parts.values()), rounds)
    each = dict(zip(parts, np.array(seconds) / len(photos), strict=True))
    return {
        "photos/s": round(1 / each["all"]),
        "with decoding": round(1 / each["with decoding"]),
        "ms": float(1000 * each["all"]),
        "of it shrinking": float(1000 * each["shrink"]),
        "of it the mask": float(1000 * each["mask"]),
    }


def _fastest(parts: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    """Seconds of each of `parts` in its fastest round, turn by turn."""
    seconds: list[list[float]] = [[] for _ in parts]
    for _ in range(rounds):
        for part, of_part in zip(parts, seconds, strict=True):
            start = time.perf_counter()
            part()
            of_part.append(time.perf_counter() - start)
    return [min(of_part) for of_part in seconds]


def _rendered(index: int, side: int) -> Pixels:
    look_rng, photo_rng = generators(1, CATALOG, index, 2)
    turn, place = divmod(index, len(PARTITIONS))
    gender, category = PARTITIONS[place]
    look = product(gender, category, turn + 31 * place, side, look_rng).look
    return catalog_photo(look, category, gender, index % 3, side, photo_rng)


if __name__ == "__main__":
    main()
