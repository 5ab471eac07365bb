"""The head of a classifier: from pooled trunk features to the descriptor, and on to the classes.

It ends in a normalised softmax (Zhai and Wu 2019, arXiv 1811.12649): classes are compared with the unit-length
descriptor by cosine, so that the space is shaped in the metric in which neighbours are sought.
"""

import keras
import numpy as np

from core.classifiers import UNIT
from core.similarity import Floats
from features import pooled
from features.cache import FeatureCache
from features.params import HeadParams

DESCRIPTOR = "descriptor"
PROBABILITIES = "probabilities"
LEAST_VARIANCE = 1e-6  # of a channel; the head divides by no smaller one
_AT_ONCE = 1024  # rows


def build(features: Floats, count: int, params: HeadParams, seed: int) -> keras.Model:
    """A head for `count` classes, pooled features (n, channels) to probabilities, fit to standardise `features`."""
    inputs = keras.Input(features.shape[1:])
    # A variance below this is a channel that is silent on this catalog; dividing by it would amplify noise.
    variance = features.var(axis=0) + LEAST_VARIANCE
    hidden = keras.layers.Normalization(mean=features.mean(axis=0), variance=variance, name="standardized")(inputs)
    hidden = keras.layers.Dropout(params.dropout, seed=seed)(hidden)
    hidden = keras.layers.Dense(params.width, activation="relu", name=DESCRIPTOR)(hidden)
    cosines = keras.layers.Dense(
        count, use_bias=False, kernel_constraint=keras.constraints.UnitNorm(axis=0), name="cosines"
    )(keras.layers.UnitNormalization(name=UNIT)(hidden))
    scaled = keras.layers.Rescaling(params.scale, name="scale")(cosines)
    return keras.Model(inputs, keras.layers.Softmax(name=PROBABILITIES)(scaled))


def joined(trunk: keras.Model, head: keras.Model) -> keras.Model:
    """One network of a pooled trunk and its head: photos to probabilities."""
    # Copies of the head's layers, so that each has one output and `get_layer` is unambiguous.
    output = trunk.output
    for layer in head.layers[1:]:
        copied = layer.__class__.from_config(layer.get_config())
        output = copied(output)
        copied.set_weights(layer.get_weights())
    return keras.Model(trunk.input, output)


def probabilities(model: keras.Model, photos: pooled.KnownPhotos, *, cache: FeatureCache) -> Floats:
    """What a fitted classifier says of `photos`: (len(photos), classes), rows that sum to 1."""
    (features,) = pooled.values([pooled.part(model)], photos, label="photos", cache=cache)
    return after_pooling(model, features, PROBABILITIES)


def after_pooling(model: keras.Model, features: Floats, name: str) -> Floats:
    """The output of the layer `name` of a fitted classifier for pooled `features` (n, channels): (n, width)."""
    inputs = output = keras.Input(features.shape[1:])
    names = [layer.name for layer in model.layers]
    for layer in model.layers[names.index(pooled.POOLED) + 1 : names.index(name) + 1]:
        output = layer(output)
    part = keras.Model(inputs, output)
    values = np.empty((len(features), output.shape[-1]), np.float32)
    for start in range(0, len(features), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        # Called as it is: compiling a network for one use would take longer.
        values[some] = keras.ops.convert_to_numpy(part(features[some], training=False))
    return values
