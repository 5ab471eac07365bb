"""The losses against plain loops, their gradients against finite differences."""

import keras
import numpy as np
import pytest

from train.losses import LOSSES, Contrastive, Hinge


def embeddings(triplets: int, width: int = 4) -> np.ndarray:
    values = np.random.default_rng(3).normal(size=(3 * triplets, width))
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def by_loop(name: str, rows: np.ndarray, margin: float) -> list[float]:
    values = []
    for start in range(0, len(rows), 3):
        query, positive, negative = rows[start : start + 3].astype(np.float64)
        near, far = np.linalg.norm(query - positive), np.linalg.norm(query - negative)
        if name == "hinge":
            values.append(max(0.0, near**2 - far**2 + margin))
        else:
            values.append(0.5 * near**2 + 0.5 * max(0.0, margin - far) ** 2)
    return values


@pytest.mark.parametrize("margin", [0.1, 1.0])
@pytest.mark.parametrize("name", LOSSES)
def test_loss_is_the_mean_of_the_clamped_values_of_a_loop(name, margin):
    rows = embeddings(7)
    expected = by_loop(name, rows, margin)
    loss = LOSSES[name](margin)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(loss.call(None, rows)), expected, atol=1e-6)
    got = keras.ops.convert_to_numpy(loss(np.zeros(len(rows), np.float32), rows))
    np.testing.assert_allclose(got, np.mean(expected), atol=1e-6)


def test_easy_triplets_do_not_cancel_hard_ones():
    easy = [[1, 0], [1, 0], [-1, 0]]
    hard = [[1, 0], [-1, 0], [1, 0]]
    loss = Hinge(0.5)(np.zeros(6, np.float32), np.array(easy + hard, np.float32))
    assert float(loss) == pytest.approx((0 + 4.5) / 2)


@pytest.mark.parametrize("name", LOSSES)
def test_active_triplets_are_those_whose_negative_has_a_gradient(name):
    rows, margin = embeddings(20), 1.2
    near = np.linalg.norm(rows[0::3] - rows[1::3], axis=1)
    far = np.linalg.norm(rows[0::3] - rows[2::3], axis=1)
    expected = near**2 - far**2 + margin > 0 if name == "hinge" else far < margin
    got = keras.ops.convert_to_numpy(LOSSES[name](margin).active(None, rows))
    assert 0 < expected.sum() < 20
    np.testing.assert_array_equal(got.astype(bool), expected)


def gradient(loss, rows: np.ndarray) -> np.ndarray:
    """The gradient of the mean loss by the rows, from one step of plain SGD, as every backend can take it."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Embedding(len(rows), rows.shape[1])])
    model.add(keras.layers.Reshape((rows.shape[1],)))
    model.set_weights([rows])
    model.compile(keras.optimizers.SGD(1.0), loss=loss)
    order = np.arange(len(rows))[:, None]
    model.train_on_batch(order, np.zeros(len(rows), np.float32))
    return rows - model.get_weights()[0]


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_the_finite_difference(name):
    rows, margin, step = embeddings(4), 1.0, 1e-4
    expected = np.zeros(rows.shape)
    for place in np.ndindex(rows.shape):
        up, down = rows.astype(np.float64), rows.astype(np.float64)
        up[place] += step
        down[place] -= step
        expected[place] = (np.mean(by_loop(name, up, margin)) - np.mean(by_loop(name, down, margin))) / (2 * step)
    np.testing.assert_allclose(gradient(LOSSES[name](margin), rows), expected, atol=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_finite_where_the_three_coincide(name):
    same = np.tile(np.array([[0.6, 0.8]], np.float32), (6, 1))
    assert np.isfinite(gradient(LOSSES[name](0.3), same)).all()


@pytest.mark.parametrize("cls", [Hinge, Contrastive])
def test_loss_reloads(cls):
    loss = cls(0.7, name="mine", reduction="sum")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(again) is cls
    assert again.get_config() == loss.get_config()
    assert again.margin == 0.7
