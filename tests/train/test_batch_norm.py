"""Batch normalisation's statistics, measured against plain means."""

import keras
import numpy as np

from core import models
from core.batch_norm import calibrate


def network(*, frozen: bool = False) -> keras.Model:
    models.seed(1)
    inputs = keras.Input((4,))
    norm = keras.layers.BatchNormalization(name="norm", momentum=0.9)
    norm.trainable = not frozen
    inner = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization(name="inner")], name="nested")
    return keras.Model(inputs, inner(norm(keras.layers.Dense(3, name="dense")(inputs))))


def test_statistics_become_those_of_all_photos():
    model = network()
    values = np.random.default_rng(0).normal(3, 2, (70, 4)).astype(np.float32)
    dense = keras.ops.convert_to_numpy(model.get_layer("dense")(values))
    calibrate(model, [values[:10], values[10:40], values[40:]])
    norm = model.get_layer("norm")
    np.testing.assert_allclose(norm.get_weights()[2], dense.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(norm.get_weights()[3], dense.var(axis=0), rtol=1e-4)
    assert norm.momentum == 0.9
    outputs = model.predict_on_batch(values)
    np.testing.assert_allclose(outputs.mean(axis=0), 0, atol=0.05)


def test_nested_layers_are_found():
    model = network()
    before = model.get_layer("nested").get_weights()[3]
    calibrate(model, [np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)])
    assert not np.array_equal(model.get_layer("nested").get_weights()[3], before)


def test_frozen_layers_and_trained_weights_stay():
    model = network(frozen=True)
    before = [*model.get_layer("norm").get_weights(), *model.get_layer("dense").get_weights()]
    calibrate(model, [np.ones((5, 4), np.float32)])
    after = [*model.get_layer("norm").get_weights(), *model.get_layer("dense").get_weights()]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_model_without_such_layers_reads_no_batch():
    def never():
        raise AssertionError
        yield

    inputs = keras.Input((2,))
    calibrate(keras.Model(inputs, keras.layers.Dense(1)(inputs)), never())


def test_no_batches_change_nothing():
    model = network()
    before = model.get_weights()
    calibrate(model, [])
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
