"""The shallow branches against plain loops, their widths, and the least photo that they can see."""

from itertools import product

import keras
import numpy as np
import pytest

from train.architectures import shallow

BRANCHES = (shallow.ranknet, shallow.visnet, shallow.lrn2d, shallow.without_lrn)


def network(branches: shallow.Branches, side: int) -> keras.Model:
    pixels = keras.Input((side, side, 3))
    return keras.Model(pixels, branches(pixels))


def same(maps: np.ndarray, window: int, stride: int, value: float) -> np.ndarray:
    """Pad (side, side, channels) so that windows of `stride` cover all of it, more behind than before."""
    missing = max((-(-len(maps) // stride) - 1) * stride + window - len(maps), 0)
    before = missing // 2
    return bordered(maps, before, missing - before, value)


def bordered(maps: np.ndarray, before: int, behind: int, value: float = 0.0) -> np.ndarray:
    return np.pad(maps, [(before, behind), (before, behind), (0, 0)], constant_values=value)


def slide(maps: np.ndarray, window: int, stride: int) -> np.ndarray:
    """The windows (places, places, window, window, channels) that lie wholly within the maps."""
    places = (len(maps) - window) // stride + 1
    windows = np.empty((places, places, window, window, maps.shape[2]))
    for row, column in product(range(places), repeat=2):
        top, left = row * stride, column * stride
        windows[row, column] = maps[top : top + window, left : left + window]
    return windows


def largest(maps: np.ndarray, window: int, stride: int) -> np.ndarray:
    return slide(maps, window, stride).max(axis=(2, 3))


def convolved(maps: np.ndarray, stride: int, layer: keras.layers.Layer) -> np.ndarray:
    kernel, bias = layer.get_weights()
    return np.tensordot(slide(maps, 8, stride), kernel, axes=3) + bias


def responses(maps: np.ndarray) -> np.ndarray:
    squares = np.pad(maps**2, [(0, 0), (0, 0), (2, 2)])
    summed = sum(squares[..., shift : shift + maps.shape[2]] for shift in range(5))
    return maps / (2 + 1e-4 * summed) ** 0.75


def unit(values: np.ndarray) -> np.ndarray:
    return values.ravel() / np.linalg.norm(values)


def expected(branches: shallow.Branches, photo: np.ndarray, fine: keras.layers.Layer, coarse: keras.layers.Layer):
    """What the branches give for one photo, as the table of architectures describes them."""
    if branches is shallow.ranknet:
        first = bordered(convolved(bordered(largest(photo, 4, 4), 4, 4), 4, fine), 2, 2)
        second = bordered(convolved(bordered(largest(photo, 8, 8), 4, 4), 4, coarse), 1, 1)
        return unit(np.concatenate([largest(first, 7, 4).ravel(), largest(second, 3, 2).ravel()]))
    if branches is shallow.visnet:
        first = convolved(same(photo, 8, 16, 0.0), 16, fine)
        second = convolved(same(photo, 8, 32, 0.0), 32, coarse)
        first, second = (same(maps, window, step, -np.inf) for maps, window, step in ((first, 3, 4), (second, 7, 2)))
        return np.concatenate([unit(largest(first, 3, 4)), unit(largest(second, 7, 2))])
    first, second = (
        np.maximum(convolved(largest(photo, shrink, shrink), 4, layer), 0) for shrink, layer in ((4, fine), (8, coarse))
    )
    if branches is shallow.lrn2d:
        first, second = responses(first), responses(second)
    first, second = same(bordered(first, 3, 3), 7, 4, -np.inf), same(bordered(second, 1, 1), 3, 2, -np.inf)
    return np.concatenate([unit(largest(first, 7, 4)), unit(largest(second, 3, 2))])


@pytest.mark.parametrize("branches", BRANCHES)
@pytest.mark.parametrize("side", [80, 101])
def test_branches_are_those_of_the_table(branches, side):
    keras.utils.set_random_seed(3)
    model = network(branches, side)
    convolutions = [model.get_layer(f"{scale}_conv") for scale in ("fine", "coarse")]
    for layer in convolutions:
        layer.bias.assign(np.linspace(-50, 50, 96))
    photos = np.random.default_rng(side).normal(0, 100, (2, side, side, 3)).astype(np.float32)
    for photo, got in zip(photos, model.predict_on_batch(photos), strict=True):
        np.testing.assert_allclose(got, expected(branches, photo.astype(float), *convolutions), atol=1e-5)


@pytest.mark.parametrize(
    ("branches", "fine", "coarse"),
    [
        (shallow.ranknet, 1536, 1536),
        (shallow.visnet, 1536, 1536),
        (shallow.lrn2d, 2400, 1536),
        (shallow.without_lrn, 2400, 1536),
    ],
)
def test_widths_at_the_size_of_the_papers(branches, fine, coarse):
    model = network(branches, 224)
    assert [model.get_layer(f"{scale}_flat").output.shape[1] for scale in ("fine", "coarse")] == [fine, coarse]
    assert model.output.shape == (None, fine + coarse)
    assert model.count_params() == 2 * (8 * 8 * 3 * 96 + 96)


@pytest.mark.parametrize("branches", BRANCHES)
def test_the_least_side_is_the_first_at_which_every_window_fits(branches):
    least = shallow.SMALLEST_SIDE[branches]
    assert network(branches, least).output.shape[1] > 0
    if least > 1:
        with pytest.raises(ValueError, match="output size would be zero or negative"):
            network(branches, least - 1)
