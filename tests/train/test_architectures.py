"""Every network: what it refuses, unit vectors, what reloads, half precision, one step of training."""

from pathlib import Path

import keras
import numpy as np
import pytest
from drawn import RANDOM, drawn, paper_size, weightless

from core import models, trunks
from core.errors import ModelError
from train import architectures
from train.architectures.mildnet import headless

NARROW = {"units": 8, "hidden": 12, "dropout": 0.5, **RANDOM}
NAMES = tuple(architectures.ARCHITECTURES)


@pytest.fixture(scope="module")
def mobilenet() -> keras.Model:
    """The one network that is small enough to be built whole, at the paper's size."""
    models.seed(1)
    return architectures.build("mildnet_mobilenet", size=224, **RANDOM)


@pytest.fixture(scope="module")
def multiscale() -> keras.Model:
    models.seed(2)
    return architectures.build("multiscale_alexnet", size=67, **NARROW)


def photos_of(size: int) -> np.ndarray:
    """Two photos of noise, one of them dark and red."""
    photos = np.random.default_rng(size).integers(0, 256, (2, size, size, 3))
    photos[1] //= [1, 4, 8]
    return photos.astype(np.uint8)


def check_units_and_reload(model: keras.Model, path: Path) -> None:
    """The photos of one call get vectors of unit length; the file gives the same ones."""
    photos = photos_of(model.input_shape[1])
    before = keras.ops.convert_to_numpy(model(photos))
    assert before.shape == (len(photos), model.output_shape[1])
    np.testing.assert_allclose(np.linalg.norm(before, axis=1), 1, atol=1e-5)
    assert not np.allclose(before[0], before[1], atol=1e-4)
    models.save(model, path)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(models.load(path)(photos)), before)


def test_counting_parameters_makes_none_and_forgets_them(mobilenet):
    layer = keras.layers.Dense(3)
    assert architectures.parameters("ranknet", size=224, units=100_000) == 68_308_224 + 7168 * 95_904 + 95_904
    assert mobilenet.count_params() == architectures.parameters("mildnet_mobilenet", size=224)
    assert keras.ops.convert_to_numpy(layer(np.ones((1, 2), np.float32))).shape == (1, 3)
    assert len(layer.weights) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_what_its_configuration_says(name):
    model = drawn(name)
    again = weightless(lambda: keras.Model.from_config(model.get_config()))
    assert again.get_config() == model.get_config()
    assert again.count_params() == model.count_params()
    assert [layer.trainable for layer in again.layers] == [layer.trainable for layer in model.layers]
    assert (model.name, model.output.dtype, model.layers[-1].name) == (name, "float32", "embedding")


