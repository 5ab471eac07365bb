"""What `train fit` left of a training: its epochs, and how large the network is."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from core.errors import InputError


@dataclass(frozen=True)
class Fitted:
    """`history` are the rows of history.csv; the network's `parameters` and `bytes` on disk, None where unknown."""

    history: list[dict[str, str]]
    parameters: int | None
    bytes: int | None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What stands in the `folder` of a finished training.

        Raises:
            InputError: its history is missing, or a file is damaged.
        """
        model, metrics = folder / "model.keras", folder / "metrics.json"
        try:
            with (folder / "history.csv").open(newline="", encoding="utf-8") as lines:
                history = list(csv.DictReader(lines))
            said = dict(json.loads(metrics.read_text(encoding="utf-8"))) if metrics.is_file() else {}
        except FileNotFoundError as error:
            raise InputError(f"{error.filename} does not exist. Run the stage that writes it: dvc repro.") from None
        except (ValueError, TypeError, csv.Error):
            raise InputError(f"the history or the metrics in {folder} are damaged. Run dvc repro.") from None
        return cls(history, said.get("parameters"), model.stat().st_size if model.is_file() else None)
