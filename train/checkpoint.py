"""A training that can go on where it was killed: weights, optimizer, draws and history in one file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np

from core.atomic import replacing

_LATEST, _BEST = "latest.npz", "best.npz"


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave. The val figures are None and {} where there are no val triplets.

    `loss`, `active` (share of triplets), `d_positive` and `d_negative` are means over the training batches, with
    augmentation and dropout; `decoded` counts the photos decoded per triplet; `embedding_std` is that of one
    dimension, healthy is about 1 / sqrt(units).
    """

    epoch: int
    loss: float
    active: float
    d_positive: float
    d_negative: float
    decoded: float
    embedding_std: float
    val_loss: float | None
    val_accuracy: dict[str, float]

    @property
    def merit(self) -> tuple[float, float]:
        """What the best epoch has most of: triplet accuracy on val, averaged over the kinds, then less loss there."""
        accuracies = list(self.val_accuracy.values())
        return sum(accuracies) / max(1, len(accuracies)), -(self.val_loss or 0.0)


@dataclass(frozen=True)
class Progress:
    """How far a training has come: `step` batches of `epoch` (from 1), whose figures so far are summed in `sums`.

    `best` is the epoch whose weights are kept, 0 before there is one.
    """

    epoch: int = 1
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    epochs: tuple[Epoch, ...] = ()
    best: int = 0

    def ended(self, epoch: Epoch) -> "Progress":
        """The progress after `epoch`. Without val figures each epoch counts as better than those before."""
        better = not self.best or epoch.val_loss is None or epoch.merit > self.epochs[self.best - 1].merit
        best = epoch.epoch if better else self.best
        return Progress(epoch=epoch.epoch + 1, epochs=(*self.epochs, epoch), best=best)


class Checkpoints:
    """The checkpoints of one training, in `folder`. What was trained otherwise, by its `fingerprint`, does not count.

    A file is written beside and renamed, so a kill at any moment leaves a whole one.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder = folder
        self._fingerprint = fingerprint

    def save(self, variables: Sequence[keras.Variable], progress: Progress) -> None:
        """Write the values of `variables` and `progress`."""
        said = {"fingerprint": self._fingerprint, **asdict(progress)}
        _write(self._folder / _LATEST, [keras.ops.convert_to_numpy(one) for one in variables], said)

    def save_best(self, weights: Sequence[np.ndarray]) -> None:
        """Write the weights of the best epoch so far; `save` says which that is."""
        _write(self._folder / _BEST, weights, {"fingerprint": self._fingerprint})

    def restore(self, variables: Sequence[keras.Variable]) -> tuple[Progress, list[np.ndarray]] | None:
        """Put the values of the latest checkpoint into `variables`; its progress, and the best epoch's weights.

        None, and nothing changed, where there is none. Before the first epoch has ended there are no best weights.
        """
        latest, best = (_read(self._folder / name, self._fingerprint) for name in (_LATEST, _BEST))
        if latest is None:
            return None
        values, said = latest
        progress = _progress(said)
        alike = [value.shape for value in values] == [tuple(variable.shape) for variable in variables]
        if progress is None or not alike or (progress.best and best is None):
            return None
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return progress, best[0] if best is not None and progress.best else []

    def clear(self) -> None:
        """Remove both files."""
        for name in (_LATEST, _BEST):
            (self._folder / name).unlink(missing_ok=True)


def _progress(said: dict[str, Any]) -> Progress | None:
    """The progress as it was written, None where an older version of ours wrote it."""
    try:
        epochs = tuple(Epoch(**epoch) for epoch in said.pop("epochs"))
        return Progress(**said, epochs=epochs)
    except (TypeError, KeyError):
        return None


def _write(path: Path, values: Sequence[np.ndarray], said: dict[str, Any]) -> None:
    arrays: Any = {f"{place:05}": value for place, value in enumerate(values)}
    with replacing(path) as beside, beside.open("wb") as file:
        np.savez(file, said=np.array(json.dumps(said)), **arrays)


def _read(path: Path, fingerprint: str) -> tuple[list[np.ndarray], dict[str, Any]] | None:
    try:
        with path.open("rb") as file, np.load(file) as stored:
            said = json.loads(str(stored["said"]))
            if said.pop("fingerprint") != fingerprint:
                return None
            return [stored[name] for name in sorted(stored.files) if name != "said"], said
    except (FileNotFoundError, BadZipFile, ValueError, KeyError, EOFError, TypeError, AttributeError):
        return None
