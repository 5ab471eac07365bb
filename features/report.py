"""What a fitted classifier leaves on disk."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core import models
from core.atomic import replacing, write_json
from core.classifiers import CLASSES, StoredTrunk
from core.paths import MODEL, TRUNK
from core.rows import as_csv
from core.tables import SPLITS
from features import confusion, judged
from features.classifier import Fitted
from features.params import ClassifierParams


def write(folder: Path, name: str, fitted: Fitted, params: ClassifierParams) -> dict[str, Any]:
    """Write the model, its classes, metrics, history and confusions, all or nothing; returns the metrics."""
    metrics, test = _metrics(fitted), fitted.guesses["test"]
    with replacing(folder) as beside:
        beside.mkdir()
        models.save(fitted.model, beside / MODEL)
        fitted.classes.write(beside / CLASSES)
        write_json(beside / TRUNK, asdict(StoredTrunk(params.trunk.view, fitted.untuned)))
        write_json(beside / "metrics.json", metrics)
        # Apart, as `dvc metrics show` would make columns of every class.
        write_json(beside / "by_class.json", judged.by_class(test, fitted.classes.names))
        epochs = enumerate(zip(*fitted.history.values(), strict=True), start=1)
        history = [["epoch", *fitted.history], *([epoch, *values] for epoch, values in epochs)]
        (beside / "history.csv").write_text(as_csv(history), encoding="utf-8")
        confusions = judged.confusion_rows(test, fitted.classes.names)
        (beside / "confusion.csv").write_text(as_csv(confusions), encoding="utf-8")
        counts = judged.confusion(test, len(fitted.classes.names))
        confusion.figure(beside / "confusion.png", counts, fitted.classes.names, f"{name}, test")
    return metrics


def line(name: str, metrics: dict[str, Any]) -> str:
    """One line for the console: accuracies, and those on test by where the labels are from."""
    accuracies = [_accuracy(split, metrics[split]) for split in SPLITS if metrics[split]["photos"]]
    sources = metrics["test"].get("sources", {})
    by_source = [_accuracy(source, scores) for source, scores in sources.items() if scores["photos"]]
    said = f"{name}: {metrics['classes']} classes, accuracy {', '.join(accuracies)}"
    return said + (f"; on test by source: {', '.join(by_source)}" if by_source else "")


def _accuracy(name: str, scores: dict[str, Any]) -> str:
    return f"{name} {scores['accuracy']:.3f} ({scores['photos']} photos, the commonest class {scores['baseline']:.3f})"


def _metrics(fitted: Fitted) -> dict[str, Any]:
    common = int(np.bincount(fitted.guesses["train"].true).argmax())
    scored = {split: judged.scores(fitted.guesses[split], common) for split in SPLITS}
    return {"classes": len(fitted.classes.names), "epochs": len(fitted.history["loss"]), **scored}
