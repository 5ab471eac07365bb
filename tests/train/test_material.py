"""What a training reads: what a checkpoint knows it by, and the teacher only where the loss asks."""

import dataclasses
import json
from pathlib import Path

from pydantic import TypeAdapter

from core.tables import Triplets
from train.material import Material
from train.params import FitParams
from train.recipes import recipe

TRIPLETS = Path("data/triplets/mixed/triplets.parquet")


def params(name: str, **changes) -> FitParams:
    options = TypeAdapter(FitParams).validate_json(json.dumps(recipe(name)))
    return dataclasses.replace(options, size=32, batch=4, **changes)


def test_a_checkpoint_is_good_for_the_same_parameters_and_triplets_alone(project):
    options = params("mildnet_mobilenet")
    first = Material.read(options).fingerprint(options)
    assert Material.read(options).fingerprint(options) == first
    assert Material.read(options).fingerprint(dataclasses.replace(options, margin=0.2)) != first
    triplets = Triplets.read(TRIPLETS)
    triplets.take(triplets.query_id != triplets.query_id[0]).write(TRIPLETS)
    assert Material.read(options).fingerprint(options) != first


def test_only_a_loss_with_a_teacher_reads_the_recommender(project):
    taught = Material.read(params("mildnet_v2"))
    assert taught.training.teacher is not None
    (_, told) = taught.batches(params("mildnet_v2"), taught.order(params("mildnet_v2")), 1, workers=1)[0]
    assert told.shape == (12, 2 + 12)
    Path("data/triplets/recommended/similarity.json").unlink()
    plain = Material.read(params("mildnet_mobilenet"))
    assert plain.training.teacher is plain.val.teacher is None
    (_, told) = plain.batches(params("mildnet_mobilenet"), plain.order(params("mildnet_mobilenet")), 1, workers=1)[0]
    assert told.shape == (12, 2)
