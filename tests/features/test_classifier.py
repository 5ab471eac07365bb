from dataclasses import replace

import numpy as np
import pytest

from core import models
from core.errors import InputError, ModelError
from core.predict import predict
from core.tables import Catalog
from features import classifier
from features.labels import by_split
from features.params import ClassifierParams, TuneParams

PARAMS = ClassifierParams(
    trunk="MobileNet",
    weights=None,
    tap="conv_pw_3_relu",
    size=48,
    width=24,
    dropout=0.2,
    scale=8.0,
    epochs=30,
    patience=8,
    batch=16,
    learning_rate=0.003,
    tune=TuneParams(start="conv1", epochs=0, learning_rate=0.001),
    seed=1,
)


@pytest.fixture
def parts(project, store):
    catalog = Catalog.read(project / "data/curated/catalog/catalog.parquet")
    return by_split(catalog, store, catalog.category)


def test_learns_and_its_descriptor_keeps_its_width(parts, store):
    fitted = classifier.fit(parts["train"], parts["val"], parts["test"], PARAMS)
    assert fitted.classes == ("round", "square", "tall")
    assert fitted.metrics["test_accuracy"] > 0.7
    assert fitted.metrics["train_photos"] == 54
    vectors = predict(classifier.descriptor(fitted.model), parts["test"].photos, batch=7, label="")
    assert vectors.shape == (18, 24)
    assert np.isfinite(vectors).all()


def test_tuning_trains_the_trunk_from_the_named_layer_on(parts):
    params = replace(PARAMS, epochs=1, tune=TuneParams(start="conv_dw_2", epochs=3, learning_rate=0.002))
    frozen = classifier.fit(parts["train"], parts["val"], parts["test"], replace(params, tune=PARAMS.tune))
    tuned = classifier.fit(parts["train"], parts["val"], parts["test"], params)
    assert len(tuned.history["val_loss"]) == 4
    assert tuned.history["loss"][-1] < frozen.history["loss"][-1]
    for name, same in (("conv1", True), ("conv_pw_1", True), ("conv_dw_2", False), ("conv_pw_3", False)):
        before, after = (fitted.model.get_layer(name).get_weights()[0] for fitted in (frozen, tuned))
        assert np.array_equal(before, after) == same, name


def test_two_runs_write_the_same_bytes_and_the_file_gives_the_same_values(parts, tmp_path):
    params = replace(PARAMS, epochs=2, tune=TuneParams(start="conv1", epochs=1, learning_rate=0.001))
    for name in ("first", "second"):
        fitted = classifier.fit(parts["train"], parts["val"], parts["test"], params)
        models.save(fitted.model, tmp_path / f"{name}.keras")
    assert (tmp_path / "first.keras").read_bytes() == (tmp_path / "second.keras").read_bytes()
    photos = parts["test"].photos.load(np.arange(4), 48)
    loaded = models.load(tmp_path / "first.keras")
    np.testing.assert_array_equal(loaded.predict_on_batch(photos), fitted.model.predict_on_batch(photos))


def test_the_batch_size_does_not_matter(parts):
    fitted = classifier.fit(parts["train"], parts["val"], parts["test"], replace(PARAMS, epochs=1))
    one = predict(fitted.model, parts["test"].photos, batch=1, label="")
    many = predict(fitted.model, parts["test"].photos, batch=18, label="")
    np.testing.assert_allclose(one, many, atol=1e-4)


def test_without_validation_photos_the_last_epoch_stands(parts, store):
    nothing = replace(parts["val"], photos=parts["val"].photos.take(np.arange(0)), labels=parts["val"].labels[:0])
    fitted = classifier.fit(parts["train"], nothing, nothing, replace(PARAMS, epochs=3))
    assert len(fitted.history["loss"]) == 3
    assert "val_accuracy" not in fitted.metrics


def test_one_class_is_an_error(parts):
    same = replace(parts["train"], labels=np.full(54, "round", object))
    with pytest.raises(InputError, match=r"needs two classes to tell apart, the training split has 1 \(round\)"):
        classifier.fit(same, same, same, PARAMS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trunk": "AlexNet"}, "unknown trunk AlexNet. Choose one of InceptionV3, MobileNet"),
        ({"tap": "conv_pw_99"}, "the trunk has no layer conv_pw_99. Its last ones are"),
        ({"size": 16}, "MobileNet needs photos of at least 32 pixels. Received: size 16"),
        (
            {"tune": TuneParams(start="conv9", epochs=1, learning_rate=0.1)},
            "has no layer conv9 to start tuning at. Its",
        ),
        ({"weights": "nowhere.h5"}, "the weights file nowhere.h5 does not exist"),
    ],
)
def test_what_cannot_be_built_is_named(parts, change, message):
    with pytest.raises(ModelError, match=message):
        classifier.fit(parts["train"], parts["val"], parts["test"], replace(PARAMS, **change))


def test_inception_gives_2048_dimensions_at_its_last_tap(parts):
    params = replace(PARAMS, trunk="InceptionV3", tap="mixed10", size=75, width=2048, epochs=1)
    fitted = classifier.fit(parts["train"], parts["val"], parts["test"], params)
    vectors = predict(classifier.descriptor(fitted.model), parts["test"].photos, batch=18, label="")
    assert vectors.shape == (18, 2048)
