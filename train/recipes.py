"""The recipes by name: what `train fit` trains unless params.yaml says otherwise."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import ParamsError
from core.params import Completing, read, typed
from train.params import FitParams

RECIPES = Path(__file__).with_name("recipes.yaml")


def names() -> list[str]:
    """Every recipe, in the file's order."""
    return list(read(RECIPES)["recipes"])


def completing(name: str | None) -> Completing:
    """What makes a whole `train.fit` of a section that names a recipe and, at most, some fields beside it.

    Args:
        name: of the recipe that takes the place of the section's own, or None.
    """

    def complete(section: dict[str, Any]) -> dict[str, Any]:
        asked = section.get("recipe") if name is None else name
        if asked is None:
            return section
        return _merged(recipe(str(asked)), {**section, "recipe": asked})

    return complete


def recipe(name: str) -> dict[str, Any]:
    """Every field of the recipe `name`.

    Raises:
        ParamsError: there is none.
    """
    known = read(RECIPES)
    if name not in known["recipes"]:
        raise ParamsError(f"unknown recipe {name}. Choose one of {', '.join(known['recipes'])}.")
    return {"recipe": name, **_merged(known["shared"], known["recipes"][name])}


def changes(params: FitParams) -> str:
    """What `params` say otherwise than their recipe, such as `epochs 4, augment.zoom 0.1`; empty for nothing."""
    plain = _flat(asdict(typed(recipe(params.recipe), params.recipe, FitParams)))
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in _flat(asdict(params)).items()
        if value != plain[name]
    )


def _flat(fields: dict[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        flat |= _flat(value, f"{above}{name}.") if isinstance(value, dict) else {above + name: value}
    return flat


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(value, over[key]) if isinstance(value, dict) and isinstance(over.get(key), dict) else over[key]
        for key, value in under.items()
        if key in over
    }
    return {**under, **over, **both}
