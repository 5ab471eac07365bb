"""`triplets`: neighbours, triplets mined from them, and the mix that trains."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli import Stage, engine_options, params_option
from core.data_option import data_option
from core.paths import (
    CATALOG,
    FEATURES,
    MINED,
    MIXED,
    NEIGHBORS,
    PAGE,
    RECOMMENDED,
    REPORT,
    SEAL,
    SEEN,
    SIMILAR,
    SIMILAR_LOCK,
    SIMILARITY,
    STORE,
    STORES,
    STREET,
    STREET_PAIRS,
    TABLE,
    TABLES,
    TRIPLETS,
    VECTORS,
)
from triplets.explained.cli import explain
from triplets.exports.cli import export
from triplets.index.cli import index_commands, search_photos
from triplets.judged.cli import ask, learn_weights
from triplets.published.cli import publish
from triplets.tune.cli import tune

if TYPE_CHECKING:
    from core.engines import Engine

_OF_SIMILAR = (CATALOG / TABLE, CATALOG / STORE, *VECTORS, SIMILARITY, SIMILAR, SEEN, SEAL)
_OF_MIX = (*TABLES, *STORES, STREET / STREET_PAIRS, *VECTORS, SIMILARITY, MINED / TRIPLETS, MINED / REPORT)


@click.group(cls=Stage)
def main() -> None:
    """Recommend neighbours, mine triplets from them, and mix the kinds.

    Example: triplets recommend && triplets mine && triplets mix
    """


@main.command()
@params_option
@engine_options
@data_option(reads=(CATALOG / TABLE, CATALOG / STORE, *VECTORS), of_workers=VECTORS, writes=[RECOMMENDED])
def recommend(params_path: Path, engine: "Engine") -> None:
    """Find the nearest photos of every catalog photo in its partition, with the weights of params.yaml.

    Writes the neighbours, the scaled and weighted distance, how much each descriptor really decides, and a sheet to
    look at.

    Example: triplets recommend --workers 2
    """
    from core.atomic import replacing, write_json
    from core.images import PixelStore
    from core.params import load
    from core.tables import Catalog, Neighbors
    from triplets import neighbors, similarity
    from triplets.params import RecommendParams
    from triplets.reports.recommended import contributions
    from triplets.sheets import candidates, neighbor_sheet

    params = load(params_path, "triplets.recommend", RecommendParams)
    catalog = Catalog.read(CATALOG / TABLE)
    photos = PixelStore.open(CATALOG / STORE)
    drawn = similarity.Pairs.draw(catalog, FEATURES, params)
    fitted = similarity.fit(drawn, catalog, params)
    decided = similarity.contributions(drawn, fitted)
    found = neighbors.recommend(catalog, FEATURES, fitted, params.neighbors, engine)
    with replacing(RECOMMENDED) as folder:
        fitted.write(folder / SIMILARITY.name)
        count = Neighbors.write_parts(folder / NEIGHBORS.name, found)
        write_json(folder / REPORT, {"contributions": decided})
        some = candidates(catalog, params.seed)
        shown = Neighbors.read(folder / NEIGHBORS.name, query_id=some, rank=range(1, 9))
        neighbor_sheet(folder / "neighbors.png", shown, catalog, photos, rows=6, columns=8, seed=params.seed)
    click.echo(contributions(fitted, decided))
    click.echo(f"{count:,} neighbours of {len(catalog):,} photos. Look at {RECOMMENDED / 'neighbors.png'}.")


@main.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=SIMILAR,
    show_default=True,
    help="The file to write; .parquet, .csv or .jsonl tells the format.",
)
@click.option("--incremental", is_flag=True, help="Bring the lists of the last run up to date: the same bytes, sooner.")
@params_option
@engine_options
@data_option(reads=_OF_SIMILAR, of_workers=VECTORS, writes=[SIMILAR, SEEN, SIMILAR.with_suffix(".png"), SEAL])
def similar(output: Path, incremental: bool, params_path: Path, engine: "Engine") -> None:
    """Find the most similar products of every product in its partition, variants of one product shown once.

    Reads the weights that `triplets recommend` wrote. Beside the default file stands what the lists were made from, by
    which the next run knows what has changed; and a sheet to look at, of the last run that found all lists.

    Example: triplets similar --incremental
    """
    from contextlib import nullcontext

    from core.atomic import alone
    from core.errors import InputError, PartialError
    from core.params import load
    from core.similarity import Similarity
    from core.tables import Similar
    from triplets.params import SimilarParams
    from triplets.products import daily, lists, seen
    from triplets.products import files as table_files
    from triplets.products.families import families
    from triplets.products.photos import Photos
    from triplets.products.similar import Search

    table_files.refuse_other(output)
    if incremental and output != SIMILAR:
        raise InputError(f"--incremental brings {SIMILAR} up to date. Leave --output out. Received: {output}")
    with alone(SIMILAR_LOCK, "triplets similar") if output == SIMILAR else nullcontext():
        params = load(params_path, "triplets.similar", SimilarParams)
        photos = Photos.read(CATALOG / TABLE, params.variant)
        similarity = Similarity.read(SIMILARITY)
        family = families(photos, params.variant)
        search = Search.of(photos, family, FEATURES, similarity, params.products, engine)
        made = seen.made_by(params.products, similarity)
        last, why = seen.read(made) if incremental else (None, "")
        since = []
        if why:
            click.echo(f"All lists are found anew: {why}.")
        if output != SIMILAR:
            count = table_files.write_parts(output, Similar, daily.tables(search))
        elif last is None:
            count = daily.write_all(search, made)
        else:
            count, counts, partitions = daily.bring_up_to_date(search, last, made)
            since = [counts.describe(partitions)]
        click.echo("\n".join([lists.describe(search.places, params.products), *since]))
        click.echo(f"{count:,} similar products in {output}.")
        if output == SIMILAR and not since and not search.failed:
            from core.images import PixelStore
            from core.tables import Catalog
            from triplets.products.sheet import write_sheet

            sheet = output.with_suffix(".png")
            write_sheet(sheet, output, Catalog.read(CATALOG / TABLE), PixelStore.open(CATALOG / STORE))
            click.echo(f"Look at {sheet}.")
    if search.failed:
        raise PartialError(search.failed.describe())


@main.command(name="neighbors")
@click.argument("image_id")
def show_neighbors(image_id: str) -> None:
    """Print the ten nearest photos of IMAGE_ID, fused distance first.

    Example: triplets neighbors IMAGE_ID
    """
    from core.errors import InputError
    from core.tables import Neighbors
    from triplets.reports.recommended import nearest

    found = Neighbors.read(NEIGHBORS, query_id=[image_id], rank=range(1, 11))
    if len(found) == 0:
        raise InputError(f"{NEIGHBORS} has no neighbours of {image_id}. Name an image_id of {CATALOG / TABLE}.")
    click.echo(nearest(found), nl=False)


@main.command()
@params_option
@engine_options
@data_option(reads=(CATALOG / TABLE, SIMILARITY, *VECTORS), of_workers=VECTORS, writes=[MINED])
def mine(params_path: Path, engine: "Engine") -> None:
    """Mine in-class and out-of-class triplets from the nearest photos inside each partition and split.

    Prints how many candidates each rule rejected, and the parameter that changes it.

    Example: triplets mine --workers 2
    """
    from core.atomic import replacing
    from core.params import load
    from core.similarity import Similarity
    from core.tables import Catalog, Triplets
    from triplets import mine
    from triplets.params import MineParams
    from triplets.provenance import MadeBy
    from triplets.reports.mined import MinedReport
    from triplets.reports.mining import console
    from triplets.tally import Tally

    params = load(params_path, "triplets.mine", MineParams)
    catalog = Catalog.read(CATALOG / TABLE)
    similarity = Similarity.read(SIMILARITY)
    tally = Tally()
    with replacing(MINED) as folder:
        found = mine.mine(catalog, FEATURES, similarity, params, engine)
        Triplets.write_parts(folder / TRIPLETS, tally.count(found))
        MinedReport.write(folder / REPORT, tally.as_json(), MadeBy.of("triplets.mine", params, similarity))
    click.echo(console(tally), nl=False)


@main.command()
@params_option
@engine_options
@data_option(reads=_OF_MIX, of_workers=VECTORS, writes=[MIXED])
def mix(params_path: Path, engine: "Engine") -> None:
    """Mine wild triplets and mix all kinds in the asked shares and totals.

    Writes the mix as a table and, per split, as headerless query,positive,negative paths; and a report, as a page and
    as numbers.

    Example: triplets mix --workers 2
    """
    from core.atomic import replacing
    from core.images import PixelStore
    from core.params import load
    from core.similarity import Similarity
    from core.tables import Catalog, StreetPairs, Triplets
    from triplets import mix, wild
    from triplets.params import MixParams
    from triplets.provenance import MadeBy
    from triplets.reports import files
    from triplets.reports.facts import facts
    from triplets.reports.mined import MinedReport
    from triplets.reports.shares import console
    from triplets.reports.sheet import sheet
    from triplets.sheets import triplet_sheet

    params = load(params_path, "triplets.mix", MixParams)
    catalog, street = Catalog.read(CATALOG / TABLE), Catalog.read(STREET / TABLE)
    pairs = StreetPairs.read(STREET / STREET_PAIRS)
    similarity = Similarity.read(SIMILARITY)
    mined, of_mined = Triplets.read(MINED / TRIPLETS), MinedReport.read(MINED / REPORT)
    photos = PixelStore.open(*STORES)
    from_street, counts = wild.mine(street, pairs, FEATURES, similarity, params, engine)
    supply = Triplets.concat([mined, from_street])
    mixed = mix.mix(supply, params)
    of_wild = counts, MadeBy.of("triplets.mix", params, similarity)
    told = facts(supply, mixed, (catalog, street), params, of_wild, of_mined)
    with replacing(MIXED) as folder:
        mixed.write(folder / TRIPLETS)
        mixed = Triplets.read(folder / TRIPLETS)  # sorted; the page names rows by their place
        mix.write_paths(folder, mixed, Catalog.concat([catalog, street]))
        files.write(folder, told, sheet(mixed, photos, params.seed))
        triplet_sheet(folder / "triplets.png", mixed, photos, rows=6, seed=params.seed)
    click.echo(console(told.shares))
    click.echo(f"Look at {MIXED / 'triplets.png'} and open {MIXED / PAGE}.")


for command in (explain, export, publish, index_commands, search_photos, ask, learn_weights, tune):
    main.add_command(command)
