"""The command that learns weights from judgements."""

from pathlib import Path

import click

from core.cli import params_option
from core.paths import CATALOG, FEATURES, SIMILARITY, TABLE


@click.command()
@click.argument("judgements_path", metavar="JUDGEMENTS.csv", type=click.Path(path_type=Path, dir_okay=False))
@params_option
@click.option("--least", type=click.IntRange(min=1), default=60, show_default=True, help="Judgements needed.")
@click.option(
    "--least-per-category",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Judgements that a category needs for weights of its own.",
)
@click.option(
    "--shrinkage",
    type=click.FloatRange(min=0, max=10_000),
    default=20.0,
    show_default=True,
    help="How strongly a category's weights are pulled to those of all; 0 for not at all.",
)
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Of the cross-validation.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of folds and intervals.")
@click.option("--dry-run", is_flag=True, help="Print, and write nothing.")
def learn_weights(
    judgements_path: Path,
    params_path: Path,
    least: int,
    least_per_category: int,
    shrinkage: float,
    folds: int,
    seed: int,
    dry_run: bool,
) -> None:
    """Learn the weights of the descriptors from JUDGEMENTS.csv, and write them into the parameters' file.

    A row says which of two photos, a or b, is closer to a third: query,a,b,closer,who,when. Prints the weights
    before and after, and how often each agrees with judgements that it was not learnt from. See docs/judgements.md.

    Example: triplets learn-weights judgements.csv --dry-run
    """
    from core.params import load
    from core.params_file import rewrite
    from core.similarity import Similarity
    from core.tables import Catalog
    from triplets.judged import report as learned_report
    from triplets.judged.judgements import Judgements
    from triplets.judged.learned import Asked, Judged, Learned
    from triplets.params import RecommendParams

    params = load(params_path, "triplets.recommend", RecommendParams)
    catalog = Catalog.read(CATALOG / TABLE)
    judgements = Judgements.read(judgements_path, catalog)
    judged = Judged.measure(judgements, catalog, FEATURES, Similarity.read(SIMILARITY))
    learned = Learned.of(judged, params, Asked(least, least_per_category, shrinkage, folds, seed))
    click.echo(learned_report.console(judgements, learned, judged.counts()))
    if dry_run:
        click.echo(f"{params_path} stays as it is.")
    else:
        rewrite(params_path, learned.changes())
        click.echo(f"Wrote the weights into {params_path}. Run dvc repro.")
