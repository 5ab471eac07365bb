"""The step of a training: each photo goes through the network once, whichever triplets it stands in."""

import keras

from train.losses import TripletLoss
from train.watch import training_metrics


def trainer(model: keras.Model, loss: TripletLoss, optimizer: keras.optimizers.Optimizer) -> keras.Model:
    """A compiled network about `model` that learns from batches of `train.batches`; it shares the weights of `model`.

    It takes photos (p, size, size, 3) and places (3 x batch,), and gives the embeddings (3 x batch, d) of the
    photos at those places: rows q, p, n, q, p, n, ... Whether XLA compiles it is Keras' choice, by the device; under
    deterministic operations TensorFlow runs without it.
    """
    photos = keras.Input(model.input_shape[1:], name="photos")
    places = keras.Input((), dtype="int32", name="places")
    rows = keras.layers.Lambda(_rows, output_shape=model.output_shape[1:], dtype="float32")
    step = keras.Model([photos, places], rows([model(photos), places]), name="trainer")
    step.compile(optimizer, loss=loss, metrics=training_metrics(loss))
    step.optimizer.build(step.trainable_variables)
    return step


def _rows(both: list[keras.KerasTensor]) -> keras.KerasTensor:
    embeddings, places = both
    return keras.ops.take(embeddings, places, axis=0)
