"""How much of the bare network's rate is left when photos come from the pixel store.

The bare network is one function that the backend compiles, on photos that lie in memory as the network takes them.
Both sides run in one process, turn by turn, on the same photos and batches; the ratio of their best rounds counts, not
the rates. Where other programs run meanwhile, only the ratio of the processor's time per photo tells something.
"""

import json
import os
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import cv2
import keras
import numpy as np
import numpy.typing as npt
import psutil

from core import batch_norm, models, trunks
from core.images import PixelStore, encode, write_store
from core.predict import StoredPhotos, predict

_CASES = (("InceptionV3", 160), ("MobileNet", 128))  # the descriptors' trunk, and one that decoding can hardly follow
_DISTINCT = 512  # photos; a longer pass goes through them again
_SECONDS = 2.0  # of a pass, at least
_PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")

Network = Callable[[npt.NDArray[np.uint8]], Any]


@click.command()
@click.option("--trunk", type=click.Choice(list(trunks.TRUNKS)), help="Default: InceptionV3, then MobileNet.")
@click.option("--size", type=click.IntRange(min=1), help="Pixels. Default: 160, then 128.")
@click.option("--photos", type=click.IntRange(min=1), help="Of a pass, in whole batches. Default: two seconds' worth.")
@click.option("--batch", type=click.IntRange(min=1), default=64, show_default=True)
@click.option("--rounds", type=click.IntRange(min=1), default=6, show_default=True)
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(_PRECISIONS),
    multiple=True,
    help="May be given several times. Default: float32, and mixed_float16 too on an accelerator.",
)
@click.option("--xla/--no-xla", default=None, help="Default: on an accelerator. JAX always uses it.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(
    trunk: str | None,
    size: int | None,
    photos: int | None,
    batch: int,
    rounds: int,
    precisions: tuple[str, ...],
    xla: bool | None,
    json_path: Path | None,
) -> None:
    """Time extraction from the store against the bare forward pass on an array in memory.

    Example: python benchmarks/extraction.py --trunk InceptionV3 --size 96
    """
    backend, devices = keras.backend.backend(), keras.distribution.list_devices()
    accelerated = any("cpu" not in device.lower() for device in devices)
    if backend == "jax" and xla is False:
        raise click.UsageError("JAX always compiles with XLA. Leave --no-xla out.")
    if xla is None:
        xla = accelerated or backend == "jax"
    if xla:
        # Keras refuses XLA where TensorFlow's operations must be deterministic, as core asks them to be.
        os.environ["TF_DETERMINISTIC_OPS"] = "0"
    machine = {"backend": backend, "devices": devices, "cores": os.cpu_count()}
    click.echo(f"{backend} on {', '.join(devices)}, {os.cpu_count()} cores")
    cases = [case for case in _CASES if trunk in (None, case[0])] or [(str(trunk), 128)]
    figures = []
    for name, its_size in cases:
        for precision in precisions or _PRECISIONS[: 1 + accelerated]:
            found = measure(name, size or its_size, precision, photos, batch, rounds, xla)
            click.echo(
                f"{name} {found['size']} px, {precision}, XLA {'on' if found['xla'] else 'off'}, batch {batch}:"
                f" bare {found['bare_photos_per_s']:.0f} photos/s,"
                f" from the store {found['store_photos_per_s']:.0f} photos/s, ratio {found['ratio']:.3f};"
                f" of processor time {found['processor_ratio']:.3f}; other programs {found['others']:.0%} of the cores"
            )
            figures.append(found)
    if json_path:
        json_path.write_text(json.dumps({**machine, "cases": figures}, indent=2) + "\n")


