"""The second phase of a classifier: trunk and head together, at a low rate that falls to nothing."""

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from core import batch_norm
from core.errors import ModelError
from core.images import Pixels
from core.predict import Photos
from features.batches import Batches, InOrder
from features.params import ClassifierParams

_CALIBRATION_BATCHES = 16


class Calibrate(keras.callbacks.Callback):
    """Measure the statistics of batch normalisation before each validation; the moving averages lag behind."""

    def __init__(self, batches: list[Pixels]) -> None:
        super().__init__()
        self.batches = batches

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        batch_norm.calibrate(self.model, self.batches)


class Bar(keras.callbacks.Callback):
    """A progress bar over the epochs of one phase of a classifier."""

    def __init__(self, phase: str, epochs: int) -> None:
        super().__init__()
        self._bar = tqdm(total=epochs, desc=phase, unit="epoch", delay=5)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._bar.set_postfix({name: f"{value:.3f}" for name, value in (logs or {}).items()}, refresh=False)
        self._bar.update()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._bar.close()


def tune(
    model: keras.Model, train: Batches, val: tuple[Photos, npt.NDArray], params: ClassifierParams, least: float
) -> dict[str, list[float]]:
    """Train `model` in place from the layer `params.tune.start` on; the epoch of least loss on `val` stands.

    Where no epoch comes below `least`, the loss on `val` before, the model keeps the weights that it came with. With
    pretrained weights batch normalisation stays frozen, as is usual for small data; a random trunk learns it.
    Without `val` photos the last epoch stands. The rate rises during the first epoch, so that the first steps do not
    undo the head, and then falls along a cosine (Loshchilov and Hutter 2017, SGDR).

    Returns:
        The history: `loss`, `accuracy` and, with `val` photos, `val_loss` and `val_accuracy` per epoch.
    """
    _freeze_before(model, params)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, (params.tune.epochs - 1) * len(train)),
        warmup_target=params.tune.learning_rate,
        warmup_steps=len(train),
    )
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", weighted_metrics=[], metrics=["accuracy"]
    )
    calibrate = Calibrate(calibration(train.photos, params))
    judged = len(val[1]) > 0
    before = model.get_weights()
    callbacks: list[keras.callbacks.Callback] = [calibrate, Bar("trunk and head", params.tune.epochs)]
    if judged:
        callbacks.append(keras.callbacks.EarlyStopping(patience=params.tune.patience, restore_best_weights=True))
    fitted = model.fit(
        train,
        validation_data=InOrder(*val, params.trunk.size, params.tune.batch) if judged else None,
        epochs=params.tune.epochs,
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    )
    if not judged:
        batch_norm.calibrate(model, calibrate.batches)
    elif min(fitted.history["val_loss"]) >= least:
        model.set_weights(before)
    return {name: [float(value) for value in values] for name, values in fitted.history.items()}


def calibration(photos: Photos, params: ClassifierParams) -> list[Pixels]:
    """Batches of randomly drawn photos, RGB uint8, that set the statistics of batch normalisation."""
    rng = np.random.default_rng(params.seed)
    batch = params.head.batch
    count = min(len(photos), _CALIBRATION_BATCHES * batch)
    rows = rng.choice(len(photos), count, replace=False)
    return [photos.load(some, params.trunk.size) for some in np.array_split(rows, max(1, count // batch))]


def check_start(trunk: keras.Model, params: ClassifierParams) -> None:
    """See that the trunk has the layer to start tuning at, before anything is computed.

    Raises:
        ModelError: there is no such layer.
    """
    names = [layer.name for layer in trunk.layers[2:-1]]  # without the photos, their preprocessing and the pooling
    if params.tune.start not in names:
        raise ModelError(
            f"the trunk has no layer {params.tune.start} up to its tap {params.trunk.tap} to start tuning at."
            f" Its first ones are {', '.join(names[:6])}, its last ones {', '.join(names[-3:])}."
        )


def _freeze_before(model: keras.Model, params: ClassifierParams) -> None:
    first = [layer.name for layer in model.layers].index(params.tune.start)
    for place, layer in enumerate(model.layers):
        pretrained_norm = isinstance(layer, keras.layers.BatchNormalization) and params.trunk.weights is not None
        layer.trainable = place >= first and not pretrained_norm
