"""AlexNet's convolutions: the maps of its paper, and weights from a file."""

import keras
import numpy as np
import pytest
from drawn import ALEXNET, weightless

from core.errors import ModelError
from train import architectures
from train.architectures import alexnet


def test_alexnet_has_the_maps_of_its_paper():
    model = weightless(lambda: alexnet.network(weights=None, input_shape=(227, 227, 3)))
    sides = {layer.name: layer.output.shape[1:] for layer in model.layers[1:]}
    assert [sides[name] for name in ("norm1", "pool1", "norm2", "pool2", "conv3", "conv4", "pool5")] == [
        *((55, 55, 96), (27, 27, 96), (27, 27, 256), (13, 13, 256)),
        *((13, 13, 384), (13, 13, 384), (6, 6, 256)),
    ]
    assert model.count_params() == ALEXNET


def test_alexnet_reads_a_file_of_its_weights_and_no_other(tmp_path):
    network = alexnet.network(weights=None, input_shape=(67, 67, 3))
    network.save_weights(tmp_path / "alexnet.weights.h5")
    options = {"size": 80, "preprocessing": "rescale", "units": 4, "hidden": 4}
    model = architectures.build("multiscale_alexnet", weights=str(tmp_path / "alexnet.weights.h5"), **options)
    for name in ("conv1", "conv5"):
        np.testing.assert_array_equal(model.get_layer(name).get_weights()[0], network.get_layer(name).get_weights()[0])
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(
        ModelError,
        match=r"^AlexNet with weights .*other\.weights\.h5 cannot be built: .*Name a weights file of AlexNet\.$",
    ):
        architectures.build("multiscale_alexnet", weights=str(tmp_path / "other.weights.h5"), **options)
