"""What learning from judgements is asked: how many are needed, and how it is checked."""

from dataclasses import dataclass
from math import isfinite

from core.errors import InputError


@dataclass(frozen=True)
class Options:
    """Below `least` judgements nothing is learnt, below `least_per_category` no weights of the category's own.

    `shrinkage` pulls a category's weights to those of all; `folds` are those of the cross-validation.
    """

    least: int = 60
    least_per_category: int = 50
    shrinkage: float = 40.0
    folds: int = 5
    seed: int = 1

    def __post_init__(self) -> None:
        if not isfinite(self.shrinkage):  # which click takes
            raise InputError(f"--shrinkage must be a number. Received: {self.shrinkage}")
