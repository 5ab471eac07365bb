"""The course of the learning rate, by hand."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from pydantic import TypeAdapter

from train.optimizers import learning_rate, optimizer
from train.params import FitParams
from train.recipes import recipe


def params(**changes) -> FitParams:
    options = TypeAdapter(FitParams).validate_json(json.dumps(recipe("mildnet_mobilenet")))
    return dataclasses.replace(options, **{"learning_rate": 0.1, **changes})


def rates(options: FitParams, steps: int) -> list[float]:
    course = learning_rate(options, steps)
    assert not isinstance(course, float)
    return [float(course(step)) for step in range(steps)]


def test_a_constant_is_a_number():
    assert learning_rate(params(), 100) == 0.1


def test_steps_fall_to_a_tenth_after_half_and_after_three_quarters():
    found = rates(params(schedule="step"), 8)
    np.testing.assert_allclose(found, [0.1] * 5 + [0.01] * 2 + [0.001], rtol=1e-6)


def test_the_cosine_falls_from_all_to_nothing():
    expected = [0.1 * (1 + np.cos(np.pi * step / 10)) / 2 for step in range(10)]
    np.testing.assert_allclose(rates(params(schedule="cosine"), 10), expected, rtol=1e-5)


def test_the_warm_up_rises_from_nothing_and_the_cosine_follows():
    found = rates(params(schedule="cosine", warmup=0.2), 20)
    np.testing.assert_allclose(found[:4], [0, 0.025, 0.05, 0.075], atol=1e-7)
    expected = [0.1 * (1 + np.cos(np.pi * step / 16)) / 2 for step in range(16)]
    np.testing.assert_allclose(found[4:], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "cls"),
    [
        ({}, keras.optimizers.SGD),
        ({"optimizer": "rmsprop", "momentum": 0.0}, keras.optimizers.RMSprop),
        ({"optimizer": "adamw", "momentum": 0.0, "weight_decay": 0.01}, keras.optimizers.AdamW),
    ],
)
def test_each_optimizer_takes_what_the_parameters_say(changes, cls):
    options = params(**changes)
    made = optimizer(options, 10)
    assert type(made) is cls
    config = made.get_config()
    assert config.get("momentum", 0.0) == options.momentum
    assert (config["weight_decay"] or 0.0) == options.weight_decay
    assert config["learning_rate"] == pytest.approx(0.1)
    if cls is keras.optimizers.SGD:
        assert config["nesterov"]
