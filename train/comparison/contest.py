"""One run of a comparison: an entry trained with one seed, timed, and judged beside its teachers."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from core.atomic import write_json
from core.errors import InputError
from core.predict import StoredPhotos, predict
from core.tables import Vectors
from train import devices, fit, latency
from train.architectures.mildnet import headless
from train.comparison.entry import spending
from train.comparison.judges import Judges
from train.material import Material
from train.params import FitParams
from train.systems import System

_PHOTOS, _REPEATS, _WARMUP = 20, 60, 5  # of the timing of one photo at a time


def kept(params: FitParams, photos: int, judges: Judges, folder: Path, *, workers: int) -> dict[str, Any]:
    """What `run` gives, and on what; it is kept below `folder`, and the same is not run again.

    Args:
        photos: that the steps of the training take in.
    """
    with devices.prepared(params.precision, params.batch) as device:
        material = Material.read(params)
        every = material.order(replace(params, steps=None))
        spent = spending(params, photos, each=every.photos, batches=every.steps)
        asked = [material.fingerprint(spent), *judges.asked]
        path = folder / "runs" / f"{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]}.json"
        if not path.is_file():
            taken = material.order(spent)
            given = {"device": device, "photos": spent.epochs * taken.steps * taken.photos, "epochs": spent.epochs}
            write_json(path, {**given, **run(spent, material, judges, workers=workers)})
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise InputError(f"{path} is damaged. Remove it and run the command again.") from None


def run(params: FitParams, material: Material, judges: Judges, *, workers: int) -> dict[str, Any]:
    """Train, and tell what came of it: `trained` and `untrained` scores, parameters, bytes, speeds.

    Raises:
        ModelError: the training failed.
    """
    model = fit.start(params, material)
    untrained = _vectors(headless(model), judges)
    trained = fit.train(model, params, material, workers=workers)
    trained_vectors = _vectors(model, judges)
    photos = judges.store.square(judges.catalog.image_id[:_PHOTOS], params.size)
    one = latency.measure(model.predict_on_batch, photos, _REPEATS, _WARMUP)
    recommender = [teacher for teacher in judges.teachers if teacher.name == "recommender"]
    networks = {"untrained": untrained, "trained": trained_vectors}
    scores = judges.numbers([*recommender, *(System.plain(name, table.of) for name, table in networks.items())])
    return {
        "epoch": trained.best,
        "parameters": int(model.count_params()),
        "bytes": int(sum(np.prod(weight.shape) * 4 for weight in model.weights)),
        "dimensions": int(trained_vectors.values.shape[1]),
        "photos_per_second": trained.photos_per_second,
        "inference_ms": one.median_ms,
        "inference_p95_ms": one.p95_ms,
        "trained": scores["trained"],
        "untrained": scores["untrained"],
    }


def _vectors(model: keras.Model, judges: Judges) -> Vectors:
    # Not from the training's own store, which would keep photos that no batch asks for.
    image_id = np.concatenate([judges.catalog.image_id, judges.street.image_id])
    values = predict(model, StoredPhotos(judges.store, image_id), batch=64, label="embed")
    return Vectors(image_id, values, {"model": str(model.name)})
