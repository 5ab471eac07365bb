"""How training goes: the loss and the accuracy on val, and the two ways in which it breaks."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from core.errors import ModelError
from core.similarity import Floats
from core.tables import KINDS, Triplets
from train import metrics
from train.losses import TripletLoss, distance, squared_distances
from train.params import FitParams

# Root mean squared distance from the mean embedding, of a possible 1, that counts as collapsed. Untrained networks
# start at 0.15 to 0.6; one that hinge loss has pressed to its margin stands at 0.02 to 0.05.
_SPREAD = 0.05
_CHUNK = 4096  # triplets


def training_metrics(loss: TripletLoss) -> list[keras.metrics.Metric]:
    """Measured on each training batch: the share of active triplets, mean D(q,p) and mean D(q,n)."""

    def positive(y_true: Any, y_pred: Any) -> Any:
        return distance(squared_distances(y_pred)[0])

    def negative(y_true: Any, y_pred: Any) -> Any:
        return distance(squared_distances(y_pred)[1])

    mean = keras.metrics.MeanMetricWrapper
    return [mean(loss.active, name="active"), mean(positive, name="d_positive"), mean(negative, name="d_negative")]


@dataclass(frozen=True)
class Judged:
    """Val triplets under one state of the network: mean loss, and accuracy per kind that occurs."""

    loss: float
    accuracy: dict[str, float]


def judge(embeddings: Floats, places: np.ndarray, kinds: np.ndarray, loss: TripletLoss) -> Judged:
    """Loss and accuracy of triplets given as rows `places` (n, 3) of `embeddings`, n at least 1."""
    losses, positive, negative = [], [], []
    for start in range(0, len(places), _CHUNK):
        batch = embeddings[places[start : start + _CHUNK].reshape(-1)]  # (3 x triplets, d)
        losses.append(ops.convert_to_numpy(loss.call(None, ops.convert_to_tensor(batch))))
        near, far = squared_distances(ops.convert_to_tensor(batch))
        positive.append(ops.convert_to_numpy(near))
        negative.append(ops.convert_to_numpy(far))
    near, far = np.concatenate(positive), np.concatenate(negative)
    accuracy = {
        kind: metrics.triplet_accuracy(near[kinds == kind], far[kinds == kind])[0]
        for kind in KINDS
        if (kinds == kind).any()
    }
    return Judged(float(np.mean(np.concatenate(losses), dtype=np.float64)), accuracy)


def rows_of(triplets: Triplets, image_ids: np.ndarray) -> np.ndarray:
    """Where the photos of each triplet stand in sorted `image_ids`: (n, 3)."""
    ids = np.stack([triplets.query_id, triplets.positive_id, triplets.negative_id], axis=1)
    return np.searchsorted(image_ids, ids)


def spread(embeddings: Floats) -> float:
    """Root mean squared distance from the mean embedding: 0 when all coincide, near 1 when all directions occur."""
    return float(np.sqrt(embeddings.var(axis=0, dtype=np.float64).sum()))


def check_health(embeddings: Floats, epoch: int, loss: float, params: FitParams) -> None:
    """Refuse embeddings (n, d) that are not finite, coincide, or are mostly zero.

    Raises:
        ModelError: it names the parameters to change.
    """
    if not np.isfinite(embeddings).all():
        raise ModelError(
            f"the embeddings are not finite after epoch {epoch}."
            f" Lower train.fit.learning_rate (now {params.learning_rate:g})."
        )
    zeros = float(np.mean(~embeddings.any(axis=1)))
    if spread(embeddings) < _SPREAD or zeros > 0.5:
        width = embeddings.shape[1]
        raise ModelError(
            f"the embeddings collapsed in epoch {epoch}: std {spread(embeddings) / width**0.5:.2g}, healthy is about"
            f" {width**-0.5:.2g}; {zeros:.0%} are all zero; {params.loss} loss {loss:.3g} at margin {params.margin:g}."
            f" Lower train.fit.learning_rate (now {params.learning_rate:g}) or train.fit.margin."
        )


class Progress(keras.callbacks.Callback):
    """One bar per epoch; a loss that is not finite stops the training at once."""

    def __init__(self, epoch: int, steps: int, params: FitParams) -> None:
        super().__init__()
        self._epoch = epoch
        self._fit = params
        self._bar = tqdm(total=steps, desc=f"epoch {epoch}/{params.epochs}", unit="batch", delay=2)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = (logs or {})["loss"]
        if not np.isfinite(loss):
            self._bar.close()
            raise ModelError(
                f"the loss became {loss} in epoch {self._epoch}, batch {batch + 1}."
                f" Lower train.fit.learning_rate (now {self._fit.learning_rate:g})."
            )
        self._bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        self._bar.update()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._bar.close()
