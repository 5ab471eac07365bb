"""A fitted classifier on disk: what its folder holds, and how it looks at photos."""

import json
from pathlib import Path

from core.errors import ModelError

MODEL = "model.keras"
CLASSES = "classes.json"
VIEW = "view.json"


def view(folder: Path) -> str:
    """How the classifier in `folder` looks at photos.

    Raises:
        ModelError: the classifier is missing or of another version.
    """
    try:
        return str(json.loads((folder / VIEW).read_text()))
    except (OSError, ValueError):
        raise ModelError(f"{folder} holds no classifier of this version. Run dvc repro.") from None
