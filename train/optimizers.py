"""The optimizer of a training, with the course of its learning rate."""

import keras

from train.params import FitParams


def optimizer(params: FitParams, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer that `params` name, for a training of `steps` batches in all."""
    rate = learning_rate(params, steps)
    decay = params.weight_decay or None
    match params.optimizer:
        case "sgd":
            nesterov = params.momentum > 0
            return keras.optimizers.SGD(rate, momentum=params.momentum, nesterov=nesterov, weight_decay=decay)
        case "rmsprop":
            return keras.optimizers.RMSprop(rate, momentum=params.momentum, weight_decay=decay)
        case "adamw":
            return keras.optimizers.AdamW(rate, weight_decay=params.weight_decay)


def learning_rate(params: FitParams, steps: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """A constant; a cosine to 0 after a linear warm-up from 0; or a tenth after half, again after three quarters."""
    rate = params.learning_rate
    match params.schedule:
        case "constant":
            return rate
        case "step":
            bounds = [max(1, steps // 2), max(2, 3 * steps // 4)]
            return keras.optimizers.schedules.PiecewiseConstantDecay(bounds, [rate, rate / 10, rate / 100])
        case "cosine":
            warm = round(params.warmup * steps)
            start = 0.0 if warm else rate
            return keras.optimizers.schedules.CosineDecay(
                start, max(1, steps - warm), warmup_target=rate if warm else None, warmup_steps=warm
            )
