"""The layers of our own: by plain loops, in half precision, and what they are rebuilt from."""

import keras
import numpy as np
import pytest

from train.layers import L2Normalize, LocalResponseNormalization


def numbers(tensor: keras.KerasTensor) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def test_normalisation_by_hand_and_its_config():
    layer = L2Normalize(epsilon=0.5, name="unit")
    got = numbers(layer(np.array([[3.0, 4.0], [0.0, 0.0], [0.3, 0.0]], np.float32)))
    np.testing.assert_allclose(got, [[0.6, 0.8], [0, 0], [0.6, 0]], atol=1e-6)
    assert L2Normalize.from_config(layer.get_config()).epsilon == 0.5


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_vectors_of_half_precision_become_exact_units(policy):
    # In float16 the sum of these squares is infinite.
    vectors = keras.ops.cast(np.random.default_rng(0).normal(0, 900, (20, 64)), policy.removeprefix("mixed_"))
    units = L2Normalize(dtype=policy)(vectors)
    assert keras.backend.standardize_dtype(units.dtype) == "float32"
    np.testing.assert_allclose(np.linalg.norm(numbers(units), axis=1), 1, atol=1e-6)
    symbolic = L2Normalize(dtype=policy)(keras.KerasTensor((None, 64), policy.removeprefix("mixed_")))
    assert (symbolic.shape, symbolic.dtype) == ((None, 64), "float32")


def responses(maps: np.ndarray, window: int, alpha: float, k: float, beta: float) -> np.ndarray:
    """Krizhevsky's formula, place by place and channel by channel."""
    result = np.empty(maps.shape)
    for place in np.ndindex(maps.shape[:3]):
        for channel in range(maps.shape[3]):
            total = 0.0
            for other in range(maps.shape[3]):
                if abs(other - channel) <= window // 2:
                    total += float(maps[place][other]) ** 2
            result[(*place, channel)] = maps[place][channel] / (k + alpha * total) ** beta
    return result


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"window": 3, "alpha": 0.5, "k": 1.0, "beta": 0.5},
        {"window": 1, "alpha": 2.0},
        {"window": 9, "alpha": 0.1},  # wider than the maps have channels
    ],
)
def test_local_response_normalisation_is_the_formula_of_the_paper(options):
    maps = np.random.default_rng(1).normal(0, 60, (2, 3, 2, 7)).astype(np.float32)
    values = {"window": 5, "alpha": 1e-4, "k": 2.0, "beta": 0.75, **options}
    layer = LocalResponseNormalization(**options)
    np.testing.assert_allclose(numbers(layer(maps)), responses(maps, **values), rtol=1e-5)
    assert {name: layer.get_config()[name] for name in values} == values
    assert layer(keras.KerasTensor((None, 3, 2, 7))).shape == (None, 3, 2, 7)


def test_local_response_normalisation_squares_in_float32():
    maps = np.full((1, 1, 1, 6), 6e4, np.float16)
    got = LocalResponseNormalization(dtype="mixed_float16")(maps)
    assert keras.backend.standardize_dtype(got.dtype) == "float16"
    np.testing.assert_allclose(numbers(got), responses(maps, 5, 1e-4, 2.0, 0.75), rtol=1e-3)


@pytest.mark.parametrize(
    "layer",
    [
        L2Normalize(epsilon=0.1, name="unit"),
        LocalResponseNormalization(window=3, alpha=0.2, k=1.5, beta=0.6, name="lrn"),
    ],
)
def test_layers_are_known_to_keras_by_name_and_come_back_whole(layer):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize("window", [0, 4])
def test_a_window_without_a_middle_is_refused(window):
    with pytest.raises(ValueError, match=f"^window must be an odd number of channels. Received: window={window}$"):
        LocalResponseNormalization(window=window)
