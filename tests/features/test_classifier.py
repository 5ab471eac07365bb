from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import models
from core.classifiers import UNIT
from core.errors import InputError, ModelError
from core.tables import Catalog
from features import catalog_photos, classifier, head, pooled
from features.cache import FeatureCache
from features.catalog_photos import CatalogPhotos
from features.labels import by_split
from features.params import ClassifierParams, ClassParams, HeadParams, TrunkParams, TuneParams

TRUNK = TrunkParams(name="MobileNet", weights=None, preprocessing="trunk", tap="conv_pw_3_relu", size=48, view="whole")
HEAD = HeadParams(width=24, dropout=0.2, scale=8.0, epochs=30, patience=8, batch=16, learning_rate=0.003)
FROZEN = TuneParams(start="conv1", epochs=0, patience=8, batch=16, learning_rate=0.001)
PARAMS = ClassifierParams(trunk=TRUNK, classes=ClassParams(least=1, balance=0.5), head=HEAD, tune=FROZEN, seed=1)
BRIEF = replace(PARAMS, head=replace(HEAD, epochs=1))


@pytest.fixture
def catalog(project):
    return Catalog.read(project / "data/curated/catalog/catalog.parquet")


@pytest.fixture
def photos(catalog, store):
    return CatalogPhotos(store, catalog.image_id, "whole")


@pytest.fixture
def labelled(catalog, photos):
    return by_split(photos, catalog.category, catalog.split)


@pytest.fixture
def cache(tmp_path):
    with FeatureCache(tmp_path / "features.sqlite") as opened:
        yield opened


def share_right(guesses):
    return np.mean(guesses.best() == guesses.true)


def test_learns_and_its_descriptor_keeps_its_width(labelled, cache):
    fitted = classifier.fit(labelled, PARAMS, cache)
    assert fitted.classes.names == ("round", "square", "tall")
    assert share_right(fitted.guesses["test"]) > 0.7
    assert len(fitted.guesses["train"].true) == 54
    (features,) = pooled.values([pooled.part(fitted.model)], labelled["test"].photos, label="", cache=cache)
    vectors = head.after_pooling(fitted.model, features, head.DESCRIPTOR)
    assert vectors.shape == (18, 24)
    assert np.isfinite(vectors).all()


def test_the_model_in_one_piece_says_what_its_two_parts_say(labelled, cache):
    fitted = classifier.fit(labelled, BRIEF, cache)
    whole = fitted.model.predict_on_batch(labelled["val"].photos.load(np.arange(18), 48))
    np.testing.assert_allclose(whole, fitted.guesses["val"].probabilities, atol=1e-5)


@pytest.mark.slow
def test_tuning_trains_the_trunk_from_the_named_layer_on(labelled, cache):
    params = replace(BRIEF, tune=replace(FROZEN, start="conv_dw_2", epochs=3, learning_rate=0.002))
    frozen = classifier.fit(labelled, BRIEF, cache)
    tuned = classifier.fit(labelled, params, cache)
    assert len(tuned.history["val_loss"]) == 4
    assert tuned.history["loss"][-1] < frozen.history["loss"][-1]
    for name, same in (("conv1", True), ("conv_pw_1", True), ("conv_dw_2", False), ("conv_pw_3", False)):
        before, after = (fitted.model.get_layer(name).get_weights()[0] for fitted in (frozen, tuned))
        assert np.array_equal(before, after) == same, name


def test_two_runs_write_the_same_bytes_and_the_file_gives_the_same_values(labelled, cache, tmp_path):
    params = replace(PARAMS, head=replace(HEAD, epochs=2), tune=replace(FROZEN, start="conv_dw_3", epochs=1))
    for name in ("first", "second"):
        # The second run finds the trunk's features in the cache.
        fitted = classifier.fit(labelled, params, cache)
        models.save(fitted.model, tmp_path / f"{name}.keras")
    assert (tmp_path / "first.keras").read_bytes() == (tmp_path / "second.keras").read_bytes()
    loaded = models.load(tmp_path / "first.keras")
    pixels = labelled["test"].photos.load(np.arange(4), 48)
    np.testing.assert_array_equal(loaded.predict_on_batch(pixels), fitted.model.predict_on_batch(pixels))


