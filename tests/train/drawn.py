"""Networks as drawn: all of their layers, none of their weights' values, so that full size is quick."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import keras

from train import architectures

RANDOM = {"weights": None, "preprocessing": "trunk"}
# The convolutions of AlexNet, window x window x channels before x channels after, and their biases.
ALEXNET = (11 * 11 * 3 + 1) * 96 + (5 * 5 * 96 + 1) * 256 + (9 * 256 + 1) * 384 + (9 * 384 + 1) * (384 + 256)


def paper_size(name: str) -> int:
    return 227 if name == "multiscale_alexnet" else 224


def weightless(make: Callable[[], Any]) -> Any:
    """What `make` makes, without the values of weights: quick at full size. A thread of its own, as Keras asks."""

    def within() -> Any:
        with keras.StatelessScope(initialize_variables=False):
            return make()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(within).result()


@cache
def drawn(name: str) -> keras.Model:
    return weightless(lambda: architectures.build(name, size=paper_size(name), **RANDOM))
