"""What a fitted classifier leaves on disk."""

import csv
from pathlib import Path

from core import models
from core.atomic import replacing, write_json
from features.classifier import Fitted

MODEL = "model.keras"


def write(folder: Path, fitted: Fitted, *, source: str) -> None:
    """Write the model, its classes in output order, its metrics and its history, all or nothing.

    Args:
        source: of the classes, `labels` or `rendered`.
    """
    with replacing(folder) as beside:
        beside.mkdir()
        models.save(fitted.model, beside / MODEL)
        write_json(beside / "classes.json", list(fitted.classes))
        write_json(beside / "metrics.json", {"source": source, **fitted.metrics})
        with (beside / "history.csv").open("w", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["epoch", *fitted.history])
            for epoch, values in enumerate(zip(*fitted.history.values(), strict=True), start=1):
                rows.writerow([epoch, *values])


def line(name: str, fitted: Fitted, source: str) -> str:
    """One line for the console."""
    accuracies = ", ".join(
        f"{part} {fitted.metrics[f'{part}_accuracy']:.3f} ({fitted.metrics[f'{part}_photos']} photos)"
        for part in ("train", "val", "test")
        if f"{part}_accuracy" in fitted.metrics
    )
    return f"{name}: {len(fitted.classes)} classes from {source}, accuracy {accuracies}"
