"""A fitted classifier on disk: what its folder holds, and how it looks at photos."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import ModelError
from core.paths import MODEL, TRUNK
from core.similarity import Floats

CLASSES = "classes.json"
UNIT = "unit"  # the layer of the model whose output is the descriptor: (n, width), rows of unit length
VIEWS = ("whole", "garment")

_OFF_UNIT = 1e-3  # a descriptor of zeros is the one that cannot be scaled to unit length


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


def fingerprint(folder: Path) -> str:
    """What the table of its descriptors knows the classifier in `folder` by: the SHA-256 of its model's file."""
    return hashlib.sha256((folder / MODEL).read_bytes()).hexdigest()


def directionless(descriptors: Floats) -> npt.NDArray[np.bool_]:
    """Which of the descriptors (n, width) of a classifier are zeros, or no numbers, instead of unit length: (n,)."""
    return ~(np.abs(np.linalg.norm(descriptors, axis=1) - 1) <= _OFF_UNIT)
