"""The val figures against plain loops, and what counts as broken."""

import json

import keras
import numpy as np
import pytest
from garments import row, triplet
from pydantic import TypeAdapter

from core.errors import ModelError
from core.tables import Catalog, Triplets
from train import watch
from train.losses import Hinge
from train.material import Side
from train.params import FitParams
from train.photos import TripletPhotos
from train.recipes import recipe

PARAMS = TypeAdapter(FitParams).validate_json(
    json.dumps({**recipe("mildnet_mobilenet"), "margin": 0.3, "learning_rate": 0.5, "epochs": 1, "batch": 2})
)


def unit(rows: int) -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(rows, 16)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def side(rng: np.random.Generator) -> Side:
    """Forty triplets, of two kinds, of twelve photos."""
    photos = [row(f"{number:02}", f"{number:02}", "catalog", "bags", "red", "val") for number in range(12)]
    chosen = {tuple(int(one) for one in rng.permutation(12)[:3]) for _ in range(40)}
    rows = [triplet(rng, str(rng.choice(["in_class", "wild"])), *(photos[one] for one in each)) for each in chosen]
    triplets = Triplets.from_rows(rows)
    return Side(triplets, TripletPhotos.of(triplets, [Catalog.from_rows(photos)]), None)


def test_val_loss_and_accuracy_by_loop(monkeypatch):
    monkeypatch.setattr(watch, "_CHUNK", 7)
    val = side(np.random.default_rng(1))
    embeddings, places, kinds = unit(12), val.photos.rows, val.triplets.kind
    values, right = [], {"in_class": [], "wild": []}
    for (query, positive, negative), kind in zip(embeddings[places].astype(float), kinds, strict=True):
        near, far = np.sum((query - positive) ** 2), np.sum((query - negative) ** 2)
        values.append(max(0.0, near - far + 0.3))
        right[kind].append(1.0 if near < far else 0.5 if near == far else 0.0)
    judged = watch.judge(embeddings, val, Hinge(0.3), PARAMS)
    assert judged.loss == pytest.approx(np.mean(values), abs=1e-5)
    assert judged.accuracy == pytest.approx({kind: np.mean(each) for kind, each in right.items()})


def test_healthy_embeddings_pass():
    watch.check_health(unit(50), 1, 0.2, PARAMS)
    assert watch.spread(unit(2000)) == pytest.approx(1, abs=0.01)


def test_embeddings_that_coincide_are_refused():
    rows = unit(1) + np.random.default_rng(0).normal(0, 0.001, (50, 16)).astype(np.float32)
    with pytest.raises(ModelError) as error:
        watch.check_health(rows, 3, 0.2994, PARAMS)
    assert str(error.value) == (
        "the embeddings collapsed in epoch 3: std 0.00099, healthy is about 0.25; 0% are all zero;"
        " hinge loss 0.299. Lower train.fit.learning_rate (now 0.5) or train.fit.margin."
    )


def test_embeddings_that_are_mostly_zero_are_refused():
    rows = unit(50)
    rows[:30] = 0
    with pytest.raises(ModelError, match=r"in epoch 1: .* 60% are all zero"):
        watch.check_health(rows, 1, 0.3, PARAMS)


def test_embeddings_that_are_not_finite_are_refused():
    rows = unit(4)
    rows[2, 3] = np.nan
    with pytest.raises(ModelError) as error:
        watch.check_health(rows, 2, 0.1, PARAMS)
    assert str(error.value) == ("the embeddings are not finite after epoch 2. Lower train.fit.learning_rate (now 0.5).")


def test_a_loss_that_is_not_finite_stops_the_training():
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile(keras.optimizers.SGD(1e20), loss="mse", run_eagerly=True)
    numbers = np.arange(1, 9, dtype=np.float32)[:, None]
    progress = watch.Bar(1, 8, PARAMS, done=0)
    with pytest.raises(ModelError) as error:
        model.fit(numbers, -numbers, batch_size=1, verbose=0, shuffle=False, callbacks=[progress])
    assert str(error.value) == ("the loss became inf in epoch 1, batch 2. Lower train.fit.learning_rate (now 0.5).")