def measure(
    trunk: str, size: int, precision: str, photos: int | None, batch: int, rounds: int, xla: bool
) -> dict[str, Any]:
    """The rates of both sides and what they were measured on."""
    models.seed(1)
    keras.config.set_dtype_policy(precision)
    net = trunks.build(trunk, size=size, weights=None)
    model = keras.Model(net.input, keras.layers.GlobalAveragePooling2D()(net.output))
    model.jit_compile = xla
    names = np.array([f"{number:06}" for number in range(batch * max(1, _DISTINCT // batch))], object)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "images.arrow")
        rng = np.random.default_rng(1)
        # Stored a quarter larger than the network wants them, so that the resize is part of the time.
        write_store(path, ((name, encode(portrait(rng, size * 5 // 4), 95)) for name in names))
        store = PixelStore.open(path)
        array = store.square(names, size)
        batch_norm.calibrate(model, [array[:16]])  # else the values of a random network fade from layer to layer
        network = compiled(model)
        run_bare(network, array, 1, batch)
        predict(model, StoredPhotos(store, names[:batch]), batch=batch, label="warm-up")
        steps = -(-photos // batch) if photos else enough(network, array, batch)
        stored = StoredPhotos(store, np.resize(names, steps * batch))
        bare, extracted = [], []
        for _ in range(rounds):
            bare.append(timed(lambda: run_bare(network, array, steps, batch)))
            extracted.append(timed(lambda: predict(model, stored, batch=batch, label="store")))
    best, best_extracted = (min(turn.seconds for turn in turns) for turns in (bare, extracted))
    processor, processor_extracted = (min(turn.processor for turn in turns) for turns in (bare, extracted))
    return {
        "trunk": trunk,
        "size": size,
        "precision": precision,
        "xla": xla,
        "batch": batch,
        "photos": steps * batch,
        "bare_photos_per_s": steps * batch / best,
        "store_photos_per_s": steps * batch / best_extracted,
        "ratio": best / best_extracted,
        "processor_ratio": processor / processor_extracted,
        "others": float(np.mean([turn.others for turn in bare + extracted])),
    }


def compiled(model: keras.Model) -> Network:
    """The network as a plain compiled function of its backend; on an accelerator it returns before it is done."""
    if keras.backend.backend() == "jax":
        import jax

        weights = [[v.value for v in kind] for kind in (model.trainable_variables, model.non_trainable_variables)]
        run = jax.jit(lambda weights, pixels: model.stateless_call(*weights, pixels, training=False)[0])
        return lambda pixels: run(weights, pixels)
    import tensorflow as tf

    return tf.function(lambda pixels: model(pixels, training=False), jit_compile=model.jit_compile, autograph=False)


def run_bare(network: Network, array: npt.NDArray[np.uint8], steps: int, batch: int) -> None:
    """`steps` batches of `array` through the network and back into memory, two at a time under way."""
    under_way: deque[Any] = deque()
    for step in range(steps):
        start = step * batch % len(array)
        under_way.append(network(array[start : start + batch]))
        if len(under_way) > 1:
            keras.ops.convert_to_numpy(under_way.popleft())
    keras.ops.convert_to_numpy(under_way.popleft())


def enough(network: Network, array: npt.NDArray[np.uint8], batch: int) -> int:
    """Batches that keep the bare network busy for `_SECONDS`, and no fewer than four."""
    return max(4, round(4 * _SECONDS / timed(lambda: run_bare(network, array, 4, batch)).seconds))


@dataclass(frozen=True)
class Turn:
    """What a pass took: `seconds`, those of all cores in `processor`, and the share of the cores in other programs."""

    seconds: float
    processor: float
    others: float


def timed(work: Callable[[], object]) -> Turn:
    start, processor, everything = time.perf_counter(), time.process_time(), busy()
    work()
    seconds, own = time.perf_counter() - start, time.process_time() - processor
    return Turn(seconds, own, max(0.0, busy() - everything - own) / seconds / (os.cpu_count() or 1))


def busy() -> float:
    """Seconds that the cores have worked, for whatever program."""
    times = psutil.cpu_times()
    return times.user + times.system


def portrait(rng: np.random.Generator, height: int) -> npt.NDArray[np.uint8]:
    """A photo of soft shapes, RGB uint8 (height, 3/4 height, 3), as heavy as photos of clothes are.

    At 120 x 160 both are 10.5 kB and take 0.1 ms to decode; noise would take much longer.
    """
    width = height * 3 // 4
    shapes = rng.integers(0, 256, (height // 12, width // 12, 3), np.uint8)
    return cv2.resize(shapes, (width, height), interpolation=cv2.INTER_CUBIC)


if __name__ == "__main__":
    main()
