"""The pooled trunks of the fitted classifiers as work for an engine."""

from collections.abc import Mapping
from functools import partial
from itertools import combinations
from math import prod
from pathlib import Path

import keras

from core import models
from core.classifiers import trunk
from core.engines import Engine
from core.paths import MODEL
from features import pooled
from features.chunks import Job
from features.forwarding import of_photos, threads
from features.kept import kept

_BATCH = 64  # photos in a network at once, where memory allows
_LEAST = 4
_LAYERS = 3  # outputs of the size of the largest that are in memory at a time


def jobs(classifiers: Mapping[str, Path], *, engine: Engine, memory: float) -> list[Job]:
    """The work of the trunks of the `classifiers`, folders by name; one for two that are parts of one network.

    Args:
        memory: GiB that the photos in a network take at most in each worker.

    Raises:
        ModelError: a classifier is missing.
    """
    found: dict[tuple[tuple[str, int], ...], Job] = {}
    for names in _groups(classifiers):
        view, files = trunk(classifiers[names[0]]).view, tuple(classifiers[name] / MODEL for name in names)
        makers = tuple((pooled.maker(part, view), part.output_shape[-1]) for part in map(_part, files))
        compute = partial(of_photos, files, view, batch(kept(joint, *files), memory), threads(engine))
        found.setdefault(makers, Job(", ".join(names), makers, compute))  # two may have the same trunk
    return list(found.values())


def joint(*files: Path) -> keras.Model:
    """The pooled trunks of the classifiers in `files`, parts of one network, as that network with all their outputs."""
    parts = [_part(file) for file in files]
    if len(parts) > 1:
        parts = pooled.together(*parts) or []
    return keras.Model(parts[0].input, [part.output for part in parts])


def batch(network: keras.Model, memory: float) -> int:
    """How many photos go into `network` at once: a power of two, such that they take `memory` GiB at most."""
    outputs = [output for layer in network.layers for output in keras.tree.flatten(layer.output)]
    per_photo = 4 * _LAYERS * max(prod(output.shape[1:]) for output in outputs)
    count = _BATCH
    while count > _LEAST and count * per_photo > memory * 2**30:
        count //= 2
    return count


def _groups(classifiers: Mapping[str, Path]) -> list[tuple[str, ...]]:
    """The names of the classifiers, two together where one of their trunks goes on from where the other ends."""
    for pair in combinations(classifiers, 2):
        first, second = (classifiers[name] for name in pair)
        if trunk(first).view == trunk(second).view and pooled.together(_part(first / MODEL), _part(second / MODEL)):
            return [pair, *((name,) for name in classifiers if name not in pair)]
    return [(name,) for name in classifiers]


def _part(file: Path) -> keras.Model:
    return pooled.part(kept(models.load, file))
