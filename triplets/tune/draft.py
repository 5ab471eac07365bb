"""What saving a setting would write into the parameters' file: shown as a difference first, then written."""

from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any, Self

from core.errors import InputError
from core.params import load, parsed
from core.params_file import replaced_in, text_of, write
from triplets.judged.learned import rounded
from triplets.params import RecommendParams, Weights
from triplets.similarity import of_sum_1
from triplets.tune.setting import Setting
from triplets.tune.turn import in_turn

_SECTION = "triplets.recommend"


@dataclass(frozen=True)
class Draft:
    """The parameters' file `path` as it is, `before`, and with the weights of a setting, `after`."""

    path: Path
    before: str
    after: str

    @classmethod
    def of(cls, path: Path, setting: Setting) -> Self:
        """Write nothing yet. Weights are rounded and sum to 1; those of the file that say the same stay as they are.

        Raises:
            ParamsError: the file is missing, malformed, or cannot be changed without other values of it.
        """
        before = text_of(path)
        present = Setting.of(load(path, _SECTION, RecommendParams))  # which checks the file
        stands = parsed(before, str(path))["triplets"]["recommend"]["category_weights"]
        return cls(path, before, replaced_in(path, before, _changes(setting, present, stands)))

    @property
    def diff(self) -> str:
        """What changes, as a unified difference with three lines around; empty where nothing does."""
        old, new = ([line.removesuffix("\r") for line in text.split("\n")] for text in (self.before, self.after))
        return "\n".join(unified_diff(old, new, f"{self.path}, now", f"{self.path}, saved", lineterm=""))

    def write(self) -> None:
        """Write it; nobody's change of the file is lost.

        Raises:
            InputError: the file is another one now; it stays as it is.
        """
        with in_turn(self.path):
            if text_of(self.path) != self.before:
                raise InputError(
                    f"{self.path} changed on disk since the difference was shown. Look at the new one, then save."
                )
            if self.after != self.before:
                write(self.path, self.after)


def _changes(setting: Setting, present: Setting, stands: dict[str, Any]) -> dict[str, Any]:
    """The values to write, by their dotted keys; none where they say the same as the `present` ones.

    Args:
        stands: the weights of categories as the file has them.
    """
    changed: dict[str, Any] = {}
    if _written(setting.weights) != _written(present.weights):
        changed |= {f"{_SECTION}.weights.{name}": value for name, value in _written(setting.weights).items()}
    then = {name: _written(weights) for name, weights in present.category_weights.items()}
    now = {name: _written(weights) for name, weights in setting.category_weights.items()}
    if now != then:
        same = {name for name in now if now[name] == then.get(name)}
        changed[f"{_SECTION}.category_weights"] = {name: stands[name] if name in same else now[name] for name in now}
    return changed


def _written(weights: Weights) -> dict[str, float]:
    return rounded(of_sum_1(weights).values())
