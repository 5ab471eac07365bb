"""Run photos from the pixel store through a network, a batch in memory at a time."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol, Self

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from core.ahead import ahead
from core.images import Pixels, Squares
from core.similarity import Floats

Rows = npt.NDArray[np.int64]
Outputs = Any  # of a model: one array or several, of the backend

_THREADS = min(8, os.cpu_count() or 1)


class Photos(Protocol):
    """A sequence of photos that gives some of them as one array."""

    def __len__(self) -> int: ...

    def take(self, rows: npt.NDArray) -> Self:
        """The photos at `rows`, in that order."""
        ...

    def load(self, rows: npt.NDArray, size: int) -> Pixels:
        """The photos at `rows` as RGB uint8 (len(rows), size, size, 3). Several threads ask at once."""
        ...


@dataclass(frozen=True)
class StoredPhotos:
    """The photos that `store` has under `image_id` (n,), in that order."""

    store: Squares
    image_id: npt.NDArray

    def __len__(self) -> int:
        return len(self.image_id)

    def take(self, rows: npt.NDArray) -> Self:
        return replace(self, image_id=self.image_id[rows])

    def load(self, rows: npt.NDArray, size: int) -> Pixels:
        return self.store.square(self.image_id[rows], size)


def predict(model: keras.Model, photos: Photos, *, batch: int, label: str) -> Floats:
    """The output of `model` (input (n, size, size, 3), output (n, d)) for `photos`: (len(photos), d) float32.

    `batch` and `label` are those of `forward`.
    """
    values = np.empty((len(photos), model.output_shape[-1]), np.float32)
    for rows, (output,) in forward(model, photos, np.arange(len(photos)), batch=batch, label=label):
        values[rows] = output
    return values


def forward(
    model: keras.Model, photos: Photos, rows: Rows, *, batch: int, label: str | None
) -> Iterator[tuple[Rows, tuple[Floats, ...]]]:
    """Yield the rows of each batch, in the order of `rows`, with each output of `model` for them, (n, d) float32.

    Threads load the next photos while the network runs. What `photos.load` raises is raised here, in place of its
    batch; closing the generator ends the threads.

    Args:
        batch: photos per forward pass; the values do not depend on it beyond rounding. A batch that is short is
            filled up: a backend compiles a network anew for another shape, and its sums may come in another order.
        label: of the progress bar, None for no bar.
    """
    size = model.input_shape[1]
    parts = [rows[start : start + batch] for start in range(0, len(rows), batch)]

    def load(part: Rows) -> Pixels:
        pixels = photos.load(part, size)
        return pixels if len(part) == batch else np.resize(pixels, (batch, *pixels.shape[1:]))

    network = _network(model)
    with (
        closing(ahead(load, parts, _THREADS)) as loaded,
        tqdm(total=len(rows), desc=label, unit=" photos", delay=1, disable=label is None) as bar,
    ):
        for part, outputs in zip(parts, _one_behind(network(pixels) for pixels in loaded), strict=True):
            values = [keras.ops.convert_to_numpy(output) for output in keras.tree.flatten(outputs)]
            bar.update(len(part))
            yield part, tuple(value[: len(part)].astype(np.float32, copy=False) for value in values)


def _one_behind(batches: Iterable[Outputs]) -> Iterator[Outputs]:
    """Yield each batch once the next one is there: a GPU works on that one while the caller fetches this one."""
    waiting: deque[Outputs] = deque()
    try:
        for outputs in batches:
            waiting.append(outputs)
            if len(waiting) > 1:
                yield waiting.popleft()
    except Exception:
        yield from waiting
        raise
    yield from waiting


def _network(model: keras.Model) -> Callable[[Pixels], Outputs]:
    # In JAX predict_on_batch hands every weight over and back each time, at 4 ms of Python for InceptionV3.
    return _compiled(model) if keras.backend.backend() == "jax" else model.predict_on_batch


@lru_cache(maxsize=2)  # the networks of both classifiers may take turns
def _compiled(model: keras.Model) -> Callable[[Pixels], Outputs]:
    """`model` as a function that JAX compiles once; it compiles each function that it has not seen."""
    import jax  # type: ignore[import-not-found, unused-ignore]

    def run(weights: list[Any], pixels: Pixels) -> Outputs:
        with keras.StatelessScope(zip(model.variables, weights, strict=True)):
            return model(pixels, training=False)

    compiled = jax.jit(run)
    return lambda pixels: compiled([variable.value for variable in model.variables], pixels)
