"""The command line of `train`."""

from pathlib import Path

import click

from core.cli import Stage, params_option, workers_option
from core.paths import (
    CATALOG,
    COLLECTIONS,
    COMPARISON,
    EMBEDDINGS,
    EVALUATION,
    EXPORT,
    FEATURES,
    FIT,
    MIXED,
    PAGE,
    SIMILARITY,
    STORE,
    TABLE,
    TRAINING,
    TRAINING_LOCK,
    TRIPLETS,
)


@click.group(cls=Stage)
def main() -> None:
    """Train MILDNet on triplets, judge it, compare recipes under one budget, and export what was trained.

    `recipes` lists what `fit` and `compare` train; `fit`, `embed` and `evaluate` follow one another; `where` says
    where the results are, and `export` writes them for phones and servers.

    Example: train fit && train embed && train evaluate && train where
    """


@main.command()
@click.option("--recipe", default=None, metavar="NAME", help="In place of the one that train.fit names.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint of a killed run of the same training, if any.")
@params_option
@workers_option
def fit(params_path: Path, workers: int, recipe: str | None, resume: bool) -> None:
    """Train a recipe on the mixed triplets and keep its best epoch on val.

    While it runs, data/cache/training holds its checkpoints, its figures for DVC (live) and for TensorBoard.

    Example: train fit --recipe mildnet_mobilenet --params params.yaml
    """
    import shutil
    from dataclasses import asdict

    from core import models, rows
    from core.atomic import alone, replacing, write_json, write_text
    from core.params import load
    from train import devices, history
    from train import fit as training
    from train.architectures.mildnet import headless
    from train.checkpoint import Checkpoints
    from train.log import Log
    from train.material import Material
    from train.params import FitParams
    from train.recipes import changes, completing

    options = load(params_path, "train.fit", FitParams, complete=completing(recipe))
    material = Material.read(options)
    with (
        alone(TRAINING_LOCK, "train fit"),
        replacing(FIT) as folder,
        devices.prepared(options.precision, options.batch) as device,
    ):
        checkpoints = Checkpoints(TRAINING, material.fingerprint(options))
        if not resume:
            checkpoints.clear()
        said = changes(options)
        click.echo(f"{options.recipe} on {device}{f'; {params_path} sets {said}' if said else ''}.")
        model = training.start(options, material)
        models.save(headless(model), folder / "untrained.keras")
        with Log(TRAINING) as log:
            trained = training.train(
                model, options, material, workers=workers, checkpoints=checkpoints, report=log.write
            )
        models.save(model, folder / "model.keras")
        write_json(folder / "params.json", asdict(options))
        shutil.copytree(log.live, folder / "live")
        write_text(folder / "history.csv", rows.as_csv(history.rows(trained.epochs)))
        summary = history.summary(trained.epochs, trained.best, material.counts, model.count_params())
        write_json(folder / "metrics.json", summary)
    checkpoints.clear()
    click.echo(
        rows.text(history.rows(trained.epochs)) + f"Kept epoch {trained.best}, chosen by: {summary['chosen_by']}."
    )
    click.echo(FIT)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def recipes(as_json: bool) -> None:
    """List the recipes: what each trains, how, and how many parameters that has.

    Example: train recipes --json
    """
    import json

    from core import rows
    from train import listing

    listed = listing.recipes()
    if as_json:
        click.echo(json.dumps(listed, indent=2))
    else:
        # As text, or a table would round a rate of 0.0001 to three places.
        shown = [{**one, "lr": str(one["lr"])} for one in listed]
        click.echo(rows.text([list(shown[0]), *(list(one.values()) for one in shown)]), nl=False)


@main.command()
@click.argument("recipes_", metavar="RECIPE...", nargs=-1, required=True)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Runs of each.")
@click.option("--photos", type=click.IntRange(min=1), default=6000, show_default=True, help="That each run takes in.")
@click.option("--epochs", type=click.IntRange(min=1), default=4, show_default=True, help="After each, val is judged.")
@click.option("--size", type=click.IntRange(min=1), default=96, show_default=True, help="Of the photos, in pixels.")
@click.option("--weights", multiple=True, metavar="TRUNK=FILE", help="Of a trunk, for all recipes that have it.")
@click.option("--split", type=click.Choice(["val", "test"]), default="val", show_default=True, help="That judges.")
@click.option(
    "--out",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    default=COMPARISON,
    show_default=True,
    help="The folder of the runs and of their table; runs that are there already are not run again.",
)
@params_option
@workers_option
def compare(
    params_path: Path,
    workers: int,
    recipes_: tuple[str, ...],
    seeds: int,
    photos: int,
    epochs: int,
    size: int,
    weights: tuple[str, ...],
    split: str,
    target: Path,
) -> None:
    """Train several recipes under one budget and write a table of what each costs and reaches, over several seeds.

    A RECIPE may be followed by fields of its own, such as "mildnet_v2:{loss: hinge}". Trunks start from random
    weights unless --weights names a file. Choose by val; ask test once.

    Example: train compare mildnet mildnet_mobilenet "mildnet_mobilenet:{loss: contrastive}" --seeds 2 --photos 600
    """
    from tqdm import tqdm

    from core.params import load
    from train.comparison import compare as comparison
    from train.comparison.entry import Budget, trunk_weights
    from train.comparison.judges import Judges
    from train.params import EvaluateParams

    judging = load(params_path, "train.evaluate", EvaluateParams)
    plan = comparison.planned(recipes_, Budget(photos, epochs, size, trunk_weights(weights)), seeds)
    judges = Judges.read(split, judging)
    runs = comparison.runs(plan, photos, judges, target, workers=workers, report=tqdm.write)
    click.echo(comparison.write(target, runs, judges) + str(target))


