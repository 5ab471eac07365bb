"""The recipes by name: what `train fit` trains unless params.yaml says otherwise."""

from pathlib import Path
from typing import Any

from core.errors import ParamsError
from core.params import Completing, read

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


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(value, over[key]) if isinstance(value, dict) and isinstance(over.get(key), dict) else over[key]
        for key, value in under.items()
        if key in over
    }
    return {**under, **over, **both}
