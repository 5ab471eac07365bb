"""How much of the bare network's rate is left when photos come from the pixel store.

Both sides run in one process, turn by turn, on the same photos and batch size; the ratio counts, not the rates.
"""

import json
import tempfile
import time
from pathlib import Path

import click
import cv2
import numpy as np
import numpy.typing as npt

from core import models, trunks
from core.images import PixelStore, encode, write_store
from core.predict import StoredPhotos, predict


@click.command()
@click.option("--trunk", default="MobileNet", show_default=True)
@click.option("--size", default=128, show_default=True, help="Pixels.")
@click.option("--photos", default=512, show_default=True)
@click.option("--batch", default=64, show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(trunk: str, size: int, photos: int, batch: int, rounds: int, json_path: Path | None) -> None:
    """Time extraction from the store against the bare forward pass on an array in memory.

    Example: python benchmarks/extraction.py --trunk InceptionV3 --size 96
    """
    import keras

    models.seed(1)
    rng = np.random.default_rng(1)
    net = trunks.build(trunk, size=size, weights=None)
    model = keras.Model(net.input, keras.layers.GlobalAveragePooling2D()(net.output))
    names = np.array([f"{number:06}" for number in range(photos)], object)
    # Stored a quarter larger than the network wants them, so that the resize is part of the time.
    side = size * 5 // 4
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "images.arrow")
        write_store(path, ((name, encode(soft(rng, side), 95)) for name in names))
        stored = StoredPhotos(PixelStore.open(path), names)
        array = stored.load(np.arange(photos), size)
        predict(model, stored, batch=batch, label="warm-up")
        seconds: dict[str, list[float]] = {"bare": [], "store": []}
        for _ in range(rounds):
            start = time.perf_counter()
            for first in range(0, photos, batch):
                model.predict_on_batch(array[first : first + batch])
            seconds["bare"].append(time.perf_counter() - start)
            start = time.perf_counter()
            predict(model, stored, batch=batch, label="store")
            seconds["store"].append(time.perf_counter() - start)
    rates = {f"{side}_photos_per_s": photos / min(times) for side, times in seconds.items()}
    figures = {
        "trunk": trunk,
        "size": size,
        "batch": batch,
        **rates,
        "ratio": min(seconds["bare"]) / min(seconds["store"]),
    }
    click.echo(f"{trunk} {size} px, batch {batch}: bare {rates['bare_photos_per_s']:.0f} photos/s,")
    click.echo(f"from the store {rates['store_photos_per_s']:.0f} photos/s, ratio {figures['ratio']:.3f}")
    if json_path:
        json_path.write_text(json.dumps(figures, indent=2) + "\n")


def soft(rng: np.random.Generator, side: int) -> npt.NDArray[np.uint8]:
    """A photo of soft shapes, RGB uint8 (side, side, 3): noise would decode slower than any photo."""
    return cv2.resize(
        rng.integers(0, 256, (side // 8, side // 8, 3), np.uint8), (side, side), interpolation=cv2.INTER_CUBIC
    )


if __name__ == "__main__":
    main()
