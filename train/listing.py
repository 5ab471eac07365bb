"""The recipes as a list: what `train recipes` shows."""

from typing import Any

from tqdm import tqdm

from train import architectures
from train.recipes import names, recipe

# What is shown of a recipe, and its field.
_SHOWN = {
    **{field: field for field in ("recipe", "architecture", "loss", "optimizer")},
    "lr": "learning_rate",
    **{field: field for field in ("epochs", "batch")},
}
_OF_NETWORK = ("size", "units", "hidden", "dropout", "taps", "frozen")


def recipes() -> list[dict[str, Any]]:
    """One entry per recipe, in the file's order, with the parameters of its network at its size."""
    listed = []
    for name in tqdm(names(), desc="recipes", delay=2):
        fields = recipe(name)
        parameters = architectures.parameters(fields["architecture"], **{key: fields[key] for key in _OF_NETWORK})
        listed.append({**{name: fields[field] for name, field in _SHOWN.items()}, "parameters": parameters})
    return listed
