"""The networks of the papers at full size: parameters, dropout, what is frozen, what is pooled."""

import keras
import pytest
from drawn import ALEXNET, RANDOM, drawn, paper_size, weightless

from train import architectures
from train.architectures.mildnet import headless


def conv(window: int, before: int, after: int) -> int:
    return window * window * before * after + after


def fc(before: int, after: int) -> int:
    return before * after + after


def vgg(*convolutions: int) -> int:
    """Blocks of 3 x 3 convolutions with 64, 128, 256, 512 and 512 channels."""
    total, before = 0, 3
    for count, channels in zip(convolutions, (64, 128, 256, 512, 512), strict=True):
        for _ in range(count):
            total += conv(3, before, channels)
            before = channels
    return total


VGG16, VGG19 = vgg(2, 2, 3, 3, 3), vgg(2, 2, 4, 4, 4)
TAPPED = 64 + 128 + 256 + 512 + 512
SHALLOW = 2 * conv(8, 3, 96)  # the weights of both branches
PARAMETERS = {
    "mildnet_vgg16": 21_927_744,
    "mildnet_vgg16_skip_1": 21_796_672,
    "mildnet_vgg16_skip_2": 21_534_528,
    "mildnet_vgg16_skip_3": 21_010_240,
    "mildnet_vgg16_skip_4": 19_961_664,
    "mildnet_vgg16_all_trainable": 21_927_744,
    "mildnet_vgg19": VGG19 + fc(TAPPED, 2048) + fc(2048, 2048),
    "mildnet_1024_512": VGG16 + fc(TAPPED, 1024) + fc(1024, 512),
    "mildnet_512_512": VGG16 + fc(TAPPED, 512) + fc(512, 512),
    "mildnet_512_no_dropout": VGG16 + fc(TAPPED, 512) + fc(512, 512),
    "mildnet_mobilenet": 6_343_872,
    "mildnet_without_skip": VGG16 + fc(512, 1024) + fc(1024, 1024),
    "mildnet_without_skip_big": VGG16 + fc(512, 2048) + fc(2048, 2048),
    "mildnet_vgg16_big": VGG16 + fc(TAPPED, 2048) + fc(2048, 2048) + SHALLOW + fc(2048 + 1536 + 1536, 4096),
    "vanila_vgg16": VGG16,
    "ranknet": 68_308_224,
    "visnet": 62_998_528,
    "visnet_lrn2d": 66_537_472,
    "multiscale_alexnet": ALEXNET + fc(256, 4096) + fc(4096, 4096) + SHALLOW + fc(4096 + 2400 + 1536, 4096),
}


def frozen_in(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers if layer.weights and not layer.trainable]


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_those_of_the_table(name):
    assert architectures.parameters(name, size=paper_size(name)) == PARAMETERS[name]


def test_no_taps_leave_the_mobilenet_of_the_paper_s_table_1():
    assert architectures.parameters("mildnet_mobilenet", size=224, taps=()) == 3_228_864 + 2 * 1_049_600


@pytest.mark.parametrize("name", PARAMETERS)
def test_dropout_is_that_of_the_table(name):
    rates = [layer.rate for layer in drawn(name).layers if layer.name in ("dropout", "dropout_2")]
    usual = {"vanila_vgg16": [], "ranknet": [0.5, 0.5], "mildnet_512_no_dropout": [0.0], "mildnet_mobilenet": [0.5]}
    twice = ("visnet", "visnet_lrn2d", "multiscale_alexnet")
    assert rates == usual.get(name, [0.6, 0.6] if name in twice else [0.6])


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_first_ten_layers_are_frozen_where_the_paper_freezes_them(name):
    free = ("all_trainable", "without_skip", "mobilenet")
    expected = []
    if name.startswith("mildnet") and not any(word in name for word in free):
        network = keras.applications.VGG19 if "vgg19" in name else keras.applications.VGG16
        plain = weightless(lambda: network(include_top=False, weights=None, input_shape=(224, 224, 3)))
        expected = [layer.name for layer in plain.layers[:10] if layer.weights]
        assert len(expected) == 7
    assert frozen_in(drawn(name)) == expected


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_network_has_a_headless_one(name):
    model = weightless(lambda: headless(drawn(name)))
    widths = {"mildnet_mobilenet": 2016, "multiscale_alexnet": 256, "mildnet_vgg16_skip_1": TAPPED - 64}
    widths |= {"mildnet_vgg16_skip_2": TAPPED - 192, "mildnet_vgg16_skip_3": 1024, "mildnet_vgg16_skip_4": 512}
    alone = "without_skip" in name or name in ("vanila_vgg16", "ranknet", "visnet", "visnet_lrn2d")
    assert model.output.shape[1] == widths.get(name, 512 if alone else TAPPED)


def test_options_replace_those_of_the_architecture():
    options = {"units": 7, "hidden": 11, "dropout": 0.25, "taps": ("block3_pool",), "frozen": 3}
    model = weightless(lambda: architectures.build("mildnet_vgg19", size=64, **options, **RANDOM))
    assert model.count_params() == VGG19 + fc(256 + 512, 11) + fc(11, 7)
    assert model.get_layer("dropout").rate == 0.25
    assert frozen_in(model) == ["block1_conv1", "block1_conv2"]
    visnet = architectures.parameters("visnet", size=224, units=7, hidden=11)
    assert visnet == VGG16 + fc(512, 11) + fc(11, 11) + SHALLOW + fc(11 + 3072, 7)


@pytest.mark.parametrize("name", PARAMETERS)
def test_dense_layers_are_relu_but_the_one_that_joins_a_multi_scale_network(name):
    dense = {layer.name: layer.activation.__name__ for layer in drawn(name).layers if "dense" in layer.name}
    tower = {"dense_1": "relu", "dense_2": "relu"}
    multiscale = name in ("ranknet", "visnet", "visnet_lrn2d", "multiscale_alexnet", "mildnet_vgg16_big")
    assert dense == ({} if name == "vanila_vgg16" else {**tower, "dense_3": "linear"} if multiscale else tower)


@pytest.mark.parametrize(
    ("name", "chain"),
    [
        ("ranknet", ["shrink", "border", "conv", "pad", "pool", "flat"]),
        ("visnet", ["conv", "pool", "flat", "unit"]),
        ("mildnet_vgg16_big", ["conv", "pool", "flat", "unit"]),
        ("visnet_lrn2d", ["shrink", "conv", "lrn", "pad", "pool", "flat", "unit"]),
        ("multiscale_alexnet", ["shrink", "conv", "pad", "pool", "flat", "unit"]),
    ],
)
def test_shallow_branches_are_those_of_the_table(name, chain):
    names = [layer.name for layer in drawn(name).layers]
    for scale in ("fine", "coarse"):
        assert [each.removeprefix(f"{scale}_") for each in names if each.startswith(f"{scale}_")] == chain
