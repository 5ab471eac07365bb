"""Train a network on triplets, and keep the weights of its best epoch on val."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import keras
import numpy as np
import numpy.typing as npt

from core import batch_norm, models
from core.errors import MildnetError
from core.predict import StoredPhotos, predict
from train import architectures, losses, watch
from train.batches import Batch, TripletBatches
from train.checkpoint import Checkpoints, Epoch, Progress
from train.material import Material
from train.optimizers import optimizer
from train.pace import Pace
from train.params import FitParams
from train.step import trainer

_CALIBRATION = 8  # batches of training photos, without augmentation, that set the statistics of batch normalisation


@dataclass(frozen=True)
class Trained:
    """The epochs of a training, the number (from 1) of the one whose weights stand, and the speed of its steps."""

    epochs: tuple[Epoch, ...]
    best: int
    photos_per_second: float


def start(params: FitParams, material: Material) -> keras.Model:
    """The network before training. A random trunk is given the batch statistics of training photos.

    Raises:
        ModelError: the network cannot be built.
    """
    models.seed(params.seed)
    model = architectures.build(
        params.architecture,
        size=params.size,
        weights=params.weights,
        preprocessing=params.preprocessing,
        units=params.units,
        hidden=params.hidden,
        dropout=params.dropout,
        taps=params.taps,
        frozen=params.frozen,
    )
    if params.weights is None:
        _calibrate(model, params, material)
    return model


def train(
    model: keras.Model,
    params: FitParams,
    material: Material,
    *,
    workers: int,
    checkpoints: Checkpoints | None = None,
    report: Callable[[Sequence[Epoch]], None] = lambda epochs: None,
) -> Trained:
    """Train `model` in place and leave it with the weights of its best epoch on val.

    The best has the highest triplet accuracy, averaged over the kinds; of equals the one of less loss. Without val
    triplets the last epoch stands. After each epoch the statistics of batch normalisation are measured anew: the
    moving averages lag behind weights that change fast.

    Args:
        checkpoints: where the training goes on from, and what it writes as it goes.
        report: is given the epochs that a resumed training has behind it, and then each as it ends.

    Raises:
        ModelError: the loss became not finite, or the embeddings collapsed.
    """
    loss = losses.build(params.loss, params.margin, params.mining, degrees=params.degrees, weight=params.weight)
    order = material.order(params)
    step = trainer(model, loss, optimizer(params, order.steps * params.epochs))
    progress, kept = _resumed(step, model, checkpoints)
    report(progress.epochs)
    pace = Pace()
    for number in range(progress.epoch, params.epochs + 1):
        batches = material.batches(params, order, number, workers=workers)
        means, progress = _one_epoch(step, batches, params, checkpoints, progress, pace)
        _calibrate(model, params, material)
        epoch = _judged(model, loss, params, material, number, means)
        progress = progress.ended(epoch)
        if progress.best == number:
            kept = model.get_weights()
        if checkpoints is not None:
            if progress.best == number:
                checkpoints.save_best(kept)
            checkpoints.save(_state(step), progress)
        report([epoch])
    model.set_weights(kept)
    return Trained(progress.epochs, progress.best, pace.photos_per_second)


def _resumed(
    step: keras.Model, model: keras.Model, checkpoints: Checkpoints | None
) -> tuple[Progress, list[npt.NDArray]]:
    """Where the training goes on, with the weights of the best epoch so far."""
    found = None if checkpoints is None else checkpoints.restore(_state(step))
    progress, best = found or (Progress(), [])
    return progress, best or model.get_weights()


def _state(step: keras.Model) -> list[keras.Variable]:
    """All that a step changes: weights, statistics, the states of random draws, the optimizer's."""
    return [*step.variables, *step.optimizer.variables]


def _one_epoch(
    step: keras.Model,
    batches: TripletBatches,
    params: FitParams,
    checkpoints: Checkpoints | None,
    progress: Progress,
    pace: Pace,
) -> tuple[dict[str, float], Progress]:
    """Train what is left of the epoch at which `progress` stands: its mean figures, and the progress at its end."""
    part = params.checkpoint or len(batches)
    with closing(watch.Bar(progress.epoch, len(batches), params, done=progress.step)) as bar:
        while progress.step < len(batches):
            first, last = progress.step, min(progress.step + part, len(batches))
            began = time.perf_counter()
            with closing(batches.ahead(first, last)) as ready:
                means = _trained_on(step, ready, last - first, bar)
            pace.add((last - first) * batches.order.photos, time.perf_counter() - began)
            sums = {name: progress.sums.get(name, 0.0) + (last - first) * mean for name, mean in means.items()}
            progress = replace(progress, step=last, sums=sums)
            if checkpoints is not None and last < len(batches):
                checkpoints.save(_state(step), progress)
    means = {name: value / len(batches) for name, value in progress.sums.items()}
    return {**means, "decoded": batches.decoded}, progress


def _trained_on(step: keras.Model, batches: Iterator[Batch], count: int, bar: watch.Bar) -> dict[str, float]:
    """The mean figures of `count` steps."""
    failed: list[MildnetError] = []

    def told() -> Iterator[Batch]:
        try:
            yield from batches
        except MildnetError as error:
            failed.append(error)
            raise

    try:
        logs = step.fit(told(), steps_per_epoch=count, epochs=1, verbose=0, shuffle=False, callbacks=[bar]).history
    except Exception as error:
        # What a batch raises comes out of TensorFlow as an error of its own.
        if failed and not isinstance(error, MildnetError):
            raise failed[0] from error
        raise
    return {name: values[-1] for name, values in logs.items()}


def _judged(
    model: keras.Model,
    loss: losses.TripletLoss,
    params: FitParams,
    material: Material,
    number: int,
    means: dict[str, float],
) -> Epoch:
    val = material.val
    watched = val.photos.image_id if len(val.triplets) else _sample(params, material)
    embeddings = predict(model, StoredPhotos(material.store, watched), batch=3 * params.batch, label="val")
    watch.check_health(embeddings, number, means["loss"], params)
    judged = watch.judge(embeddings, val, loss, params) if len(val.triplets) else None
    return Epoch(
        epoch=number,
        embedding_std=watch.spread(embeddings) / embeddings.shape[1] ** 0.5,
        val_loss=judged.loss if judged else None,
        val_accuracy=judged.accuracy if judged else {},
        **means,
    )


def _sample(params: FitParams, material: Material) -> npt.NDArray:
    """Training photos, the same ones every time, in random order: as many as `_CALIBRATION` batches hold."""
    photos = material.training.photos.image_id
    count = min(len(photos), _CALIBRATION * 3 * params.batch)
    # Ids run by product and partition, and a batch of one sort of garment is no sample.
    return np.random.default_rng(params.seed).choice(photos, count, replace=False)


def _calibrate(model: keras.Model, params: FitParams, material: Material) -> None:
    sample = _sample(params, material)
    batches = np.array_split(sample, -(-len(sample) // (3 * params.batch)))
    batch_norm.calibrate(model, (material.store.square(batch, params.size) for batch in batches))
