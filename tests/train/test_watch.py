"""The val figures against plain loops, and what counts as broken."""

import keras
import numpy as np
import pytest

from core.errors import ModelError
from train import watch
from train.losses import Hinge
from train.params import FitParams

PARAMS = FitParams(
    architecture="mildnet_mobilenet",
    weights=None,
    preprocessing="trunk",
    size=32,
    units=16,
    dropout=0.1,
    loss="hinge",
    margin=0.3,
    learning_rate=0.5,
    momentum=0.9,
    epochs=1,
    batch=2,
    steps=None,
    seed=1,
)


def unit(rows: int) -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(rows, 16)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def test_val_loss_and_accuracy_by_loop(monkeypatch):
    monkeypatch.setattr(watch, "_CHUNK", 7)
    rng = np.random.default_rng(1)
    embeddings, places = unit(12), rng.integers(0, 12, (40, 3))
    kinds = rng.choice(["in_class", "wild"], 40).astype(object)
    values, right = [], {"in_class": [], "wild": []}
    for (query, positive, negative), kind in zip(embeddings[places].astype(float), kinds, strict=True):
        near, far = np.sum((query - positive) ** 2), np.sum((query - negative) ** 2)
        values.append(max(0.0, near - far + 0.3))
        right[kind].append(1.0 if near < far else 0.5 if near == far else 0.0)
    judged = watch.judge(embeddings, places, kinds, Hinge(0.3))
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
        " hinge loss 0.299 at margin 0.3. Lower train.fit.learning_rate (now 0.5) or train.fit.margin."
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
    progress = watch.Progress(1, 8, PARAMS)
    with pytest.raises(ModelError) as error:
        model.fit(numbers, -numbers, batch_size=1, verbose=0, shuffle=False, callbacks=[progress])
    assert str(error.value) == ("the loss became inf in epoch 1, batch 2. Lower train.fit.learning_rate (now 0.5).")
