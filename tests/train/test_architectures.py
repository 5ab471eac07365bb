"""The networks: their sizes, what is frozen, what reloads, one step of training."""

import keras
import numpy as np
import pytest

from core import models
from core.errors import ModelError
from train import architectures
from train.architectures.mildnet import headless
from train.layers import L2Normalize
from train.losses import Hinge

SMALL = {"size": 32, "weights": None, "preprocessing": "trunk", "dropout": 0.5}


@pytest.fixture(scope="module")
def mobilenet() -> keras.Model:
    models.seed(1)
    return architectures.build("mildnet_mobilenet", units=16, **SMALL)


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "units", "parameters"), [("mildnet_vgg16", 2048, 21_927_744), ("mildnet_mobilenet", 1024, 6_343_872)]
)
def test_parameters_are_those_of_the_paper_s_network(name, units, parameters):
    assert architectures.build(name, units=units, **SMALL).count_params() == parameters


def test_vgg16_trains_from_its_eleventh_layer_on():
    plain = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    model = architectures.build("mildnet_vgg16", units=8, **SMALL)
    frozen = {layer.name for layer in model.layers if layer.weights and not layer.trainable}
    assert frozen == {layer.name for layer in plain.layers[:10] if layer.weights}


def test_mobilenet_trains_everywhere_and_sees_all_taps(mobilenet):
    assert mobilenet.get_layer("pooled_taps").output.shape == (None, 2016)
    assert all(layer.trainable for layer in mobilenet.layers if layer.name != "preprocess")


def test_embeddings_have_unit_length_and_reload_alike(mobilenet, photos, tmp_path):
    for model in (mobilenet, headless(mobilenet)):
        before = model.predict_on_batch(photos)
        np.testing.assert_allclose(np.linalg.norm(before, axis=1), 1, atol=1e-5)
        models.save(model, tmp_path / "model.keras")
        np.testing.assert_array_equal(models.load(tmp_path / "model.keras").predict_on_batch(photos), before)


def test_headless_is_the_pooled_taps_at_unit_length(mobilenet, photos):
    pooled = keras.Model(mobilenet.input, mobilenet.get_layer("pooled_taps").output).predict_on_batch(photos)
    expected = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    np.testing.assert_allclose(headless(mobilenet).predict_on_batch(photos), expected, atol=1e-5)


@pytest.mark.parametrize("name", architectures.ARCHITECTURES)
@pytest.mark.parametrize("zero", [False, True])
def test_one_step_changes_the_weights_and_none_becomes_nan(name, zero, photos):
    models.seed(2)
    model = architectures.build(name, units=8, **SMALL)
    if zero:  # A last layer whose relu is dead gives embeddings of zeros.
        model.get_layer("dense_2").set_weights([np.zeros((8, 8)), np.full(8, -1.0)])
    model.compile(keras.optimizers.SGD(0.1), loss=Hinge(1.0), run_eagerly=True)
    before = model.get_layer("dense_1").get_weights()[0]
    loss = model.train_on_batch(photos, np.zeros(6, np.float32))
    assert np.isfinite(loss)
    assert all(np.isfinite(weights).all() for weights in model.get_weights())
    assert zero == np.array_equal(model.get_layer("dense_1").get_weights()[0], before)


def test_unknown_name_is_refused():
    with pytest.raises(ModelError) as error:
        architectures.build("resnet")
    assert str(error.value) == "unknown architecture resnet. Choose one of mildnet_mobilenet, mildnet_vgg16."


def test_normalisation_by_hand_and_its_config():
    layer = L2Normalize(epsilon=0.5, name="unit")
    got = keras.ops.convert_to_numpy(layer(np.array([[3.0, 4.0], [0.0, 0.0], [0.3, 0.0]], np.float32)))
    np.testing.assert_allclose(got, [[0.6, 0.8], [0, 0], [0.6, 0]], atol=1e-6)
    assert L2Normalize.from_config(layer.get_config()).epsilon == 0.5
