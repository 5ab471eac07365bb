"""A model file exported: in every format that is asked for, beside what Keras itself does with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from core.errors import ModelError
from core.images import PixelStore
from core.paths import COLLECTIONS, STORES, TABLE
from core.tables import Catalog
from train.embed import network
from train.export import exported, photos
from train.export.exported import Exported
from train.export.formats import Format
from train.export.runtime import in_float32, keras_runtime, one_thread


@dataclass(frozen=True)
class Exports:
    """What was written, Keras' own file first, why the other formats were not, and how many photos were compared."""

    done: list[Exported]
    failures: list[str]
    compared: int


def all_of(forms: Sequence[Format], path: Path, folder: Path, *, count: int) -> Exports:
    """Write the model file at `path` to `folder` as each of `forms` that computes what Keras does.

    Args:
        count: photos to calibrate with, and as many others to compare, at most.

    Raises:
        ModelError: there is no such model file.
        InputError: there are no photos to calibrate with or to compare.
    """
    threads = one_thread()
    model = in_float32(network(path))
    collections, store = [Catalog.read(place / TABLE) for place in COLLECTIONS], PixelStore.open(*STORES)
    calibration, compared = (
        photos.drawn(collections, store, splits, count, model.input_shape[1])
        for splits in (photos.CALIBRATION, photos.COMPARISON)
    )
    run = keras_runtime(model)
    done, failures = [exported.as_keras(path, run, compared, threads)], []
    wanted = run(compared)  # (n, d)
    for form in tqdm(forms, desc="export", unit=" files", delay=2):
        try:
            done.append(exported.export(form, model, calibration, compared, wanted, folder))
        except ModelError as error:
            failures.append(str(error))
    return Exports(done, failures, len(compared))
