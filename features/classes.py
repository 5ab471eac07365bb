"""Which classes are learnt: those with photos enough, and all others as one. The label map saved with a model."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from core.atomic import write_json
from core.codes import MISSING
from core.errors import InputError, ModelError
from core.similarity import Floats

REST = "rest"
_NAMED = 6  # classes in a message


@dataclass(frozen=True)
class Classes:
    """`names` are the classes in output order, sorted; `merged`, sorted too, those learnt as one.

    Where any are merged, the last output is theirs, `REST`; a class of that very name is then among them.
    """

    names: tuple[str, ...]
    merged: tuple[str, ...]

    def numbers(self, labels: npt.NDArray) -> npt.NDArray[np.int64]:
        """The output (n,) that each of `labels` (n,) belongs to.

        A label that is no output's goes to the rest. Without a rest it is `MISSING`, as is a label that is None.
        """
        number: dict[str | None, int] = {name: place for place, name in enumerate(self.names)}
        number[None] = MISSING
        other = number[REST] if self.merged else MISSING
        return np.array([number.get(label, other) for label in labels], np.int64)

    def write(self, path: Path) -> None:
        """Write as JSON."""
        write_json(path, {"classes": list(self.names), "merged": list(self.merged)})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote.

        Raises:
            ModelError: the file is missing or holds something else.
        """
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(stored, dict) or set(stored) != {"classes", "merged"}:
                raise ValueError("it must have the keys classes and merged, and no other")
            read = cls(_names(stored["classes"]), _names(stored["merged"]))
        except FileNotFoundError:
            raise ModelError(f"{path} does not exist. Run the stage that writes it: dvc repro.") from None
        except ValueError as error:
            raise ModelError(f"{path} holds no classes: {error}. Run dvc repro.") from error
        if read.merged and read.names[-1:] != (REST,):
            raise ModelError(f"{path} holds no classes: some are merged, but the last is not {REST}. Run dvc repro.")
        return read


def learnt(labels: npt.NDArray, least: int) -> Classes:
    """The classes of the training photos' `labels` (n,); those of fewer than `least` photos are learnt as one.

    Raises:
        InputError: fewer than two classes would be learnt.
    """
    counts = Counter(str(label) for label in labels)
    merged = {name for name, count in counts.items() if count < least}
    if merged and REST in counts:
        merged.add(REST)
    names = sorted(set(counts) - merged) + [REST] * bool(merged)
    if len(names) < 2:
        raise InputError(_too_few(counts, least))
    return Classes(tuple(names), tuple(sorted(merged)))


def weights(numbers: npt.NDArray[np.int64], balance: float) -> Floats:
    """What each of n training photos counts, (n,) float32 of mean 1, given its class's number, 0 or more.

    A photo weighs as its class is rare, to the power of `balance`: at 0 all photos count the same, at 1 all classes.
    """
    raw = np.bincount(numbers)[numbers].astype(np.float64) ** -balance
    return (raw / raw.mean()).astype(np.float32) if len(raw) else raw.astype(np.float32)


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value) or len(set(value)) < len(value):
        raise ValueError("its keys must list names that differ")
    return tuple(value)


def _too_few(counts: Counter[str], least: int) -> str:
    most = [f"{name} ({count})" for name, count in counts.most_common(_NAMED)]
    listed = ", ".join(most) + (f" and {len(counts) - _NAMED} more" if len(counts) > _NAMED else "")
    what = "a classifier needs two classes to tell apart"
    if len(counts) < 2:
        return f"{what}; train has {listed or 'no labelled photo'}. Add rows, or map another column."
    enough = sum(count >= least for count in counts.values())
    return (
        f"{what}; of {len(counts)} in train, {enough} has classes.least = {least} photos: {listed}."
        " Lower classes.least, add rows, or map another column."
    )