@pytest.mark.parametrize("name", ["mildnet_mobilenet", "ranknet", "vanila_vgg16"])
def test_the_architecture_s_own_options_change_nothing(name):
    own = architectures.ARCHITECTURES[name].options
    model = weightless(lambda: architectures.build(name, size=224, **RANDOM, **own))
    assert model.get_config() == drawn(name).get_config()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("resnet", {}, f"unknown architecture resnet. Choose one of {', '.join(NAMES)}."),
        ("vanila_vgg16", {"units": 8}, "vanila_vgg16 has no units. Set it to null. Received: units 8"),
        ("visnet", {"taps": ()}, "visnet has no taps. Set it to null. Received: taps ()"),
        ("mildnet_vgg16", {"frozen": 20}, "VGG16 has 19 layers to freeze. Received: frozen 20"),
        ("mildnet_vgg16", {"frozen": -1}, "VGG16 has 19 layers to freeze. Received: frozen -1"),
        (
            "mildnet_vgg16",
            {"taps": ("conv_dw_1",)},
            "the trunk has no layer conv_dw_1. Its last ones are block4_conv1, block4_conv2, block4_conv3,"
            " block4_pool, block5_conv1, block5_conv2, block5_conv3, block5_pool.",
        ),
        ("visnet_lrn2d", {"size": 63}, "visnet_lrn2d needs photos of at least 64 pixels. Received: size 63"),
        ("visnet", {"size": 31}, "visnet needs photos of at least 32 pixels. Received: size 31"),
        (
            "multiscale_alexnet",
            {"size": 66},
            "multiscale_alexnet needs photos of at least 67 pixels. Received: size 66",
        ),
        (
            "multiscale_alexnet",
            {"weights": "imagenet"},
            "Keras has no imagenet weights of AlexNet. Name a weights file, or null for random ones.",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(name, options, message):
    with pytest.raises(ModelError) as error:
        weightless(lambda: architectures.build(name, **{"size": 96, **RANDOM, **options}))
    assert str(error.value) == message


@pytest.mark.parametrize(("name", "first"), [("visnet_lrn2d", "block1_conv1"), ("multiscale_alexnet", "conv1")])
def test_shallow_branches_see_the_pixels_as_the_trunk_does(name, first):
    scaled = drawn(name).get_layer("preprocess").output
    for layer in ("fine_shrink", "coarse_shrink", first):
        assert drawn(name).get_layer(layer).input is scaled


@pytest.mark.slow
def test_the_mobilenet_embeds_at_full_size_and_reloads_alike(mobilenet, tmp_path):
    assert mobilenet.get_layer("pooled_taps").output.shape == (None, 2016)
    assert all(layer.trainable for layer in mobilenet.layers if layer.name != "preprocess")
    check_units_and_reload(mobilenet, tmp_path / "model.keras")


@pytest.mark.parametrize("network", ["mobilenet", "multiscale"])
def test_headless_is_the_pooled_trunk_at_unit_length(network, request, tmp_path):
    model = request.getfixturevalue(network)
    photos = photos_of(model.input_shape[1])
    design = architectures.ARCHITECTURES[model.name]
    trunk = trunks.construct(design.trunk, size=model.input_shape[1], **RANDOM)
    for layer in trunk.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    tapped = [*trunks.tapped(trunk, design.options.get("taps", ())), trunk.output]
    maps = [keras.Model(trunk.input, output)(photos) for output in tapped]
    pooled = np.concatenate([keras.ops.convert_to_numpy(each).mean(axis=(1, 2)) for each in maps], axis=1)
    untrained = headless(model)
    expected = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(untrained(photos)), expected, atol=1e-5)
    check_units_and_reload(untrained, tmp_path / "untrained.keras")


def test_a_multi_scale_network_embeds_and_reloads_alike(multiscale, tmp_path):
    check_units_and_reload(multiscale, tmp_path / "model.keras")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_network_embeds_at_full_size_and_reloads_alike(name, tmp_path):
    models.seed(4)
    check_units_and_reload(architectures.build(name, size=paper_size(name), **RANDOM), tmp_path / "model.keras")


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_gives_float32_units(policy, multiscale):
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(policy)
        model = architectures.build("multiscale_alexnet", size=67, **NARROW)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.get_layer("conv5").compute_dtype == policy.removeprefix("mixed_")
    assert model.output.dtype == "float32"
    model.set_weights(multiscale.get_weights())
    got, exact = (keras.ops.convert_to_numpy(each(photos_of(67))) for each in (model, multiscale))
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(got, exact, atol=0.05)


@pytest.mark.parametrize(
    ("name", "size", "dense"), [("mildnet_mobilenet", 32, "dense_2"), ("multiscale_alexnet", 67, "dense_3")]
)
@pytest.mark.parametrize("zero", [False, True])
def test_one_step_changes_the_weights_and_none_becomes_nan(name, size, dense, zero):
    models.seed(2)
    model = architectures.build(name, size=size, **NARROW)
    if zero:  # A last layer that gives nothing, such as a dead relu, makes embeddings of zeros.
        kernel, bias = model.get_layer(dense).get_weights()
        model.get_layer(dense).set_weights([np.zeros_like(kernel), np.minimum(bias, 0)])
    model.compile(keras.optimizers.SGD(0.1), loss="mean_squared_error", run_eagerly=True)
    before = model.get_layer("dense_1").get_weights()[0]
    loss = model.train_on_batch(photos_of(size), np.eye(2, 8, dtype=np.float32))
    assert np.isfinite(loss)
    assert all(np.isfinite(weights).all() for weights in model.get_weights())
    assert zero == np.array_equal(model.get_layer("dense_1").get_weights()[0], before)
