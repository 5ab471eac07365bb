"""How long the copies in a catalog take to find, how much memory, and how both grow.

The fingerprints are those of crops, mirror images and other lights of real photos: as skewed as real ones, and as
many as one likes. One photo in a hundred has a near copy, cropped by 1 % and encoded anew.
"""

import json
import resource
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np

from core.decoding import decode
from core.images import Pixels, encode, shrink
from curate.duplicates import Copies, find
from curate.fingerprints import Fingerprint, cells, fingerprint
from curate.near import near_pairs
from curate.params import DuplicateParams

PHOTOS = Path("../shared/datasets/clothing/images")
SIDE = 160  # pixels of a stored photo


@click.command()
@click.option("--images", type=click.IntRange(min=100), default=20_000, show_default=True)
@click.option("--photos", type=click.Path(path_type=Path), default=PHOTOS, show_default=True)
@click.option("--hash-distance", default=6, show_default=True, help="Bits of 64.")
@click.option("--color-distance", default=7.0, show_default=True, help="Delta E.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(images: int, photos: Path, hash_distance: int, color_distance: float, json_path: Path | None) -> None:
    """Time the search for near pairs, and the grouping with it, on N fingerprints and on a tenth of them.

    Example: python benchmarks/near_duplicates.py --images 100000
    """
    files = sorted(photos.iterdir()) if photos.is_dir() else []
    if not files:
        click.echo(f"no photos in {photos}: name a folder that has some with --photos")
        return
    cv2.setNumThreads(1)
    params = DuplicateParams(hash_distance=hash_distance, color_distance=color_distance)
    start = time.perf_counter()
    prints = [fingerprint(photo) for photo in islice(_stored(files, images), images)]
    made = time.perf_counter() - start
    tenth, _ = _timed(prints[::10], params)
    figures, copies = _timed(prints, params)
    # Each hundredth one copies the one before it.
    planted = np.arange(99, images, 100)
    figures |= {
        "images": images,
        "growth": figures["find_s"] / tenth["find_s"],
        "planted": len(planted),
        "planted_found": int((copies.group[planted] == copies.group[planted - 1]).sum()),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    click.echo(f"{images:,} fingerprints, made in {made:.0f} s; {hash_distance} bits, Delta E {color_distance:g}")
    click.echo(f"near pairs {figures['near_s']:.2f} s, groups with them {figures['find_s']:.2f} s,", nl=False)
    click.echo(f" {figures['growth']:.0f} times a tenth of the photos; peak memory {figures['peak_mb']:.0f} MB")
    click.echo(f"{figures['pairs']:,} pairs; {figures['planted_found']:,} of {len(planted):,} planted copies found")
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def _timed(prints: list[Fingerprint], params: DuplicateParams) -> tuple[dict[str, Any], Copies]:
    hashes = np.array([one.perceptual_hash for one in prints], np.uint64)
    colors = np.array([one.colors for one in prints], object)
    content = np.array([f"{row:064}" for row in range(len(prints))], object)
    start = time.perf_counter()
    pairs = near_pairs(hashes, cells(colors), params)
    middle = time.perf_counter()
    copies = find(content, hashes, colors, params)
    return {"near_s": middle - start, "find_s": time.perf_counter() - middle, "pairs": len(pairs)}, copies


def _stored(files: list[Path], images: int) -> Iterator[Pixels]:
    """At least `images` photos as they are stored, every hundredth a near copy of the one before it."""
    rng = np.random.default_rng(1)
    number = 0
    for file in files:
        photo = decode(file.read_bytes(), max_pixels=10**9).pixels
        for _ in range(-(-images // len(files))):
            number += 1
            if number % 100:
                view = _view(photo, rng)
                yield shrink(view, SIDE)
            else:
                margin = max(view.shape) // 200
                again = encode(view[margin : len(view) - margin, margin : view.shape[1] - margin], 70)
                yield shrink(decode(again, max_pixels=10**9).pixels, SIDE)


def _view(photo: Pixels, rng: np.random.Generator) -> Pixels:
    """The photo in another crop, direction and light."""
    height, width = photo.shape[:2]
    tall, wide = round(height * rng.uniform(0.6, 1)), round(width * rng.uniform(0.6, 1))
    top, left = rng.integers(height - tall + 1), rng.integers(width - wide + 1)
    crop = photo[top : top + tall, left : left + wide, :][:, :: rng.choice([-1, 1])]
    levels = np.linspace(0, 1, 256)[:, None] ** rng.uniform(0.7, 1.4) * rng.uniform(0.85, 1.1, 3)
    return cv2.LUT(crop, np.clip(255 * levels, 0, 255).astype(np.uint8)[None]).astype(np.uint8, copy=False)


if __name__ == "__main__":
    main()