def test_the_batch_size_does_not_matter(labelled, cache, monkeypatch):
    fitted = classifier.fit(labelled, BRIEF, cache)
    described = []
    for batch in (1, 18):
        monkeypatch.setattr(pooled, "_BATCH", batch)
        with FeatureCache(Path(f"{batch}.sqlite")) as fresh:
            (values,) = pooled.values([pooled.part(fitted.model)], labelled["test"].photos, label="", cache=fresh)
        described.append(head.after_pooling(fitted.model, values, UNIT))
    np.testing.assert_allclose(np.linalg.norm(described[0], axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(*described, atol=1e-4)


@pytest.mark.slow
def test_without_validation_photos_the_last_epoch_stands(labelled, cache):
    nothing = replace(
        labelled["val"],
        photos=labelled["val"].photos.take(np.arange(0)),
        labels=np.array([], object),
        source=np.array([], object),
    )
    fitted = classifier.fit(
        {**labelled, "val": nothing, "test": nothing},
        replace(BRIEF, head=replace(HEAD, epochs=3), tune=replace(FROZEN, epochs=1)),
        cache,
    )
    assert len(fitted.history["loss"]) == 4
    assert fitted.guesses["val"].probabilities.shape == (0, 3)


def test_rare_classes_are_learnt_as_one(labelled, cache):
    labels = labelled["train"].labels.copy()
    labels[labels == "tall"] = [f"tall {number}" for number in range(18)]
    fitted = classifier.fit(
        {**labelled, "train": replace(labelled["train"], labels=labels)},
        replace(BRIEF, classes=ClassParams(least=5, balance=1.0)),
        cache,
    )
    assert fitted.classes.names == ("round", "square", "rest")
    assert len(fitted.classes.merged) == 18
    # A class that training has never seen is one of the rest.
    assert set(fitted.guesses["test"].true) == {0, 1, 2}


def test_one_class_is_an_error(labelled, cache):
    same = replace(labelled["train"], labels=np.full(54, "round", object))
    with pytest.raises(InputError, match="two classes"):
        classifier.fit({**labelled, "train": same}, PARAMS, cache)


@pytest.mark.parametrize(
    ("trunk", "tune", "message"),
    [
        ({"name": "AlexNet"}, {}, "unknown trunk AlexNet. Choose one of InceptionV3, MobileNet"),
        ({"tap": "conv_pw_99"}, {}, "the trunk has no layer conv_pw_99. Its last ones are"),
        ({"tap": "preprocess"}, {}, "the trunk has no layer preprocess. Its last ones are"),
        ({}, {"start": "pooled", "epochs": 1}, "the trunk has no layer pooled up to its tap conv_pw_3_relu"),
        ({"size": 16}, {}, "MobileNet needs photos of at least 32 pixels. Received: size 16"),
        (
            {},
            {"start": "conv9", "epochs": 1},
            "the trunk has no layer conv9 up to its tap conv_pw_3_relu to start tuning at. Its first",
        ),
        ({"tap": "conv_pad_2"}, {"start": "conv_pw_2", "epochs": 1}, "no layer conv_pw_2 up to its tap conv_pad_2"),
        (
            {"name": "EfficientNetV2B0", "preprocessing": "rescale"},
            {},
            "scales pixels itself, rescale would do it twice",
        ),
        ({"weights": "nowhere.h5"}, {}, "the weights file nowhere.h5 does not exist"),
    ],
)
def test_what_cannot_be_built_is_named(labelled, cache, trunk, tune, message):
    params = replace(BRIEF, trunk=replace(TRUNK, **trunk), tune=replace(FROZEN, **tune))
    with pytest.raises(ModelError, match=message):
        classifier.fit(labelled, params, cache)


def test_weights_of_another_network_are_named(labelled, cache, tmp_path):
    import keras

    other = tmp_path / "vgg.weights.h5"
    keras.applications.VGG16(include_top=False, weights=None, input_shape=(48, 48, 3)).save_weights(other)
    before = cache.count()
    with pytest.raises(ModelError, match=rf"MobileNet with weights {other} cannot be built: .*Name a weights file of"):
        classifier.fit(labelled, replace(BRIEF, trunk=replace(TRUNK, weights=str(other))), cache)
    assert cache.count() == before


def test_inception_gives_2048_dimensions_at_its_last_tap(labelled, tmp_path):
    trunk = replace(TRUNK, name="InceptionV3", tap="mixed10", size=75)
    with FeatureCache(tmp_path / "features.sqlite") as cache:
        (values,) = pooled.values(pooled.build(trunk), labelled["test"].photos, label="", cache=cache)
    assert values.shape == (18, 2048)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "tap"),
    [
        ("VGG16", "block2_pool"),
        ("EfficientNetV2B0", "block2b_add"),
        ("ConvNeXtTiny", "convnext_tiny_downsampling_block_0"),
    ],
)
def test_the_other_trunks_describe_photos_too(labelled, cache, name, tap):
    params = replace(BRIEF, trunk=replace(TRUNK, name=name, tap=tap, size=32))
    fitted = classifier.fit(labelled, params, cache)
    (values,) = pooled.values([pooled.part(fitted.model)], labelled["test"].photos, label="", cache=cache)
    described = head.after_pooling(fitted.model, values, UNIT)
    assert described.shape == (18, 24)
    np.testing.assert_allclose(np.linalg.norm(described, axis=1), 1, atol=1e-4)


def test_a_tap_that_says_nothing_is_refused(labelled, cache):
    params = replace(
        BRIEF, trunk=replace(TRUNK, name="ConvNeXtTiny", tap="convnext_tiny_stage_0_block_0_identity", size=32)
    )
    with pytest.raises(ModelError, match="says the same of every photo"):
        classifier.fit(labelled, params, cache)


@pytest.mark.slow
def test_taps_that_keras_numbers_are_found_in_both_classifiers(labelled, cache, tmp_path):
    import keras

    weights = tmp_path / "convnext.weights.h5"
    keras.applications.ConvNeXtTiny(include_top=False, weights=None, input_shape=(32, 32, 3)).save_weights(weights)
    trunk = replace(TRUNK, name="ConvNeXtTiny", tap="convnext_tiny_downsampling_block_0", size=32, weights=str(weights))
    classifier.fit(labelled, replace(BRIEF, trunk=trunk), cache, replace(trunk, tap="layer_normalization"))
    # 90 photos by two taps
    assert cache.count() == 180


def test_another_view_or_its_code_is_another_maker(monkeypatch):
    (trunk,) = pooled.build(TRUNK)
    makers = {pooled.maker(trunk, view) for view in ("whole", "garment")}
    catalog_photos.fingerprint.cache_clear()
    monkeypatch.setattr(catalog_photos.inspect, "getsource", lambda module: "other code")
    makers |= {pooled.maker(trunk, view) for view in ("whole", "garment")}
    catalog_photos.fingerprint.cache_clear()
    assert len(makers) == 4
