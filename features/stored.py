"""A fitted classifier on disk: what its folder holds, and how it looks at photos."""

import json
from dataclasses import dataclass
from pathlib import Path

from core.errors import ModelError

MODEL = "model.keras"
CLASSES = "classes.json"
TRUNK = "trunk.json"
VIEWS = ("whole", "garment")


@dataclass(frozen=True)
class StoredTrunk:
    """How a classifier looks at photos, and what the feature cache knows its trunk by as it was before tuning."""

    view: str
    untuned: str


def trunk(folder: Path) -> StoredTrunk:
    """What is known of the trunk of the classifier in `folder`.

    Raises:
        ModelError: the classifier is missing or of another version.
    """
    try:
        stored = StoredTrunk(**json.loads((folder / TRUNK).read_text()))
        if stored.view not in VIEWS or not isinstance(stored.untuned, str):
            raise ValueError(f"the view is {stored.view}")
        return stored
    except FileNotFoundError:
        raise ModelError(f"{folder / MODEL} does not exist. Run the stage that writes it: dvc repro.") from None
    except (OSError, ValueError, TypeError):
        raise ModelError(f"{folder} holds no classifier of this version. Run dvc repro.") from None
