"""The commands that build the index and that search, with it or without."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli import params_option, workers_option
from core.paths import CATALOG, COLLECTIONS, FEATURES, INDEX, REPORT, SIMILARITY, STORES, TABLE

if TYPE_CHECKING:
    from core.images import Pixels

# What `index build` measures is what `search` does unless asked otherwise.
_CANDIDATES = 200


@click.group("index")
def index_commands() -> None:
    """The index by which `triplets search` finds its candidates.

    Example: triplets index build
    """


@index_commands.command("build")
@click.option("--dimensions", type=click.IntRange(min=1), default=64, show_default=True, help="Of the PCA, at most.")
@click.option("--trees", type=click.IntRange(1, 10_000), default=20, show_default=True, help="More: larger, better.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@workers_option
def build_index(dimensions: int, trees: int, seed: int, workers: int) -> None:
    """Write an Annoy file per partition to data/triplets/index, with the weights of the last `triplets recommend`.

    Prints its recall: the share of the ten nearest photos that it finds, of up to 500 queries. Build it anew after
    every change of the weights, the photos or the descriptors; until then search answers exactly.

    Example: triplets index build --trees 50
    """
    from core.atomic import replacing, write_json
    from core.engines import Engine
    from core.similarity import Similarity
    from core.tables import Catalog
    from triplets.distances import Described
    from triplets.index import build as index_build
    from triplets.index import report as index_report

    catalog = Catalog.read(CATALOG / TABLE)
    similarity = Similarity.read(SIMILARITY)
    described = Described.find(FEATURES, catalog.image_id)
    asked = index_build.Asked(dimensions, trees, seed)
    with replacing(INDEX) as folder:
        figures = index_report.measured(
            folder, catalog, described, similarity, asked, _CANDIDATES, Engine(workers=workers)
        )
        write_json(folder / REPORT, figures)
    click.echo(index_report.told(figures), nl=False)


@click.command("search")
@click.argument("photo", metavar="PHOTO|IMAGE_ID")
@click.option("-k", "k", type=click.IntRange(min=1), default=10, show_default=True, help="How many to find.")
@click.option("--partition", metavar="GENDER/CATEGORY", help="Where to seek; else the photo's own partition.")
@click.option("--everywhere", is_flag=True, help="Seek in the whole catalog, exactly.")
@click.option("--exact", is_flag=True, help="Leave the index aside.")
@click.option(
    "--candidates",
    type=click.IntRange(min=1),
    default=_CANDIDATES,
    show_default=True,
    help="Photos that the index offers and the exact distance ranks; at least k.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Draw the first 200 of them, as PNG.")
@params_option
def search_photos(
    photo: str,
    k: int,
    partition: str | None,
    everywhere: bool,
    exact: bool,
    candidates: int,
    output: Path | None,
    params_path: Path,
) -> None:
    """Print the nearest photos of a photo of the collections, or of a photo file.

    The photo's own product and its copies are left out. The index of the partition offers candidates, which are ranked
    by their exact distance; where it cannot serve, the command says why and looks at every photo instead. The
    partition of a photo file is unknown: name it, or search everywhere.

    Example: triplets search p00003-1.jpg -k 20 --output nearest.png
    """
    from core.errors import TableError
    from core.similarity import Similarity
    from core.tables import Catalog
    from triplets.distances import Described
    from triplets.index import question, search
    from triplets.index import shown as answer_shown

    catalog = Catalog.read(CATALOG / TABLE)
    known = question.known(photo, [folder / TABLE for folder in COLLECTIONS])
    place = question.place(photo, known, partition, catalog, everywhere)
    similarity = place.similarity(Similarity.read(SIMILARITY))
    if known is None:
        pixels = _strange(photo, params_path)
        query = question.of_strange(pixels, catalog, FEATURES)
    else:
        pixels = None
        query = question.of_known(known, catalog, FEATURES)
    described = Described.find(FEATURES, catalog.image_id)
    rows = place.rows
    if place.partition is not None and not exact:
        try:
            rows = search.candidates(INDEX, place, query, catalog, described, similarity, max(candidates, k))
        except TableError as error:
            click.echo(f"Answered exactly, without the index: {error}", err=True)
    answer = search.nearest(query, described, similarity, rows, k)
    click.echo(answer_shown.table(answer, catalog), nl=False)
    if output is not None:
        answer_shown.sheet(output, photo, pixels, answer, catalog, STORES)
        click.echo(f"Look at {output}.")


def _strange(photo: str, params_path: Path) -> "Pixels":
    """The pixels of a photo file."""
    from core import photo_file
    from core.params import load
    from core.photo_params import PhotoParams

    return photo_file.read(Path(photo), load(params_path, "curate.photos", PhotoParams))
