"""Fit a classifier on a trunk; its last hidden layer is a descriptor.

First the head alone, on pooled trunk features that are computed once; then, where asked for, trunk and
head together. The head ends in a normalised softmax (Zhai and Wu 2019, arXiv 1811.12649): classes are
compared with the unit-length descriptor by cosine, so that the space is shaped in the metric in which
neighbours are sought.
"""

from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from core import batch_norm, models, trunks
from core.errors import InputError
from core.predict import predict
from core.similarity import Floats
from features.labels import Labelled
from features.params import ClassifierParams
from features.tuning import Batches, calibration, tune

DESCRIPTOR = "descriptor"


@dataclass(frozen=True)
class Fitted:
    """The classifier, photo to class probabilities; its classes in output order; the losses and accuracies."""

    model: keras.Model
    classes: tuple[str, ...]
    history: dict[str, list[float]]
    metrics: dict[str, float | int]


def fit(train: Labelled, val: Labelled, test: Labelled, params: ClassifierParams) -> Fitted:
    """Train on `train`, stop where the loss on `val` is lowest, measure on `test`.

    Photos of `val` and `test` whose class `train` lacks are left out. Without `val` photos the last epoch stands.

    Raises:
        InputError: `train` has fewer than two classes.
        ModelError: the trunk, the tap or the weights cannot be used.
    """
    classes = tuple(sorted(set(train.labels)))
    if len(classes) < 2:
        raise InputError(
            f"a classifier needs two classes to tell apart, the training split has {len(classes)}"
            f" ({', '.join(classes) or 'none'}). Add rows, or map another column."
        )
    models.seed(params.seed)
    pooled = _pooled_trunk(params)
    parts = [_known(part, classes) for part in (train, val, test)]
    if params.weights is None:
        batch_norm.calibrate(pooled, calibration(parts[0].photos, params))
    features = [predict(pooled, part.photos, batch=params.batch, label="trunk") for part in parts[:2]]
    targets = [np.searchsorted(classes, part.labels) for part in parts]
    head = _head(features[0], len(classes), params)
    history = _train(head, (features[0], targets[0]), (features[1], targets[1]), params)
    model = _joined(pooled, head)
    if params.tune.epochs:
        least = min(history.get("val_loss", [np.inf]))
        batches = Batches(parts[0].photos, targets[0], params)
        tuned = tune(model, batches, (parts[1].photos, targets[1]), params, least)
        history = {name: values + tuned[name] for name, values in history.items()}
    metrics: dict[str, float | int] = {"classes": len(classes), "epochs": len(history["loss"])}
    for name, part, wanted in zip(("train", "val", "test"), parts, targets, strict=True):
        metrics[f"{name}_photos"] = len(wanted)
        if len(wanted):
            guesses = predict(model, part.photos, batch=params.batch, label=name).argmax(axis=1)
            metrics[f"{name}_accuracy"] = float(np.mean(guesses == wanted))
    return Fitted(model, classes, history, metrics)


def descriptor(model: keras.Model) -> keras.Model:
    """The part of a fitted classifier that maps photos to descriptors, (n, width) float32."""
    return keras.Model(model.input, model.get_layer(DESCRIPTOR).output)


def _pooled_trunk(params: ClassifierParams) -> keras.Model:
    trunk = trunks.build(params.trunk, size=params.size, weights=params.weights)
    (tap,) = trunks.tapped(trunk, (params.tap,))
    return keras.Model(trunk.input, keras.layers.GlobalAveragePooling2D(name="pooled")(tap))


def _known(part: Labelled, classes: tuple[str, ...]) -> Labelled:
    rows = np.flatnonzero(np.isin(part.labels, classes))
    return Labelled(part.photos.take(rows), part.labels[rows])


def _head(features: Floats, classes: int, params: ClassifierParams) -> keras.Model:
    inputs = keras.Input(features.shape[1:])
    # A variance below this is a channel that is silent on this catalog; dividing by it would amplify noise.
    variance = features.var(axis=0) + 1e-6
    hidden = keras.layers.Normalization(mean=features.mean(axis=0), variance=variance, name="standardized")(inputs)
    hidden = keras.layers.Dropout(params.dropout, seed=params.seed)(hidden)
    hidden = keras.layers.Dense(params.width, activation="relu", name=DESCRIPTOR)(hidden)
    cosines = keras.layers.Dense(
        classes, use_bias=False, kernel_constraint=keras.constraints.UnitNorm(axis=0), name="cosines"
    )(keras.layers.UnitNormalization(name="unit")(hidden))
    scaled = keras.layers.Rescaling(params.scale, name="scale")(cosines)
    return keras.Model(inputs, keras.layers.Softmax(name="probabilities")(scaled))


def _train(
    head: keras.Model, train: tuple[Floats, npt.NDArray], val: tuple[Floats, npt.NDArray], params: ClassifierParams
) -> dict[str, list[float]]:
    head.compile(keras.optimizers.Adam(params.learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    judged = len(val[1]) > 0
    stop = keras.callbacks.EarlyStopping(patience=params.patience, restore_best_weights=True)
    fitted = head.fit(
        *train,
        validation_data=val if judged else None,
        epochs=params.epochs,
        batch_size=params.batch,
        callbacks=[stop] if judged else [],
        verbose=0,
    )
    return {name: [float(value) for value in values] for name, values in fitted.history.items()}


def _joined(pooled: keras.Model, head: keras.Model) -> keras.Model:
    # Copies of the head's layers, so that each has one output and `get_layer` is unambiguous.
    output = pooled.output
    for layer in head.layers[1:]:
        copied = layer.__class__.from_config(layer.get_config())
        output = copied(output)
        copied.set_weights(layer.get_weights())
    return keras.Model(pooled.input, output)
