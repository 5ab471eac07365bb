"""Train, val and test, so that neither a product nor a duplicate group stands in two of them."""

import hashlib
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from core.tables import SPLITS
from curate.params import SplitParams

_TRAIN, _VAL, _TEST = SPLITS


def assign(
    product_id: npt.NDArray[Any],
    duplicate_group: npt.NDArray[Any],
    params: SplitParams,
    *,
    train: Collection[str] = (),
    test: Collection[str] = (),
) -> npt.NDArray[Any]:
    """The split of each photo (n), for photos given by product (n) and duplicate group (n).

    Photos that share a product or a duplicate group, directly or over others, form a component; its split
    follows from a hash of the seed and of its smallest product id. So an added photo moves no old one,
    with one exception: where it joins two components, the one with the larger id follows the other.

    `train` and `test` are products that the source itself divides. A component with one of `test` is test.
    Else one with one of `train` is train or val, at the proportion that `params` gives these two.
    """
    components = components_of(product_id, duplicate_group)
    tested = {component for product, component in zip(product_id, components, strict=True) if product in test}
    trained = {component for product, component in zip(product_id, components, strict=True) if product in train}

    def split(component: str) -> str:
        if component in tested:
            return _TEST
        where = uniform(params.seed, component)
        if component in trained:
            # The same order of hashes, stretched over what is left without test.
            where = params.test + where * (1 - params.test)
        if where < params.test:
            return _TEST
        return _VAL if where < params.test + params.val else _TRAIN

    split_of = {component: split(component) for component in set(components)}
    return np.array([split_of[component] for component in components], dtype=object)


def components_of(product_id: npt.NDArray[Any], duplicate_group: npt.NDArray[Any]) -> list[str]:
    """The component of each photo (n), named by its smallest product id (union-find; Tarjan 1975)."""
    parent = {product: product for product in product_id}

    def root(product: str) -> str:
        while parent[product] != product:
            parent[product] = parent[parent[product]]
            product = parent[product]
        return product

    first: dict[str, str] = {}
    for product, group in zip(product_id, duplicate_group, strict=True):
        one, other = root(product), root(first.setdefault(group, product))
        # The smaller id stays the root, so that the root is the component's name.
        parent[max(one, other)] = min(one, other)
    return [root(product) for product in product_id]


def uniform(seed: int, key: str) -> float:
    """A number in [0, 1) from `seed` and `key` alone, the same on every machine (BLAKE2b)."""
    digest = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53
