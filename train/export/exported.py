"""A network exported: converted, opened again by its own runtime, compared with Keras, and timed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from core.atomic import replacing
from core.errors import ModelError
from core.images import Pixels
from core.models import first_line
from core.rows import Rows
from core.similarity import Floats
from train.export.formats import Format
from train.export.nearness import cosines, same_nearest
from train.export.quiet import quiet
from train.export.runtime import Embed
from train.latency import Latency, measure

REPEATS = 100
WARMUP = 10


@dataclass(frozen=True)
class Exported:
    """A file of `size` bytes: how near its embeddings are to Keras' (None for Keras itself), and how fast they come."""

    name: str
    file: str
    size: int
    cosines: Floats | None  # (n,), of each compared photo
    same_nearest: float | None
    threads: int
    latency: Latency


def as_keras(path: Path, embed: Embed, photos: Pixels, threads: int) -> Exported:
    """What Keras itself does with the model file at `path`."""
    latency = measure(embed, photos, REPEATS, WARMUP)
    return Exported("keras", path.name, path.stat().st_size, None, None, threads, latency)


def export(
    form: Format, model: keras.Model, calibration: Pixels, photos: Pixels, wanted: Floats, folder: Path
) -> Exported:
    """Write `model` to `folder` as `form`, if it computes there what it computes in Keras.

    Args:
        calibration: uint8 (m, size, size, 3), of the training split.
        photos: uint8 (n, size, size, 3), of other splits.
        wanted: (n, d), what Keras gives for `photos`.

    Raises:
        ModelError: the network cannot be converted, or a photo's embedding is too far from Keras'.
    """
    try:
        with quiet():
            content = form.written(model, calibration)
            embed = form.opened(content)
            found = embed(photos)  # (n, d)
    except Exception as error:  # the converters raise bare ones, and many kinds
        raise ModelError(f"{model.name} cannot be written as {form.name}: {first_line(error)}") from error
    near = cosines(wanted, found)
    if near.min() < form.least:
        raise ModelError(
            f"{form.name} is not written: the cosine of its embeddings with Keras' must be at least {form.least}."
            f" Received: {near.min():.4f} for the worst of {len(photos)} photos, {near.mean():.4f} on the mean."
            f" {form.otherwise}"
        )
    latency = measure(embed, photos, REPEATS, WARMUP)
    with replacing(folder / form.file) as beside:
        beside.write_bytes(content)
    return Exported(form.name, form.file, len(content), near, same_nearest(wanted, found), 1, latency)


def table(exported: Sequence[Exported]) -> Rows:
    """A row for each file, the first a header."""
    header = ["format", "file", "bytes", "cosine mean", "cosine min", "same nearest", "threads", "median ms", "p95 ms"]
    return [header, *([*_identity(each), *_nearness(each), *_speed(each)] for each in exported)]


def _identity(each: Exported) -> list[str]:
    return [each.name, each.file, f"{each.size:,}"]


def _nearness(each: Exported) -> list[str | float | None]:
    if each.cosines is None:
        return [None, None, None]
    # Cut, not rounded: 0.999996 is not 1.
    return [
        *(f"{np.floor(1e5 * value) / 1e5:.5f}" for value in (each.cosines.mean(), each.cosines.min())),
        each.same_nearest,
    ]


def _speed(each: Exported) -> list[int | float]:
    return [each.threads, each.latency.median_ms, each.latency.p95_ms]
