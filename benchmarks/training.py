"""How much of the training step's rate is left when its batches come from the pixel store, and what limits training.

The step runs on batches that lie in memory, and on batches as `train fit` makes them while the step runs: decoded and
resized, or kept from an earlier epoch, warped and packed. Both sides run in one process, turn by turn; the ratio of
their best rounds counts, and where other programs run meanwhile that of the processor's time. The third side makes
batches and trains on none.
"""

import json
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import keras
import numpy as np
from extraction import Turn, timed

from core import models
from core.augment import Spread
from core.images import Pixels, PixelStore, encode, write_store
from core.paths import COLLECTIONS, MIXED, STORES, TABLE, TRIPLETS
from core.tables import Catalog, Triplets
from curate.drawn.products import CATALOG, generators, product
from curate.drawn.scenes import catalog_photo
from curate.drawn.silhouettes import PARTITIONS
from train import architectures, devices, losses
from train.architectures import ARCHITECTURES
from train.batches import Batch, TripletBatches
from train.order import Order
from train.photos import TripletPhotos
from train.squares import KeptSquares
from train.step import trainer

SPREAD = Spread(zoom=0.2, shear=0.2, rotation=30.0, shift=0.0, upside_down=True)
_PRODUCTS, _VIEWS, _NEGATIVES = 120, 3, 4  # of the rendered catalog; negatives of each pair of photos of a product
_SIDE = 160  # pixels, of a rendered photo
_HELD = 16  # batches in memory; a longer turn goes through them again


@click.command()
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="Its triplets and photos, if any.")
@click.option("--architecture", type=click.Choice(list(ARCHITECTURES)), default="mildnet_mobilenet", show_default=True)
@click.option("--size", "sizes", type=click.IntRange(min=32), multiple=True, default=(96,), show_default=True)
@click.option("--batch", type=click.IntRange(min=1), default=16, show_default=True, help="In triplets.")
@click.option("--units", type=click.IntRange(min=1), default=512, show_default=True)
@click.option("--share/--no-share", default=True, show_default=True, help="Triplets that share photos stand together.")
@click.option("--keep/--no-keep", default=True, show_default=True, help="Time later epochs, or the first.")
@click.option("--precision", default="auto", show_default=True, help="As train.fit.precision.")
@click.option("--workers", type=click.IntRange(min=1), default=os.cpu_count(), show_default="one per core")
@click.option("--seconds", default=4.0, show_default=True, help="Of a turn, about.")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(
    project: Path,
    architecture: str,
    sizes: tuple[int, ...],
    batch: int,
    units: int,
    share: bool,
    keep: bool,
    precision: str,
    workers: int,
    seconds: float,
    rounds: int,
    json_path: Path | None,
) -> None:
    """Time training steps with the real input against the same steps on batches in memory.

    Example: python benchmarks/training.py --size 64 --size 128
    """
    figures = []
    with tempfile.TemporaryDirectory() as folder, devices.prepared(precision, batch) as device:
        photos, store, kind, source = stored(project) or rendered(Path(folder))
        click.echo(f"{keras.backend.backend()} on {device}, {os.cpu_count()} cores, {workers} workers; {source}")
        order = Order(photos.rows, kind, batch=batch, steps=None, share=share, seed=1)
        for size in sizes:
            squares = KeptSquares(store) if keep else store
            batches = TripletBatches(order, photos, squares, size=size, spread=SPREAD, epoch=1, workers=workers)
            case = {"architecture": architecture, "size": size, "batch": batch, "units": units, "kept": keep}
            figures.append(case | measure(architecture, units, batches, seconds, rounds))
            click.echo(told(figures[-1]))
    if json_path:
        machine = {"backend": keras.backend.backend(), "device": device, "cores": os.cpu_count(), "workers": workers}
        json_path.write_text(json.dumps({**machine, "source": source, "cases": figures}, indent=2) + "\n")


def told(figures: dict[str, Any]) -> str:
    """The figures of one case in words."""
    return (
        f"{figures['architecture']} {figures['size']} px, batch {figures['batch']}: in memory"
        f" {figures['memory_images_per_s']:.0f} images/s, from the store {figures['store_images_per_s']:.0f} images/s,"
        f" ratio {figures['ratio']:.3f}, of processor time {figures['processor_ratio']:.3f} (other programs"
        f" {figures['others']:.0%} of the cores); input alone {figures['input_images_per_s']:.0f} images/s, so"
        f" {figures['limit']} limits; {figures['tflops']:.3g} of {figures['peak_tflops']:.3g} TFLOP/s,"
        f" {figures['share_of_peak']:.1%} of the device's peak; {figures['photos']} photos a step,"
        f" {figures['decoded_per_triplet']:.2f} images decoded per triplet"
    )


