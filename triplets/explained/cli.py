"""The command that draws why a triplet is there."""

from pathlib import Path

import click

from core.cli import params_option
from core.paths import COLLECTIONS, DETAILS, MIXED, SIMILARITY, STORES, TABLE, TRIPLETS


@click.command()
@click.argument("row", type=click.IntRange(min=1), required=False)
@click.option("--ids", nargs=3, metavar="QUERY POSITIVE NEGATIVE", help="The triplet's photos, instead of ROW.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default="triplet-ROW.png",
    help="The PNG to write.",
)
@params_option
def explain(row: int | None, ids: tuple[str, str, str] | None, output: Path | None, params_path: Path) -> None:
    """Draw the photos of a triplet of the mix, with the distances of both pairs, and say why it is there.

    ROW counts from 1 in data/triplets/mixed/triplets.parquet. Says too what of the parameters has changed since.

    Example: triplets explain 1
    """
    from core.errors import InputError
    from core.images import PixelStore
    from core.params import load
    from core.similarity import Similarity
    from core.tables import Catalog, Triplets
    from triplets.explained import explain
    from triplets.explained import figure as explain_figure
    from triplets.explained.text import told
    from triplets.params import MineParams, MixParams, RecommendParams
    from triplets.provenance import read_made_by
    from triplets.similarity import weighted

    if (row is None) == (ids is None):
        raise InputError("name a ROW or --ids, one of the two. Run triplets explain 1.")
    scales = Similarity.read(SIMILARITY).scales
    recommend = load(params_path, "triplets.recommend", RecommendParams)
    similarity = weighted(recommend.weights, recommend.category_weights, scales)
    now = {
        "triplets.mine": (load(params_path, "triplets.mine", MineParams), similarity),
        "triplets.mix": (load(params_path, "triplets.mix", MixParams), similarity),
    }
    mixed, known = Triplets.read(MIXED / TRIPLETS), read_made_by(MIXED / DETAILS)
    collections = {folder.name: Catalog.read(folder / TABLE) for folder in COLLECTIONS}
    place = row or explain.row_of(mixed, ids or ())
    found = explain.explain(mixed, place, collections, PixelStore.open(*STORES), known, now)
    path = output or Path(f"triplet-{place}.png")
    explain_figure.write(path, found)
    click.echo(told(found))
    click.echo(f"Look at {path}.")
