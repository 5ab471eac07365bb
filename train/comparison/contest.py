"""One run of a comparison: an entry trained with one seed, timed, and judged beside its teachers."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.atomic import write_json
from core.predict import StoredPhotos, predict
from core.tables import Catalog, Column, Triplets
from train import devices, fit, latency
from train.architectures.mildnet import headless
from train.evaluation.evaluate import evaluate
from train.evaluation.numbers import as_metrics
from train.material import Material
from train.params import EvaluateParams, FitParams
from train.systems import System

_PHOTOS, _REPEATS, _WARMUP = 20, 60, 5  # of the timing of one photo at a time


@dataclass(frozen=True)
class Judges:
    """By what a run is judged: the collections, the triplets, the teachers, and the split that asks."""

    catalog: Catalog
    street: Catalog
    triplets: Triplets
    teachers: Sequence[System]
    params: EvaluateParams
    split: str

    @classmethod
    def asking(
        cls,
        split: str,
        catalog: Catalog,
        street: Catalog,
        triplets: Triplets,
        teachers: Sequence[System],
        params: EvaluateParams,
    ) -> "Judges":
        """Judges whose queries are of `split`; evaluation calls it test, and the test split by that one's name."""
        renamed = {"test": split, split: "test"}

        def swapped(of: Column) -> Column:
            return np.array([renamed.get(name, name) for name in of], dtype=object)

        return cls(
            replace(catalog, split=swapped(catalog.split)),
            replace(street, split=swapped(street.split)),
            replace(triplets, split=swapped(triplets.split)),
            teachers,
            # Intervals are over seeds here.
            replace(params, resamples=0),
            split,
        )

    def numbers(self, systems: Sequence[System]) -> dict[str, Any]:
        """The scores of `systems` by name, as `metrics.json` has them; the recommender must be among them."""
        judgement = evaluate(systems, self.catalog, self.street, self.triplets, self.params)
        return as_metrics(judgement)["systems"]


def kept(params: FitParams, judges: Judges, folder: Path, *, workers: int) -> dict[str, Any]:
    """What `run` gives; it is kept below `folder`, and a run of the same training and judges is not run again."""
    material = Material.read(params)
    asked = [material.fingerprint(params), judges.split, asdict(judges.params)]
    path = folder / "runs" / f"{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]}.json"
    if not path.is_file():
        write_json(path, run(params, material, judges, workers=workers))
    return json.loads(path.read_text(encoding="utf-8"))


def run(params: FitParams, material: Material, judges: Judges, *, workers: int) -> dict[str, Any]:
    """Train, and tell what came of it: `trained` and `untrained` scores, parameters, bytes, speeds.

    Raises:
        ModelError: the training failed.
    """
    with devices.prepared(params.precision, params.batch) as device:
        model = fit.start(params, material)
        untrained = _vectors(headless(model), material, judges)
        trained = fit.train(model, params, material, workers=workers)
        vectors = _vectors(model, material, judges)
        photos = material.store.square(judges.catalog.image_id[:_PHOTOS], params.size)
        one = latency.measure(model.predict_on_batch, photos, _REPEATS, _WARMUP)
    recommender = [teacher for teacher in judges.teachers if teacher.name == "recommender"]
    networks = [_system("untrained", judges, untrained), _system("trained", judges, vectors)]
    scores = judges.numbers([*recommender, *networks])
    return {
        "device": device,
        "epoch": trained.best,
        "parameters": int(model.count_params()),
        "bytes": int(sum(np.prod(weight.shape) * 4 for weight in model.weights)),
        "dimensions": int(vectors.shape[1]),
        "photos_per_second": trained.photos_per_second,
        "inference_ms": one.median_ms,
        "trained": scores["trained"],
        "untrained": scores["untrained"],
    }


def _vectors(model: keras.Model, material: Material, judges: Judges) -> np.ndarray:
    image_id = np.concatenate([judges.catalog.image_id, judges.street.image_id])
    return predict(model, StoredPhotos(material.store, image_id), batch=64, label="embed")


def _system(name: str, judges: Judges, vectors: np.ndarray) -> System:
    image_id = np.concatenate([judges.catalog.image_id, judges.street.image_id])
    where = {one: row for row, one in enumerate(image_id)}
    return System.plain(name, lambda asked: vectors[[where[one] for one in asked]])
