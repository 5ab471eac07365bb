"""The scale of a descriptor, against plain loops."""

import math

import numpy as np
import pytest

from core.errors import InputError
from triplets.similarity import fit_scale


def test_the_scale_is_the_median_distance_inside_groups():
    rng = np.random.default_rng(2)
    values = rng.random((40, 3), np.float32)
    values[20:] += 100  # a pair across the groups would show
    groups = np.repeat(["b", "a"], 20)
    distances = [
        math.dist(values[first], values[second])
        for first in range(40)
        for second in range(40)
        if first != second and groups[first] == groups[second]
    ]
    scale = fit_scale("color", values, groups, 20_000, np.random.default_rng(3))
    assert scale == pytest.approx(np.median(distances), rel=0.02)
    assert scale == fit_scale("color", values, groups, 20_000, np.random.default_rng(3))


@pytest.mark.parametrize("count", [0, 3])
def test_without_two_photos_in_a_group_there_is_no_scale(count):
    with pytest.raises(InputError) as caught:
        fit_scale("color", np.ones((count, 2), np.float32), np.arange(count), 50, np.random.default_rng(0))
    assert str(caught.value) == (
        "color: no two training photos share a partition, so distances have no scale. Add photos."
    )


def test_equal_vectors_have_no_scale():
    with pytest.raises(InputError) as caught:
        fit_scale("pattern", np.ones((9, 2), np.float32), np.zeros(9), 50, np.random.default_rng(0))
    assert str(caught.value) == (
        "pattern: most training photos have one and the same vector. Look at what features wrote,"
        " or give it the weight 0."
    )
