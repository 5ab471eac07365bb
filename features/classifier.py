"""Fit a classifier on a trunk; its last hidden layer is a descriptor.

First the head alone, on pooled trunk features that are computed once; then, where asked for, trunk and
head together.
"""

from dataclasses import dataclass, replace

import keras
import numpy as np
import numpy.typing as npt

from core import batch_norm, models
from core.errors import ModelError
from core.similarity import Floats
from features import classes, head, pooled, tuning
from features.batches import Batches
from features.cache import FeatureCache
from features.classes import Classes
from features.judged import Guesses
from features.labels import Labelled
from features.params import ClassifierParams, TrunkParams
from features.tuning import Bar, calibration, tune

History = dict[str, list[float]]


@dataclass(frozen=True)
class Fitted:
    """The classifier, photo to class probabilities; its classes; the losses per epoch; its guesses by split.

    `untuned` is what the feature cache knows the outputs of the trunk by that the head was first fitted on.
    """

    model: keras.Model
    classes: Classes
    history: History
    guesses: dict[str, Guesses]
    untuned: str


def fit(
    labelled: dict[str, Labelled], params: ClassifierParams, cache: FeatureCache, other: TrunkParams | None = None
) -> Fitted:
    """Train on the split `train`, stop where the loss on `val` is lowest, guess all three splits.

    Without `val` photos the last epoch stands. Photos whose class `train` lacks count for nothing where there is no
    class `rest`.

    Args:
        other: the trunk of the other classifier; where it is the same network with the same weights, its tap is
            pooled in the same pass and kept in `cache`.

    Raises:
        InputError: `train` has fewer than two classes.
        ModelError: the trunk, the tap, the layer to start tuning at or the weights cannot be used.
    """
    learnt = classes.learnt(labelled["train"].labels, params.classes.least)
    models.seed(params.seed)
    trunks_ = pooled.build(params.trunk, *_also(params.trunk, other))
    trunk = trunks_[0]
    if params.tune.epochs:
        tuning.check_start(trunk, params)
    numbers = {split: learnt.numbers(part.labels) for split, part in labelled.items()}
    if params.trunk.weights is None:
        batch_norm.calibrate(trunk, calibration(labelled["train"].photos, params))
    features = {
        split: pooled.values(trunks_, part.photos, label=f"trunk, {split}", cache=cache)[0]
        for split, part in labelled.items()
    }
    if features["train"].var(axis=0).max() < head.LEAST_VARIANCE:
        raise ModelError(
            f"the layer {params.trunk.tap} of {params.trunk.name} says the same of every photo."
            " Tap another one; docs/descriptors.md lists good ones."
        )
    untuned = pooled.maker(trunk, params.trunk.view)
    weights = classes.weights(numbers["train"], params.classes.balance)
    untrained = head.build(features["train"], len(learnt.names), params.head, params.seed)
    known = np.flatnonzero(numbers["val"] >= 0)
    val = features["val"][known], numbers["val"][known]
    history = _train(untrained, (features["train"], numbers["train"], weights), val, params)
    if not np.isfinite(history["loss"]).all():
        raise ModelError(
            f"the loss became infinite in epoch {1 + int(np.isfinite(history['loss']).argmin())} of the head."
            f" Lower head.learning_rate, which is {params.head.learning_rate}."
        )
    model = head.joined(trunk, untrained)
    if params.tune.epochs:
        least = min(history.get("val_loss", [np.inf]))
        batches = Batches(labelled["train"].photos, numbers["train"], weights, params)
        tuned = tune(model, batches, (labelled["val"].photos.take(known), val[1]), params, least)
        history = {name: values + tuned[name] for name, values in history.items()}
    guesses = {
        split: Guesses(
            numbers[split],
            head.probabilities(model, part.photos, cache=cache),
            part.source,
        )
        for split, part in labelled.items()
    }
    # Without the optimizer, whose state would be two thirds of the file.
    return Fitted(keras.Model(model.input, model.output), learnt, history, guesses, untuned)


def _also(params: TrunkParams, other: TrunkParams | None) -> tuple[str, ...]:
    """The tap of the other classifier, where its trunk is the same network."""
    # Random weights are calibrated on the photos of their own classifier, so no two such trunks are the same.
    if other is None or other == params or params.weights is None or replace(other, tap=params.tap) != params:
        return ()
    return (other.tap,)


def _train(
    model: keras.Model,
    train: tuple[Floats, npt.NDArray[np.int64], Floats],
    val: tuple[Floats, npt.NDArray[np.int64]],
    params: ClassifierParams,
) -> History:
    model.compile(
        keras.optimizers.Adam(params.head.learning_rate),
        "sparse_categorical_crossentropy",
        weighted_metrics=[],
        metrics=["accuracy"],
    )
    judged = len(val[1]) > 0
    callbacks: list[keras.callbacks.Callback] = [Bar("head", params.head.epochs)]
    if judged:
        callbacks.append(keras.callbacks.EarlyStopping(patience=params.head.patience, restore_best_weights=True))
    features, numbers, weights = train
    fitted = model.fit(
        features,
        numbers,
        sample_weight=weights,
        validation_data=val if judged else None,
        epochs=params.head.epochs,
        batch_size=params.head.batch,
        callbacks=callbacks,
        verbose=0,
    )
    return {name: [float(value) for value in values] for name, values in fitted.history.items()}
