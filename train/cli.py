"""The command line of `train`."""

from pathlib import Path

import click

from core.cli import Stage, params_option, workers_option
from core.paths import (
    CATALOG,
    COLLECTIONS,
    EMBEDDINGS,
    EVALUATION,
    FEATURES,
    FIT,
    MIXED,
    SIMILARITY,
    STORE,
    STORES,
    TABLE,
    TRIPLETS,
)


@click.group(cls=Stage)
def main() -> None:
    """Train MILDNet on triplets and judge it: fit, embed, evaluate.

    Example: train fit && train embed && train evaluate && train where
    """


@main.command()
@params_option
@workers_option
def fit(params_path: Path, workers: int) -> None:
    """Train the network on the mixed triplets and keep its best epoch on val.

    Example: train fit --params params.yaml
    """
    from core import models, rows
    from core.atomic import replacing, write_json, write_text
    from core.images import PixelStore
    from core.params import load
    from core.tables import Triplets
    from train import fit as training
    from train import history
    from train.architectures.mildnet import headless
    from train.params import FitParams

    options = load(params_path, "train.fit", FitParams)
    triplets = Triplets.read(MIXED / TRIPLETS)
    store = PixelStore.open(*STORES)
    with replacing(FIT) as folder:
        model = training.start(options, triplets, store)
        models.save(headless(model), folder / "untrained.keras")
        epochs, best = training.train(model, options, triplets, store, workers=workers)
        models.save(model, folder / "model.keras")
        write_text(folder / "history.csv", rows.as_csv(history.rows(epochs)))
        summary = history.summary(epochs, best, triplets, model.count_params())
        write_json(folder / "metrics.json", summary)
    click.echo(rows.text(history.rows(epochs)) + f"Kept epoch {best}, chosen by: {summary['chosen_by']}. {FIT}")


@main.command()
@params_option
def embed(params_path: Path) -> None:
    """Embed every photo of both collections with the trained and with the untrained network.

    Example: train embed --params params.yaml
    """
    import numpy as np

    from core.atomic import replacing
    from core.images import PixelStore
    from core.params import load
    from core.tables import Catalog
    from train.embed import embed_file
    from train.params import EmbedParams

    options = load(params_path, "train.embed", EmbedParams)
    collections = [Catalog.read(folder / TABLE) for folder in COLLECTIONS]
    image_ids = np.concatenate([collection.image_id for collection in collections])
    store = PixelStore.open(*STORES)
    with replacing(EMBEDDINGS) as folder:
        for name, file in (("trained", "model.keras"), ("untrained", "untrained.keras")):
            embed_file(FIT / file, store, image_ids, batch=options.batch).write(folder / f"{name}.arrow")
    click.echo(f"Embedded {len(image_ids)} photos twice. {EMBEDDINGS}")


@main.command()
@params_option
def evaluate(params_path: Path) -> None:
    """Judge the network beside the recommender and each descriptor, on the test split.

    Example: train evaluate --params params.yaml
    """
    import csv

    from core import rows
    from core.atomic import replacing, write_json, write_text
    from core.images import PixelStore
    from core.params import load
    from core.tables import Catalog, Triplets
    from train import evaluate as judging
    from train import examples, figures, report, systems
    from train.params import EvaluateParams

    options = load(params_path, "train.evaluate", EvaluateParams)
    catalog, street = (Catalog.read(folder / TABLE) for folder in COLLECTIONS)
    judged = systems.read(FEATURES, SIMILARITY, EMBEDDINGS)
    numbers = judging.as_metrics(judging.evaluate(judged, catalog, street, Triplets.read(MIXED / TRIPLETS), options))
    shown = examples.examples(judged, catalog, PixelStore.open(CATALOG / STORE), options.examples)
    with replacing(EVALUATION) as folder:
        write_json(folder / "metrics.json", numbers)
        write_text(folder / "report.md", report.markdown(numbers))
        write_text(folder / "triplets.csv", rows.as_csv(report.triplet_rows(numbers)))
        write_text(folder / "recall.csv", rows.as_csv(report.recall_rows(numbers)))
        write_text(folder / "attributes.csv", rows.as_csv(report.attribute_rows(numbers)))
        figures.triplet_accuracy(folder / "triplet_accuracy.png", numbers)
        figures.recall(folder / "recall.png", numbers)
        figures.attribute_agreement(folder / "attributes.png", numbers)
        with (FIT / "history.csv").open(newline="") as lines:
            figures.training(folder / "training.png", list(csv.DictReader(lines)))
        if shown:
            figures.neighbors(folder / "neighbors.png", shown, examples.COLUMNS)
    click.echo(rows.text(report.headline(numbers)) + str(EVALUATION))


@main.command()
def where() -> None:
    """Say where the results are, and print the main numbers.

    Example: train where
    """
    import json

    from core import rows
    from core.errors import InputError
    from train import report

    numbers = EVALUATION / "metrics.json"
    if not numbers.is_file():
        raise InputError(f"{numbers} does not exist. Run dvc repro.")
    click.echo(rows.text(report.headline(json.loads(numbers.read_text()))))
    for path in (EVALUATION / "report.md", numbers, *sorted(EVALUATION.glob("*.png")), FIT / "model.keras", EMBEDDINGS):
        if path.exists():
            click.echo(path)