@main.command()
@params_option
def embed(params_path: Path) -> None:
    """Embed every photo of both collections with the trained and with the untrained network.

    Example: train embed --params params.yaml
    """
    import numpy as np

    from core.atomic import replacing
    from core.params import load
    from core.tables import Catalog
    from train import crops
    from train.embed import embed_file
    from train.params import EmbedParams

    options = load(params_path, "train.embed", EmbedParams)
    collections = [Catalog.read(folder / TABLE) for folder in COLLECTIONS]
    image_ids = np.concatenate([collection.image_id for collection in collections])
    store = crops.store(True, collections[1])
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
    from core import rows
    from core.atomic import replacing
    from core.images import PixelStore
    from core.params import load
    from core.tables import Catalog, Triplets
    from train import systems
    from train.evaluation import evaluate as judging
    from train.evaluation import files
    from train.evaluation.fitted import Fitted
    from train.evaluation.headline import headline
    from train.evaluation.numbers import as_metrics
    from train.evaluation.verdict import verdict
    from train.params import EvaluateParams

    options = load(params_path, "train.evaluate", EvaluateParams)
    catalog, street = (Catalog.read(folder / TABLE) for folder in COLLECTIONS)
    judged = systems.read(FEATURES, SIMILARITY, EMBEDDINGS)
    judgement = judging.evaluate(judged, catalog, street, Triplets.read(MIXED / TRIPLETS), options)
    store = PixelStore.open(CATALOG / STORE)
    shown = files.material(judgement, judged, catalog, store, options, Fitted.read(FIT))
    with replacing(EVALUATION) as folder:
        files.write(folder, judgement, shown, store)
    click.echo(rows.text(headline(as_metrics(judgement))))
    for line in verdict(judgement):
        click.echo(line.text)
    click.echo(EVALUATION / PAGE)


@main.command()
@click.option(
    "--model",
    "model_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=FIT / "model.keras",
    show_default=True,
    help="The network, as Keras saves it.",
)
@click.option(
    "--out",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    default=EXPORT,
    show_default=True,
    help="The folder that the files go to.",
)
@click.option(
    "--format",
    "names",
    multiple=True,
    metavar="NAME",
    help="litert-float16, litert-int8 or onnx; may be said several times.  [default: all]",
)
@click.option(
    "--photos",
    "count",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="How many training photos int8 is calibrated with, and how many others every file is compared on.",
)
def export(model_path: Path, target: Path, names: tuple[str, ...], count: int) -> None:
    """Write the network for phones (LiteRT) and servers (ONNX), each compared with Keras photo by photo, and timed.

    Example: train export --format litert-int8 --photos 500
    """
    from core import rows
    from core.errors import ModelError
    from train.export import export as exporting
    from train.export import exported, formats

    exports = exporting.all_of(formats.chosen(names), model_path, target, count=count)
    click.echo(rows.text(exported.table(exports.done)) + f"{exports.compared} photos compared. {target}")
    if exports.failures:
        raise ModelError(" ".join(exports.failures))


@main.command()
def where() -> None:
    """Say where the results are, and print the main numbers.

    Example: train where
    """
    import json

    from core import rows
    from core.errors import InputError
    from train.evaluation.headline import headline

    numbers = EVALUATION / "metrics.json"
    if not numbers.is_file():
        raise InputError(f"{numbers} does not exist. Run dvc repro.")
    click.echo(rows.text(headline(json.loads(numbers.read_text()))))
    for path in (EVALUATION / PAGE, numbers, *sorted(EVALUATION.glob("*.png")), FIT / "model.keras", EMBEDDINGS):
        if path.exists():
            click.echo(path)
