"""What a classifier is judged by: its guesses against the labels, over all photos, by source and by class."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.rows import Rows
from core.similarity import Floats

Counts = npt.NDArray[np.int64]

_TOP = 3  # guesses that may hold the class; measured where there are more classes


@dataclass(frozen=True)
class Guesses:
    """The classifier's guesses for n photos.

    `true` (n,) numbers their classes, -1 for a class that was not learnt; `probabilities` is (n, classes) float32;
    `sources` (n,) says what told the class, such as `labels` or `rendered`.
    """

    true: Counts
    probabilities: Floats
    sources: npt.NDArray

    def take(self, rows: npt.NDArray) -> "Guesses":
        """Those given by indices or by a boolean mask."""
        return Guesses(self.true[rows], self.probabilities[rows], self.sources[rows])

    def known(self) -> "Guesses":
        """Those whose class was learnt: the others cannot be judged."""
        return self.take(self.true >= 0)

    def best(self) -> Counts:
        """The most probable class of each photo, (n,)."""
        return self.probabilities.argmax(axis=1)


def scores(guesses: Guesses, common: int) -> dict[str, Any]:
    """Nested numbers for `dvc metrics`, over all photos and, where there are several, by source.

    `baseline` is the accuracy of the guess `common`, the most common training class, for every photo. `left_out`
    photos have a class that was not learnt. Balanced accuracy is the mean recall, macro F1 the mean F1, of the
    classes that occur. What is not defined, such as an accuracy of no photos, is absent.
    """
    known = guesses.known()
    found: dict[str, Any] = {"left_out": len(guesses.true) - len(known.true), **_scores(known, common)}
    sources = sorted(set(known.sources.tolist()))
    if len(sources) > 1:
        found["sources"] = {source: _scores(known.take(known.sources == source), common) for source in sources}
    return found


def _scores(known: Guesses, common: int) -> dict[str, float | int]:
    from sklearn import metrics

    if not len(known.true):
        return {"photos": 0}
    # A float32 softmax sums to 1 only nearly, and a probability of 0 is one that float32 does not hold.
    probabilities = np.maximum(known.probabilities.astype(np.float64), np.finfo(np.float32).eps)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    best, occurring, classes = known.best(), np.unique(known.true), np.arange(probabilities.shape[1])
    mean = {"labels": occurring, "average": "macro", "zero_division": 0}
    found = {
        "photos": len(known.true),
        "baseline": float(np.mean(known.true == common)),
        "accuracy": float(metrics.accuracy_score(known.true, best)),
        "balanced_accuracy": float(metrics.recall_score(known.true, best, **mean)),
        "macro_f1": float(metrics.f1_score(known.true, best, **mean)),
        "log_loss": float(metrics.log_loss(known.true, probabilities, labels=classes)),
    }
    if len(classes) > _TOP:
        top = metrics.top_k_accuracy_score(known.true, probabilities, k=_TOP, labels=classes)
        found[f"top_{_TOP}_accuracy"] = float(top)
    return found


def by_class(guesses: Guesses, names: tuple[str, ...]) -> dict[str, dict[str, float | int]]:
    """Photos, precision and recall of each class; without photos no recall, and without guesses no precision."""
    counts = confusion(guesses, len(names))
    found: dict[str, dict[str, float | int]] = {}
    for number, name in enumerate(names):
        photos, guessed, right = int(counts[number].sum()), int(counts[:, number].sum()), int(counts[number, number])
        found[name] = {"photos": photos}
        if guessed:
            found[name]["precision"] = right / guessed
        if photos:
            found[name]["recall"] = right / photos
    return found


def confusion(guesses: Guesses, classes: int) -> Counts:
    """How many photos of each class (row) were guessed to be each (column): (classes, classes)."""
    known = guesses.known()
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (known.true, known.best()), 1)
    return counts


def confusion_rows(guesses: Guesses, names: tuple[str, ...]) -> Rows:
    """A header and a row per photo, its actual and its predicted class, as the `confusion` plot of DVC reads them."""
    known = guesses.known()
    pairs = zip(known.true.tolist(), known.best().tolist(), strict=True)
    return [["actual", "predicted"], *([names[true], names[best]] for true, best in pairs)]
