"""A network's fingerprint says what it computes, whatever its layers are called and wherever it was loaded."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from core import models, trunks


def pooled(model, tap):
    return keras.Model(model.input, keras.layers.GlobalAveragePooling2D()(model.get_layer(tap).output))


@pytest.fixture(scope="module")
def trunk():
    models.seed(1)
    return trunks.build("MobileNet", size=32, weights=None)


@pytest.fixture(scope="module")
def shallow(trunk):
    return pooled(trunk, "conv_pw_3_relu")


def altered(weights, place=-1):
    """The `weights` of which one number has changed by as little as it can."""
    weights = [weight.copy() for weight in weights]
    weights[place].flat[-1] = np.nextafter(weights[place].flat[-1], np.float32(9))
    return weights


def test_a_part_is_the_same_after_a_head_was_trained_on_it_and_saved(trunk, shallow, tmp_path):
    hidden = keras.layers.Normalization(mean=[0.5] * 128, variance=[2.0] * 128)(shallow.output)
    hidden = keras.layers.Dropout(0.2, seed=3)(hidden)
    classifier = keras.Model(trunk.input, keras.layers.Dense(3, name="classes")(hidden))
    classifier.compile("adam", "sparse_categorical_crossentropy")
    before = models.fingerprint(shallow), models.fingerprint(classifier)
    for layer in trunk.layers[:9]:
        layer.trainable = False
    models.save(classifier, tmp_path / "classifier.keras")
    loaded = models.load(tmp_path / "classifier.keras")
    part = keras.Model(loaded.input, loaded.layers[-4].output)
    assert (models.fingerprint(part), models.fingerprint(loaded)) == before
    assert (models.fingerprint(shallow), models.fingerprint(classifier)) == before
    assert len(set(before)) == 2


def test_another_process_has_the_same(shallow, tmp_path):
    models.save(shallow, tmp_path / "part.keras")
    code = "from core import models, trunks; from pathlib import Path;"
    code += "print(models.fingerprint(models.load(Path('part.keras'))))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [models.fingerprint(shallow)]


def test_a_network_built_again_has_the_same(shallow):
    # Keras counts on: layers without a name are called otherwise this time.
    again = pooled(trunks.build("MobileNet", size=32, weights=None), "conv_pw_3_relu")
    assert again.layers[-1].name != shallow.layers[-1].name
    assert models.fingerprint(again) != models.fingerprint(shallow)
    again.set_weights(shallow.get_weights())
    assert models.fingerprint(again) == models.fingerprint(shallow)


def test_whatever_changes_the_values_changes_it(trunk, shallow):
    known = {models.fingerprint(shallow)}

    def new(model, weights):
        model.set_weights(weights)
        known.add(models.fingerprint(model))
        return len(known)

    weights = shallow.get_weights()
    assert new(pooled(trunks.build("MobileNet", size=64, weights=None), "conv_pw_3_relu"), weights) == 2  # the size
    rescaled = trunks.build("MobileNet", size=32, weights=None, preprocessing="rescale")
    assert new(pooled(rescaled, "conv_pw_3_relu"), weights) == 3
    assert new(pooled(trunk, "conv_pw_3_bn"), weights) == 4  # the tap, of the same weights
    same = pooled(trunks.build("MobileNet", size=32, weights=None), "conv_pw_3_relu")
    assert new(same, altered(weights)) == 5
    assert new(same, altered(weights, place=0)) == 6
    # Two weights of one shape, a gamma and a beta, in each other's place.
    turned = [weights[0], weights[2], weights[1], *weights[3:]]
    assert weights[1].shape == weights[2].shape
    assert new(same, turned) == 7
    assert new(same, weights) == 7


def small(*, activation="relu", turned=False, nested="linear", dtype=None, target=(2, 2)):
    """A network with branches, with one inside it, and without names."""
    keras.utils.set_random_seed(5)
    pixels = keras.Input((4, 4, 3))
    branches = [keras.layers.Conv2D(3, 1, activation=activation, dtype=dtype)(pixels), keras.layers.ReLU()(pixels)]
    inner = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Dense(3, activation=nested)])
    inner.trainable = False
    output = inner(keras.layers.subtract(branches[::-1] if turned else branches))
    return keras.Model(pixels, keras.layers.Reshape((*target, 12))(output))


def test_the_wiring_and_the_settings_of_layers_count(tmp_path):
    variants = [
        {},
        {"activation": "tanh"},
        {"turned": True},
        {"nested": "relu"},
        {"dtype": "mixed_bfloat16"},
        {"target": (4, 1)},
    ]
    fingerprints = [models.fingerprint(small(**variant)) for variant in variants]
    assert len(set(fingerprints)) == len(variants)
    for number, variant in enumerate(variants):
        models.save(small(**variant), tmp_path / f"{number}.keras")
        assert models.fingerprint(models.load(tmp_path / f"{number}.keras")) == fingerprints[number]


def test_another_keras_is_another_maker(monkeypatch):
    model = small()
    known = {models.fingerprint(model)}
    monkeypatch.setattr(keras, "__version__", "0.1")
    known.add(models.fingerprint(model))
    monkeypatch.setattr(keras.backend, "backend", lambda: "another")
    known.add(models.fingerprint(model))
    assert len(known) == 3
