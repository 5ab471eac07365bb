"""How training goes: the loss and the accuracy on val, and the two ways in which it breaks."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from core.errors import ModelError
from core.similarity import Floats
from core.tables import KINDS
from train import metrics
from train.losses import LOSSES, TripletLoss, distance, squared_distances
from train.material import Side
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


def judge(embeddings: Floats, val: Side, loss: TripletLoss, params: FitParams) -> Judged:
    """Loss, over batches of the training's size, and accuracy of the triplets of `val`, at least one.

    Args:
        embeddings: of the photos of `val`, (m, d).
    """
    rng = np.random.default_rng(params.seed)
    order = rng.permutation(len(val.triplets))
    losses = []
    for start in range(0, len(order), params.batch):
        rows = order[start : start + params.batch]
        batch = embeddings[val.photos.rows[rows].reshape(-1)]  # (3 x triplets, d)
        told = ops.convert_to_tensor(val.told(rows, rng))
        losses.append(ops.convert_to_numpy(loss.call(told, ops.convert_to_tensor(batch))))
    near, far = _pairs(embeddings, val.photos.rows)
    kinds = val.triplets.kind
    accuracy = {
        kind: metrics.triplet_accuracy(near[kinds == kind], far[kinds == kind])[0]
        for kind in KINDS
        if (kinds == kind).any()
    }
    return Judged(float(np.mean(np.concatenate(losses), dtype=np.float64)), accuracy)


def _pairs(embeddings: Floats, places: np.ndarray) -> tuple[Floats, Floats]:
    """D(q,p)^2 and D(q,n)^2, (n,) each, of triplets given as rows `places` (n, 3) of `embeddings`."""
    parts = [
        squared_distances(ops.convert_to_tensor(embeddings[places[start : start + _CHUNK].reshape(-1)]))
        for start in range(0, len(places), _CHUNK)
    ]
    near, far = (np.concatenate([ops.convert_to_numpy(part) for part in side]) for side in zip(*parts, strict=True))
    return near, far


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
        lower = " or train.fit.margin" if "margin" in LOSSES[params.loss].options else ""
        raise ModelError(
            f"the embeddings collapsed in epoch {epoch}: std {spread(embeddings) / width**0.5:.2g}, healthy is about"
            f" {width**-0.5:.2g}; {zeros:.0%} are all zero; {params.loss} loss {loss:.3g}."
            f" Lower train.fit.learning_rate (now {params.learning_rate:g}){lower}."
        )


class Bar(keras.callbacks.Callback):
    """One bar per epoch, which may be trained in several parts; a loss that is not finite stops the training at once.

    Args:
        steps: batches of the epoch.
        done: how many of them are behind a resumed training.
    """

    def __init__(self, epoch: int, steps: int, params: FitParams, done: int) -> None:
        super().__init__()
        self._epoch = epoch
        self._fit = params
        self._bar = tqdm(total=steps, initial=done, desc=f"epoch {epoch}/{params.epochs}", unit="batch", delay=2)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = float((logs or {})["loss"])
        if not np.isfinite(loss):
            raise ModelError(
                f"the loss became {loss} in epoch {self._epoch}, batch {self._bar.n + 1}."
                f" Lower train.fit.learning_rate (now {self._fit.learning_rate:g})."
            )
        self._bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        self._bar.update()

    def close(self) -> None:
        """End the bar."""
        self._bar.close()
