"""`triplets`: neighbours, triplets mined from them, and the mix that trains."""

from pathlib import Path

import click

from core.cli import Stage, params_option, workers_option
from core.paths import (
    CATALOG,
    FEATURES,
    MINED,
    MIXED,
    NEIGHBORS,
    RECOMMENDED,
    REPORT,
    SIMILARITY,
    STORE,
    STORES,
    STREET,
    STREET_PAIRS,
    TABLE,
    TRIPLETS,
)


@click.group(cls=Stage)
def main() -> None:
    """Recommend neighbours, mine triplets from them, and mix the kinds.

    Example: triplets recommend && triplets mine && triplets mix
    """


@main.command()
@params_option
@workers_option
def recommend(params_path: Path, workers: int) -> None:
    """Find the nearest photos of every catalog photo in its partition, with the weights of params.yaml.

    Writes the neighbours, the scaled and weighted distance, and a sheet to look at.

    Example: triplets recommend --workers 2
    """
    from core.atomic import replacing
    from core.images import PixelStore
    from core.params import load
    from core.tables import Catalog
    from triplets import neighbors, similarity
    from triplets.params import RecommendParams
    from triplets.sheets import neighbor_sheet

    params = load(params_path, "triplets.recommend", RecommendParams)
    catalog = Catalog.read(CATALOG / TABLE)
    photos = PixelStore.open(CATALOG / STORE)
    fitted = similarity.fit(catalog, FEATURES, params)
    found = neighbors.recommend(catalog, FEATURES, fitted, params.neighbors, workers)
    with replacing(RECOMMENDED) as folder:
        fitted.write(folder / SIMILARITY.name)
        found.write(folder / NEIGHBORS.name)
        neighbor_sheet(folder / "neighbors.png", found, catalog, photos, rows=6, columns=8, seed=params.seed)
    click.echo(f"{len(found):,} neighbours of {len(catalog):,} photos. Look at {RECOMMENDED / 'neighbors.png'}.")


@main.command(name="neighbors")
@click.argument("image_id")
def show_neighbors(image_id: str) -> None:
    """Print the ten nearest photos of IMAGE_ID, fused distance first.

    Example: triplets neighbors IMAGE_ID
    """
    from core.errors import InputError
    from core.tables import Neighbors
    from triplets.report import nearest

    found = Neighbors.read(NEIGHBORS)
    found = found.take((found.query_id == image_id) & (found.rank <= 10))
    if len(found) == 0:
        raise InputError(f"{NEIGHBORS} has no neighbours of {image_id}. Name an image_id of {CATALOG / TABLE}.")
    click.echo(nearest(found), nl=False)


@main.command()
@params_option
@workers_option
def mine(params_path: Path, workers: int) -> None:
    """Mine in-class and out-of-class triplets from the nearest photos inside each partition and split.

    Prints how many candidates each rule rejected, and the parameter that changes it.

    Example: triplets mine --workers 2
    """
    from core.atomic import replacing, write_json
    from core.params import load
    from core.similarity import Similarity
    from core.tables import Catalog
    from triplets import mine, report
    from triplets.params import MineParams

    params = load(params_path, "triplets.mine", MineParams)
    catalog = Catalog.read(CATALOG / TABLE)
    similarity = Similarity.read(SIMILARITY)
    triplets, counts = mine.mine(catalog, FEATURES, similarity, params, workers)
    with replacing(MINED) as folder:
        triplets.write(folder / TRIPLETS)
        write_json(folder / REPORT, report.mined(triplets, counts, catalog))
    click.echo(report.console(triplets, counts), nl=False)


@main.command()
@params_option
@workers_option
def mix(params_path: Path, workers: int) -> None:
    """Mine wild triplets and mix all kinds in the asked shares and totals.

    Writes the mix as a table and, per split, as headerless query,positive,negative paths.

    Example: triplets mix --workers 2
    """
    from core.atomic import replacing, write_json, write_text
    from core.images import PixelStore
    from core.params import load
    from core.similarity import Similarity
    from core.tables import Catalog, StreetPairs, Triplets
    from triplets import mix, report, wild
    from triplets.params import MixParams
    from triplets.sheets import triplet_sheet

    params = load(params_path, "triplets.mix", MixParams)
    catalog, street = Catalog.read(CATALOG / TABLE), Catalog.read(STREET / TABLE)
    pairs = StreetPairs.read(STREET / STREET_PAIRS)
    similarity = Similarity.read(SIMILARITY)
    mined = Triplets.read(MINED / TRIPLETS)
    photos = PixelStore.open(*STORES)
    from_street, counts = wild.mine(street, pairs, FEATURES, similarity, params, workers)
    supply = Triplets.concat([mined, from_street])
    mixed = mix.mix(supply, params)
    counts.update(report.read_rules(MINED / REPORT))
    with replacing(MIXED) as folder:
        mixed.write(folder / TRIPLETS)
        mix.write_paths(folder, mixed, Catalog.concat([catalog, street]))
        write_json(folder / REPORT, report.metrics(mixed))
        write_text(folder / "report.md", report.markdown(supply, mixed, params, counts))
        triplet_sheet(folder / "triplets.png", mixed, photos, rows=6, seed=params.seed)
    click.echo(report.shares(supply, mixed, params))
    click.echo(f"Look at {MIXED / 'triplets.png'} and read {MIXED / 'report.md'}.")