def measure(architecture: str, units: int, batches: TripletBatches, seconds: float, rounds: int) -> dict[str, Any]:
    """The rates of the three sides, and what the step uses of the device."""
    models.seed(1)
    model = architectures.build(architecture, size=batches.size, weights=None, preprocessing="trunk", units=units)
    optimizer = keras.optimizers.SGD(1e-4, momentum=0.9, nesterov=True)
    step = trainer(model, losses.build("hinge", margin=0.3), optimizer)
    held = [batches[number % len(batches)] for number in range(_HELD)]
    train(step, held, 3)
    deque(coming(batches, len(batches)), maxlen=0)
    steps = max(4, round(8 * seconds / timed(lambda: train(step, held, 8)).seconds))
    product, operations = large_product()
    turns: dict[str, list[Turn]] = {"memory": [], "store": [], "input": [], "product": []}
    for _ in range(rounds):
        turns["memory"].append(timed(lambda: train(step, held, steps)))
        turns["store"].append(timed(lambda: train(step, coming(batches, steps), steps)))
        turns["input"].append(timed(lambda: deque(coming(batches, steps), maxlen=0)))
        turns["product"].append(timed(product))
    shown = steps * batches.order.photos
    best = {name: min(turn.seconds for turn in of_side) for name, of_side in turns.items()}
    rates = {name: shown / best[name] for name in ("memory", "store", "input")}
    processor = {name: min(turn.processor for turn in of_side) for name, of_side in turns.items()}
    tflops = 6 * multiply_adds(model) * rates["store"] / 1e12  # two operations each, and twice more backwards
    most = operations / best["product"] / 1e12
    return {
        **{f"{name}_images_per_s": rate for name, rate in rates.items()},
        "ratio": rates["store"] / rates["memory"],
        "processor_ratio": processor["memory"] / processor["store"],
        "others": float(np.mean([turn.others for of_side in turns.values() for turn in of_side])),
        "limit": "input" if rates["input"] < rates["memory"] else "compute",
        "tflops": tflops,
        "peak_tflops": most,
        "share_of_peak": tflops / most,
        "steps": steps,
        "photos": batches.order.photos,
        "decoded_per_triplet": batches.decoded,
    }


def train(step: keras.Model, batches: Iterable[Batch], steps: int) -> None:
    """`steps` steps on `batches`; those of a list come round again."""
    source = (batches[number % len(batches)] for number in range(steps)) if isinstance(batches, list) else batches
    step.fit(source, steps_per_epoch=steps, epochs=1, verbose=0, shuffle=False)


def coming(batches: TripletBatches, steps: int) -> Iterable[Batch]:
    """As many batches, made as `train fit` makes them; an epoch that is over starts again."""
    while steps > 0:
        last = min(steps, len(batches))
        with closing(batches.ahead(0, last)) as ready:
            yield from ready
        steps -= last


def multiply_adds(model: keras.Model) -> int:
    """Of one photo through convolutions and dense layers: each weight of a kernel counts once per place."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += multiply_adds(layer)
        elif hasattr(layer, "kernel"):
            total += int(np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:-1], dtype=int))
    return total


def large_product() -> tuple[Callable[[], None], int]:
    """Large matrix products in the dtype in which the network computes, and how many operations they are."""
    accelerated = "cpu" not in keras.distribution.list_devices()[0].lower()
    side, count = (8192, 32) if accelerated else (2048, 4)
    dtype = keras.config.dtype_policy().compute_dtype
    factor = keras.ops.cast(keras.random.uniform((side, side), maxval=2 / side), dtype)  # products keep their size

    def run() -> None:
        product = factor
        for _ in range(count):
            product = keras.ops.matmul(product, factor)
        keras.ops.convert_to_numpy(product[0, 0])

    run()
    return run, 2 * side**3 * count


Source = tuple[TripletPhotos, PixelStore, Any, str]


def stored(project: Path) -> Source | None:
    """The photos, pixels and kinds of a project's training triplets; None where it has no triplets."""
    if not (project / MIXED / TRIPLETS).is_file():
        return None
    triplets = Triplets.read(project / MIXED / TRIPLETS, split=["train"])
    photos = TripletPhotos.of(triplets, [Catalog.read(project / folder / TABLE) for folder in COLLECTIONS])
    store = PixelStore.open(*(project / path for path in STORES))
    return photos, store, triplets.kind, f"{len(triplets)} triplets of {project.resolve().name}"


def rendered(folder: Path) -> Source:
    """The same of products of the rendered sample: every two photos of one with some of its partition."""
    rng = np.random.default_rng(1)
    views = np.arange(_PRODUCTS * _VIEWS)
    partition = views // _VIEWS % len(PARTITIONS)
    triplets = [
        (query, positive, negative)
        for query in views
        for positive in views[views // _VIEWS == query // _VIEWS]
        if positive != query
        for negative in rng.choice(
            views[(partition == partition[query]) & (views // _VIEWS != query // _VIEWS)], _NEGATIVES, replace=False
        )
    ]
    names = np.array([f"{view:06}" for view in views], object)
    write_store(folder / "images.arrow", ((names[view], encode(photo(int(view)), 95)) for view in views))
    photos = TripletPhotos(names, np.array(triplets), views // _VIEWS, names, np.zeros(len(views), np.bool_))
    kind = np.full(len(triplets), "in_class", object)
    return photos, PixelStore.open(folder / "images.arrow"), kind, f"{len(triplets)} triplets, rendered"


def photo(view: int) -> Pixels:
    index, number = divmod(view, _VIEWS)
    look_rng, *photo_rngs = generators(1, CATALOG, index, 1 + _VIEWS)
    turn, place = divmod(index, len(PARTITIONS))
    gender, category = PARTITIONS[place]
    look = product(gender, category, turn + 31 * place, _SIDE, look_rng).look
    return catalog_photo(look, category, gender, number, _SIDE, photo_rngs[number])


if __name__ == "__main__":
    main()
