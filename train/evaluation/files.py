"""An evaluation on disk: numbers for DVC, every score as CSV, figures, and a page for a person."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from core import rows
from core.atomic import write_json, write_text
from core.images import PixelStore, encode
from core.paths import PAGE
from core.tables import Catalog
from train.evaluation import figures, numbers
from train.evaluation.fitted import Fitted
from train.evaluation.judgement import Judgement
from train.evaluation.page import Shown, page
from train.evaluation.photo_map import PhotoMap, chosen, photo_map
from train.evaluation.sheets import sheets
from train.params import EvaluateParams
from train.systems import System

_SHEETS = {"best": "best.png", "between": "neighbors.png", "worst": "worst.png"}


def write(folder: Path, judgement: Judgement, shown: Shown, store: PixelStore) -> None:
    """Write metrics.json, report.html, the CSV files and the figures into `folder`."""
    write_json(folder / "metrics.json", numbers.as_metrics(judgement))
    write_text(folder / PAGE, page(judgement, shown, store))
    write_text(folder / "scores.csv", rows.as_csv(numbers.score_rows(judgement)))
    write_text(folder / "differences.csv", rows.as_csv(numbers.difference_rows(judgement)))
    figures.triplet_accuracy(folder / "triplet_accuracy.png", judgement)
    figures.recall(folder / "recall.png", judgement)
    figures.attribute_agreement(folder / "attributes.png", judgement)
    figures.training(folder / "training.png", shown.fitted.history)
    for name in shown.sheets.queries:
        figures.sheet(folder / _SHEETS[name], shown.sheets, name, store.__getitem__)
    if shown.map:
        (folder / "map.png").write_bytes(encode(shown.map.pixels, None))


def material(
    judgement: Judgement,
    systems: list[System],
    catalog: Catalog,
    store: PixelStore,
    params: EvaluateParams,
    fitted: Fitted,
) -> Shown:
    """What the page and the figures show beside the judgement."""
    queries = sheets(judgement, catalog, params.examples, params.seed)
    return Shown(fitted, queries, _map(systems, catalog, store, params), asdict(params))


def _map(systems: list[System], catalog: Catalog, store: PixelStore, params: EvaluateParams) -> PhotoMap | None:
    trained = next(system for system in systems if system.name == "trained")
    test = np.flatnonzero(catalog.split == "test")
    some = catalog.take(test[chosen(len(test), params.map, params.seed)])
    photos = [store[image_id] for image_id in some.image_id]
    return photo_map(trained.vectors(some.image_id), photos, some.category, params.seed)
