"""The commands that ask for judgements, and learn weights from them."""

from pathlib import Path

import click

from core.cli import params_option
from core.paths import CATALOG, FEATURES, SIMILARITY, STORE, TABLE
from triplets.judged.options import Options


@click.command()
@click.option("--pairs", type=click.IntRange(1, 1000), default=50, show_default=True, help="Questions, at most.")
@click.option("--who", default="", help="Whose answers these will be.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another one asks other pairs.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("judgements.csv"),
    show_default=True,
    help="The CSV to fill in; the photos are drawn beside it, as PNG.",
)
def ask(pairs: int, who: str, seed: int, output: Path) -> None:
    """Choose pairs of photos whose answers tell most about the weights, and write them as a form to fill in.

    Each row has a query and two photos, a and b: write into the column closer which of the two is closer to the query,
    a or b, and leave it empty where you cannot tell. Then run triplets learn-weights.

    Example: triplets ask --pairs 50 --who Ann
    """
    from core.images import PixelStore
    from core.similarity import Similarity
    from core.tables import Catalog
    from triplets.judged.asking import pairs_to_judge
    from triplets.judged.judgements import write_questions
    from triplets.sheets import question_sheet

    catalog = Catalog.read(CATALOG / TABLE)
    chosen = pairs_to_judge(catalog, FEATURES, Similarity.read(SIMILARITY), pairs, seed)
    ids = (catalog.image_id[rows] for rows in (chosen.query, chosen.a, chosen.b))
    questions = list(zip(*ids, strict=True))
    photos = PixelStore.open(CATALOG / STORE)
    write_questions(output, questions, who)
    question_sheet(output.with_suffix(".png"), questions, photos, first=2)
    click.echo(f"{len(questions):,} questions in {output}. Look at {output.with_suffix('.png')} and fill in closer.")


@click.command()
@click.argument("judgements_path", metavar="JUDGEMENTS.csv", type=click.Path(path_type=Path, dir_okay=False))
@params_option
@click.option(
    "--least", type=click.IntRange(min=1), default=Options.least, show_default=True, help="Judgements needed."
)
@click.option(
    "--least-per-category",
    type=click.IntRange(min=1),
    default=Options.least_per_category,
    show_default=True,
    help="Judgements that a category needs for weights of its own.",
)
@click.option(
    "--shrinkage",
    type=click.FloatRange(min=0, max=10_000),
    default=Options.shrinkage,
    show_default=True,
    help="How strongly a category's weights are pulled to those of all; 0 for not at all.",
)
@click.option(
    "--folds", type=click.IntRange(min=2), default=Options.folds, show_default=True, help="Of the cross-validation."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=Options.seed, show_default=True, help="Of folds and intervals."
)
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
    from core.similarity import Similarity
    from core.tables import Catalog
    from triplets.params import RecommendParams
    from triplets.tune.draft import Draft
    from triplets.tune.proposal import propose

    present = load(params_path, "triplets.recommend", RecommendParams)
    options = Options(least, least_per_category, shrinkage, folds, seed)
    catalog, similarity = Catalog.read(CATALOG / TABLE), Similarity.read(SIMILARITY)
    proposal = propose(judgements_path, catalog, FEATURES, similarity, present, options)
    click.echo(proposal.told)
    if dry_run or proposal.worse:
        click.echo(f"{params_path} stays as it is.")
    else:
        Draft.of(params_path, proposal.setting).write()
        click.echo(f"Wrote the weights into {params_path}. Run dvc repro.")
