"""What `train fit` left of a training: its epochs, and how large the network is."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Fitted:
    """`history` are the rows of history.csv; the network's `parameters` and `bytes` on disk, None where unknown."""

    history: list[dict[str, str]]
    parameters: int | None
    bytes: int | None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What stands in the `folder` of a finished training."""
        with (folder / "history.csv").open(newline="", encoding="utf-8") as lines:
            history = list(csv.DictReader(lines))
        model, metrics = folder / "model.keras", folder / "metrics.json"
        said = json.loads(metrics.read_text(encoding="utf-8")) if metrics.is_file() else {}
        return cls(history, said.get("parameters"), model.stat().st_size if model.is_file() else None)
