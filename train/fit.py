"""Train a MILDNet on triplets, and keep the weights of its best epoch on val."""

from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from core import batch_norm, models
from core.errors import InputError
from core.images import PixelStore
from core.predict import StoredPhotos, predict
from core.tables import Triplets
from train import architectures, watch
from train.batches import TripletBatches
from train.losses import LOSSES
from train.params import FitParams

_CALIBRATION = 8  # batches of training photos, without augmentation, that set the statistics of batch normalisation


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave. The val figures are None and {} where there are no val triplets.

    `loss`, `active` (share of triplets), `d_positive` and `d_negative` are means over the training batches, with
    augmentation and dropout; `embedding_std` is that of one dimension, healthy is about 1 / sqrt(units).
    """

    epoch: int
    loss: float
    active: float
    d_positive: float
    d_negative: float
    embedding_std: float
    val_loss: float | None
    val_accuracy: dict[str, float]


def start(params: FitParams, triplets: Triplets, store: PixelStore) -> keras.Model:
    """The network before training. A random trunk is given the batch statistics of training photos.

    Raises:
        InputError: no training triplets.
        ModelError: the network cannot be built.
    """
    training = _of(triplets, "train")
    models.seed(params.seed)
    model = architectures.build(
        params.architecture,
        size=params.size,
        weights=params.weights,
        preprocessing=params.preprocessing,
        units=params.units,
        dropout=params.dropout,
    )
    if params.weights is None:
        _calibrate(model, params, training, store)
    return model


def train(
    model: keras.Model, params: FitParams, triplets: Triplets, store: PixelStore, *, workers: int
) -> tuple[list[Epoch], int]:
    """Train `model` in place and leave it with the weights of its best epoch, the one of least loss on val.

    Without val triplets the last epoch stands. After each epoch the statistics of batch normalisation are measured
    anew: the moving averages lag behind weights that change fast. q, p and n go through the network in one batch.

    Returns:
        The epochs, and the number (from 1) of the one whose weights stand.

    Raises:
        InputError: no training triplets.
        ModelError: the loss became not finite, or the embeddings collapsed.
    """
    training, val = _of(triplets, "train"), _of(triplets, "val")
    ids = np.stack([training.query_id, training.positive_id, training.negative_id], axis=1)
    loss = LOSSES[params.loss](params.margin)
    # JIT stays Keras' choice; under deterministic operations TensorFlow runs without it.
    model.compile(
        keras.optimizers.SGD(params.learning_rate, momentum=params.momentum, nesterov=True),
        loss=loss,
        metrics=watch.training_metrics(loss),
    )
    watched = _photos(val) if len(val) else _sample(params, training)
    places = watch.rows_of(val, watched)
    epochs: list[Epoch] = []
    best, least, kept = 0, np.inf, model.get_weights()
    for number in range(1, params.epochs + 1):
        batches = TripletBatches(
            ids,
            store,
            size=params.size,
            batch=params.batch,
            steps=params.steps,
            seed=params.seed,
            epoch=number,
            workers=workers,
        )
        progress = watch.Progress(number, len(batches), params)
        logs = model.fit(batches, epochs=1, verbose=0, shuffle=False, callbacks=[progress]).history
        means = {name: values[-1] for name, values in logs.items()}
        _calibrate(model, params, training, store)
        embeddings = predict(model, StoredPhotos(store, watched), batch=3 * params.batch, label="val")
        watch.check_health(embeddings, number, means["loss"], params)
        judged = watch.judge(embeddings, places, val.kind, loss) if len(val) else None
        epochs.append(
            Epoch(
                epoch=number,
                embedding_std=watch.spread(embeddings) / params.units**0.5,
                val_loss=judged.loss if judged else None,
                val_accuracy=judged.accuracy if judged else {},
                **means,
            )
        )
        if judged is None or judged.loss < least:
            best, least, kept = number, judged.loss if judged else np.inf, model.get_weights()
    model.set_weights(kept)
    return epochs, best


def _of(triplets: Triplets, split: str) -> Triplets:
    chosen = triplets.take(triplets.split == split)
    if split == "train" and not len(chosen):
        raise InputError(
            f"none of the {len(triplets)} triplets is of the split train."
            " Lower triplets.mine.gap or triplets.mine.margin, or add photos."
        )
    return chosen


def _photos(triplets: Triplets) -> npt.NDArray:
    return np.unique(np.concatenate([triplets.query_id, triplets.positive_id, triplets.negative_id]))


def _sample(params: FitParams, training: Triplets) -> npt.NDArray:
    """Training photos, the same ones every time, sorted: as many as `_CALIBRATION` batches hold."""
    photos = _photos(training)
    count = min(len(photos), _CALIBRATION * 3 * params.batch)
    return np.sort(np.random.default_rng(params.seed).choice(photos, count, replace=False))


def _calibrate(model: keras.Model, params: FitParams, training: Triplets, store: PixelStore) -> None:
    # Shuffled: sorted ids run by product and partition, and a batch of one sort of garment is no sample.
    sample = np.random.default_rng(params.seed).permutation(_sample(params, training))
    batches = np.array_split(sample, -(-len(sample) // (3 * params.batch)))
    batch_norm.calibrate(model, (store.square(batch, params.size) for batch in batches))
