"""Ten steps of a training, on whatever backend Keras has; as a script it prints the losses alone and shared."""

import json
import os
import sys
from pathlib import Path

from core import models
from core.errors import ModelError
from core.params import load
from train import architectures, devices, losses  # noqa: F401  Keras finds the layers by their registration.
from train.material import Material
from train.optimizers import optimizer
from train.params import FitParams
from train.recipes import completing
from train.step import trainer


def ten_losses(start: Path) -> list[float]:
    """The loss of each step, from the network in the file `start`, in the project that is the working folder."""
    params = load(Path("params.yaml"), "train.fit", FitParams, complete=completing(None))
    material = Material.read(params)
    order = material.order(params)
    loss = losses.build(params.loss, params.margin, params.mining)
    step = trainer(models.load(start), loss, optimizer(params, 10))
    batches = material.batches(params, order, 1, workers=1)
    assert len(batches) == 10
    return [float(step.train_on_batch(*batches[place], return_dict=True)["loss"]) for place in range(10)]


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    alone = ten_losses(Path("start.keras"))
    with devices.prepared("auto", batch=8) as words:
        shared = ten_losses(Path("start.keras"))
    try:
        with devices.prepared("auto", batch=7):
            odd = ""
    except ModelError as error:
        odd = str(error)
    print(json.dumps({"alone": alone, "shared": shared, "words": words, "odd": odd}))
