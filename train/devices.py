"""What training runs on: the precision that suits the device, and several devices as one."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from core.errors import ModelError


@contextmanager
def prepared(precision: str, batch: int) -> Iterator[str]:
    """Set the precision, and share batches among all devices; gives words for both. Undone afterwards.

    Args:
        precision: a Keras dtype policy, or `auto`: mixed_bfloat16 on an accelerator, float32 elsewhere.
        batch: in triplets.

    Raises:
        ModelError: the devices cannot share the batch evenly.
    """
    devices = keras.distribution.list_devices()
    kind = devices[0].split(":")[0].lower()
    policy = precision if precision != "auto" else "float32" if kind == "cpu" else "mixed_bfloat16"
    # On TensorFlow one device works: keras.distribution shares among several with JAX alone.
    shared = devices if keras.backend.backend() == "jax" else devices[:1]
    if batch % len(shared):
        raise ModelError(
            f"{len(shared)} devices cannot share {batch} triplets. Make train.fit.batch a multiple of {len(shared)}."
        )
    before = keras.config.dtype_policy(), keras.distribution.distribution()
    try:
        keras.config.set_dtype_policy(policy)
        if len(shared) > 1:
            keras.distribution.set_distribution(keras.distribution.DataParallel(devices=shared))
        yield f"{len(shared)} x {kind}, {policy}"
    finally:
        keras.config.set_dtype_policy(before[0])
        keras.distribution.set_distribution(before[1])


def count() -> int:
    """How many devices share a batch now."""
    distribution = keras.distribution.distribution()
    return 1 if distribution is None else int(distribution.num_model_replicas)
