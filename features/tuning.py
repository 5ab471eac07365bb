"""The second phase of a classifier: trunk and head together, at a low rate."""

import keras
import numpy as np
import numpy.typing as npt

from core import batch_norm
from core.errors import ModelError
from core.images import Pixels
from core.predict import Photos
from features.params import ClassifierParams

_CALIBRATION_BATCHES = 16


class Batches(keras.utils.PyDataset):
    """Shuffled batches of (photos, class numbers), half of the photos mirrored, anew each epoch.

    Photos are RGB uint8 (n, size, size, 3). A last batch that is short is left out where there is a full one.

    Args:
        targets: (len(photos),) class numbers.
    """

    def __init__(self, photos: Photos, targets: npt.NDArray, params: ClassifierParams) -> None:
        super().__init__()
        self.photos = photos
        self.targets = targets
        self.size = params.size
        self.batch = min(params.batch, len(photos))
        self.rng = np.random.default_rng(params.seed)
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        self.order = self.rng.permutation(len(self.photos))
        self.mirrored = self.rng.random(len(self.photos)) < 0.5

    def __len__(self) -> int:
        return len(self.photos) // self.batch

    def __getitem__(self, step: int) -> tuple[Pixels, npt.NDArray]:
        rows = self.order[step * self.batch : (step + 1) * self.batch]
        pixels = self.photos.load(rows, self.size)
        mirrored = self.mirrored[rows]
        pixels[mirrored] = pixels[mirrored, :, ::-1]
        return pixels, self.targets[rows]


class Calibrate(keras.callbacks.Callback):
    """Measure the statistics of batch normalisation before each validation; the moving averages lag behind."""

    def __init__(self, batches: list[Pixels]) -> None:
        super().__init__()
        self.batches = batches

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        batch_norm.calibrate(self.model, self.batches)


def tune(
    model: keras.Model, train: Batches, val: tuple[Photos, npt.NDArray], params: ClassifierParams, least: float
) -> dict[str, list[float]]:
    """Train `model` in place from the layer `params.tune.start` on; the epoch of least loss on `val` stands.

    Where no epoch comes below `least`, the loss on `val` before, the model keeps the weights that it came with. With
    pretrained weights batch normalisation stays frozen, as is usual for small data; a random trunk learns it.
    Without `val` photos the last epoch stands.

    Returns:
        The history: `loss`, `accuracy` and, with `val` photos, `val_loss` and `val_accuracy` per epoch.

    Raises:
        ModelError: there is no such layer.
    """
    _freeze_before(model, params)
    model.compile(
        keras.optimizers.Adam(params.tune.learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    calibrate = Calibrate(calibration(train.photos, params))
    judged = len(val[1]) > 0
    before = model.get_weights()
    callbacks: list[keras.callbacks.Callback] = [calibrate]
    if judged:
        callbacks.append(keras.callbacks.EarlyStopping(patience=params.patience, restore_best_weights=True))
    fitted = model.fit(
        train,
        validation_data=(val[0].load(np.arange(len(val[0])), params.size), val[1]) if judged else None,
        validation_batch_size=params.batch,
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
    count = min(len(photos), _CALIBRATION_BATCHES * params.batch)
    rows = rng.choice(len(photos), count, replace=False)
    return [photos.load(some, params.size) for some in np.array_split(rows, max(1, count // params.batch))]


def _freeze_before(model: keras.Model, params: ClassifierParams) -> None:
    names = [layer.name for layer in model.layers]
    if params.tune.start not in names:
        raise ModelError(
            f"the trunk has no layer {params.tune.start} to start tuning at."
            f" Its first ones are {', '.join(names[2:8])}."
        )
    first = names.index(params.tune.start)
    for place, layer in enumerate(model.layers):
        pretrained_norm = isinstance(layer, keras.layers.BatchNormalization) and params.weights is not None
        layer.trainable = place >= first and not pretrained_norm
