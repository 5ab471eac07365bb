"""One entry of a comparison: a recipe, what is changed in it, and the budget that all entries share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any, Self

from core.errors import ParamsError
from core.params import parsed, typed
from train import architectures
from train.params import FitParams
from train.recipes import completing


@dataclass(frozen=True)
class Budget:
    """What every entry is given: `photos` that its steps take in, in `epochs`, and their `size` in pixels.

    A photo counts as often as a step takes it in, so that batches whose triplets share photos have more triplets.
    `weights` are the files of the trunks by name; a trunk that has none starts from random weights.
    """

    photos: int
    epochs: int
    size: int
    weights: Mapping[str, str]


@dataclass(frozen=True)
class Entry:
    """A recipe with some fields changed; `name` is how it is written."""

    name: str
    recipe: str
    changes: Mapping[str, Any]

    @classmethod
    def of(cls, written: str) -> Self:
        """Read `RECIPE` or `RECIPE:{field: value, ...}`.

        Raises:
            ParamsError: what follows the colon is no YAML mapping.
        """
        recipe, colon, rest = written.partition(":")
        changes = parsed(rest, written) if colon else {}
        if not isinstance(changes, dict):
            raise ParamsError(f"{written}: write RECIPE or RECIPE:{{field: value}}. Received: {rest}")
        return cls(written, recipe, changes)

    def params(self, budget: Budget, seed: int) -> FitParams:
        """The whole of `train.fit` for this entry: what it changes goes over the budget, and that over the recipe.

        The steps, which depend on the triplets, are for `spending` to set.

        Raises:
            ParamsError: an unknown recipe or field, a value that is refused, or a field that the budget sets.
        """
        for field, option in (("steps", "--photos"), ("seed", "--seeds")):
            if field in self.changes:
                raise ParamsError(f"{self.name}: {field} is the same for all entries. Leave it out and set {option}.")
        if "recipe" in self.changes:
            raise ParamsError(f"{self.name}: the recipe stands before the colon. Leave it out behind it.")
        complete = completing(self.recipe)
        design = architectures.ARCHITECTURES.get(str(complete(dict(self.changes))["architecture"]))
        given: dict[str, Any] = {"size": budget.size, "epochs": budget.epochs, "seed": seed}
        if design is not None:
            given["weights"] = budget.weights.get(design.trunk.name)
        return typed(complete({**given, **self.changes}), self.name, FitParams)


def spending(params: FitParams, photos: int, *, each: int, batches: int) -> FitParams:
    """`params` with the steps that take in `photos`, or less than one batch of each epoch fewer.

    Where the table has too few batches for the steps of an epoch, there are more epochs, at most twice as many as it
    takes, so that they share the steps as evenly as they can.

    Args:
        each: photos of a batch.
        batches: that all triplets make.
    """
    wanted = max(1, photos // each)  # steps of all epochs
    epochs, fewest = params.epochs, ceil(wanted / batches)
    if fewest > epochs:
        epochs = min(range(fewest, 2 * fewest), key=lambda count: wanted % count)
    return replace(params, epochs=epochs, steps=max(1, wanted // epochs))


def trunk_weights(written: tuple[str, ...]) -> dict[str, str]:
    """Read `TRUNK=FILE` pairs.

    Raises:
        ParamsError: one is written otherwise, or its file does not exist.
    """
    known = sorted({design.trunk.name for design in architectures.ARCHITECTURES.values()})
    weights: dict[str, str] = {}
    for pair in written:
        trunk, equals, file = pair.partition("=")
        if not (trunk and equals and file):
            raise ParamsError(f"weights are written TRUNK=FILE, such as MobileNet=weights.h5. Received: {pair}")
        if trunk not in known:
            raise ParamsError(f"unknown trunk {trunk}. Choose one of {', '.join(known)}.")
        if trunk in weights:
            raise ParamsError(f"{trunk} has two weights files, {weights[trunk]} and {file}. Name one.")
        if file != "imagenet" and not Path(file).is_file():
            raise ParamsError(f"the weights file {file} of {trunk} does not exist. Name a file, or imagenet.")
        weights[trunk] = file
    return weights
