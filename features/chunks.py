"""Compute what the feature cache lacks of some photos, on any engine; a damaged photo does not stop the rest."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from core.attempts import Failure, Failures
from core.engine import run
from core.engines import Engine
from core.errors import TableError
from core.images import PixelStore
from core.similarity import Floats
from core.tables import Column
from features.cache import FeatureCache, Rows, photo_key
from features.kept import kept

_MOST = 256  # photos of a task: what a killed run computes again at most, for each worker
_SHARES = 4  # tasks per worker at least, so that they end together


@dataclass(frozen=True)
class Collected:
    """Photos as an extraction names them: `image_id`, `partition` and `keys` (n,), the pixels in `stores`."""

    image_id: Column
    partition: Column
    stores: tuple[Path, ...]
    keys: Sequence[bytes]

    @classmethod
    def of(cls, image_id: Column, partition: Column, stores: Sequence[Path]) -> "Collected":
        """The photos with what the feature cache knows each by."""
        store = PixelStore.open(*stores)
        return cls(image_id, partition, tuple(stores), [photo_key(store.encoded(image)) for image in image_id])


@dataclass(frozen=True)
class Job:
    """What makes vectors: on a worker, `compute` makes of a store and some image ids (n,) what each maker makes.

    Args:
        label: of the progress bar.
        makers: (maker, width) of each array (n, width) that `compute` gives.
        photos: of a task at most.
    """

    label: str
    makers: Sequence[tuple[str, int]]
    compute: Callable[[PixelStore, Column], Sequence[Floats]]
    photos: int = _MOST


@dataclass(frozen=True)
class Chunk:
    """A task: some photos of a job, by their rows and their ids (n,)."""

    job: int
    rows: Rows
    image_id: Column

    @property
    def name(self) -> str:
        return f"the chunk {self.image_id[0]} to {self.image_id[-1]}"


@dataclass(frozen=True)
class Computed:
    """What became of a chunk: the vectors of `rows` by each maker, and why each of the other photos has none."""

    job: int
    rows: Rows
    values: Sequence[Floats]
    damaged: dict[int, TableError]


def complete(jobs: Sequence[Job], photos: Collected, cache: FeatureCache, *, engine: Engine) -> None:
    """Compute the vectors of `photos` that `cache` lacks, and keep each chunk's as it comes.

    Raises:
        TableError: some photos cannot be read, or a task failed; the vectors of all others are in the cache.
        InputError: a value is not finite.
    """
    lacking = [cache.lacking(job.makers, photos.keys) for job in jobs]
    computes = tuple(job.compute for job in jobs)
    failed = Failures()
    damaged: dict[int, TableError] = {}
    results = run(
        partial(_computed, photos.stores, computes),
        _chunks(jobs, lacking, photos.image_id, engine.workers),
        engine=engine,
        label=None,
        failed=failed,
    )
    named = ", ".join(job.label for job, rows in zip(jobs, lacking, strict=True) if len(rows))
    with tqdm(total=sum(map(len, lacking)), desc=named, unit=" photos", delay=1) as bar:
        for result in results:
            for (maker, _), values in zip(jobs[result.job].makers, result.values, strict=True):
                cache.keep(maker, [photos.keys[row] for row in result.rows], values)
            damaged |= result.damaged
            bar.update(len(result.rows) + len(result.damaged))
    failed.extend(_by_partition(damaged, photos))
    if failed:
        raise TableError(failed.describe())


def _chunks(jobs: Sequence[Job], lacking: Sequence[Rows], image_id: Column, workers: int) -> Iterator[Chunk]:
    for number, (job, rows) in enumerate(zip(jobs, lacking, strict=True)):
        size = min(job.photos, -(-len(rows) // (_SHARES * workers)))
        for start in range(0, len(rows), max(size, 1)):
            some = rows[start : start + size]
            yield Chunk(number, some, image_id[some])


def _computed(
    stores: Sequence[Path], computes: Sequence[Callable[[PixelStore, Column], Sequence[Floats]]], chunk: Chunk
) -> Computed:
    store = kept(PixelStore.open, *stores)
    try:
        return Computed(chunk.job, chunk.rows, computes[chunk.job](store, chunk.image_id), {})
    except TableError:
        damaged = dict(_unreadable(store, chunk))
        if not damaged:
            raise
    good = np.array([row not in damaged for row in chunk.rows])
    values = computes[chunk.job](store, chunk.image_id[good]) if good.any() else ()
    return Computed(chunk.job, chunk.rows[good], values, damaged)


def _unreadable(store: PixelStore, chunk: Chunk) -> Iterator[tuple[int, TableError]]:
    for row, image_id in zip(chunk.rows.tolist(), chunk.image_id, strict=True):
        try:
            store[image_id]
        except TableError as error:
            yield row, error


def _by_partition(damaged: dict[int, TableError], photos: Collected) -> Iterator[Failure]:
    error = {photos.keys[row]: error for row, error in damaged.items()}
    rows: dict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(photos.keys):
        if key in error:  # of equal photos one has been computed
            rows[str(photos.partition[row])].append(row)
    for name, of_it in rows.items():
        said = f"{len(of_it)} of its {np.count_nonzero(photos.partition == name)} photos cannot be read"
        yield Failure(name, TableError(f"{said}: {error[photos.keys[of_it[0]]]}"))
