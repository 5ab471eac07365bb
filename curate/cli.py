"""The command line of `curate`."""

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from core.cli import Stage, params_option, workers_option
from core.params import load
from core.paths import CATALOG, CURATION, FETCHED, PHOTO_CACHE, SAMPLE, STREET
from core.photo_params import PhotoParams
from curate.day.cli import day
from curate.params import (
    DuplicateParams,
    FetchParams,
    IngestParams,
    PseudoWildParams,
    QualityParams,
    SampleParams,
    SplitParams,
    StreetParams,
)
from curate.snapshots.cli import snapshot

if TYPE_CHECKING:
    from curate.reading import Reading


@click.group(cls=Stage)
def main() -> None:
    """From photos and a table to a clean catalog: checked, partitioned, split, every photo decoded once.

    Example: curate sample && curate ingest && curate street && curate report
    """


@main.command()
@click.option("--days", type=click.IntRange(min=1), help="Let so many days pass at the shop that is there already.")
@params_option
@workers_option
def sample(days: int | None, params_path: Path, workers: int) -> None:
    """Render the sample catalog and street photos to data/sample (params: curate.sample).

    On each of the --days some products are new, one of them with a damaged photo, one leaves, and one is photographed
    anew. What stays as it was is not written, so that a second time nothing changes.

    Example: curate sample && curate sample --days 1
    """
    params = load(params_path, "curate.sample", SampleParams)

    from core.engines import Engine
    from curate.sample import render_sample
    from curate.sample_days import live_through

    if days is not None:
        new = sum(len(lived.new) for lived in live_through(days, params, SAMPLE))
        click.echo(f"{SAMPLE}: after {days} days {new} products are new, {days} left, {days} were photographed anew")
        return
    render_sample(params, SAMPLE, Engine(workers=workers))
    click.echo(f"{SAMPLE}: {params.products} products and {params.street_products} with street photos")


@main.command()
@params_option
@workers_option
def ingest(params_path: Path, workers: int) -> None:
    """Read a catalog table and its photos to data/curated/catalog.

    Params: curate.ingest, curate.photos, curate.fetch, curate.quality, curate.duplicates and curate.split. Rows that
    cannot be used stand in rejected.parquet with the reason. Photos that an earlier run has seen are not decoded
    again.

    Example: curate ingest --params params.yaml --workers 2
    """
    params = load(params_path, "curate.ingest", IngestParams)
    quality, duplicates, split = _shared(params_path)
    reading = _reading(params_path, params.images)

    from core.engines import Engine
    from curate.ingest import ingest

    start = perf_counter()
    counted = ingest(params, reading, quality, duplicates, split, CATALOG, Engine(workers=workers))
    _say(counted, CATALOG, perf_counter() - start)


@main.command()
@params_option
@workers_option
def street(params_path: Path, workers: int) -> None:
    """Read the street and shop photos of a folder like Street2Shop to data/curated/street.

    Params: curate.street, curate.pseudo_wild, and those of ingest, which must have run. Entries that cannot be used
    stand in rejected.parquet with the reason; lists without entries make an empty collection.

    Example: curate street --params params.yaml --workers 2
    """
    params = load(params_path, "curate.street", StreetParams)
    pseudo = load(params_path, "curate.pseudo_wild", PseudoWildParams)
    quality, duplicates, split = _shared(params_path)
    # Without street photos there need be no folder for them.
    reading = _reading(params_path, params.images if Path(params.images).exists() else "")

    from core.engines import Engine
    from curate.street import street

    start = perf_counter()
    counted = street(params, pseudo, reading, quality, duplicates, split, CATALOG, STREET, Engine(workers=workers))
    if not counted["street_photos"]:
        click.echo("No street photos: the share of wild triplets is zero.")
    _say(counted, STREET, perf_counter() - start)
    for category, counts in counted["categories"].items():
        click.echo(
            f"{category}: {counts['living_pairs']:,} of {counts['pairs']:,} pairs,"
            f" {counts['living_products']:,} products, {counts['missing_photos']:,} photos missing"
        )


@main.command()
@params_option
def report(params_path: Path) -> None:
    """Write one page on both collections to data/curated/report, and compare every test photo with every train photo.

    Params: all of curate but curate.sample. Fails, after the page is written, where a test photo has a copy in train.

    Example: curate report --params params.yaml
    """
    from curate.page.input import Settings

    quality, duplicates, split = _shared(params_path)
    settings = Settings(
        ingest=load(params_path, "curate.ingest", IngestParams),
        street=load(params_path, "curate.street", StreetParams),
        photos=load(params_path, "curate.photos", PhotoParams),
        fetch=load(params_path, "curate.fetch", FetchParams),
        quality=quality,
        duplicates=duplicates,
        pseudo_wild=load(params_path, "curate.pseudo_wild", PseudoWildParams),
        split=split,
    )
    from curate.inspection import inspect

    leaks = inspect(settings)
    click.echo(f"{leaks.tested:,} test photos compared with {leaks.trained:,} train photos: {len(leaks.pairs)} copies")
    click.echo(f"open {CURATION}/index.html")


@main.command()
@click.option("--prune", is_flag=True, help="Forget the photos that neither collection has.")
@params_option
def cache(prune: bool, params_path: Path) -> None:
    """Say what the photo cache in data/cache holds, and prune it (params: curate.photos).

    It spares decoding a photo again, and may be removed at any time.

    Example: curate cache --prune
    """
    photos = load(params_path, "curate.photos", PhotoParams)

    from curate.cache import PhotoCache
    from curate.inspection import contents

    if not PHOTO_CACHE.exists():
        click.echo(f"{PHOTO_CACHE}: none yet")
        return
    with PhotoCache(PHOTO_CACHE, photos) as held:
        if prune:
            held.prune(contents())
        count = held.count()
    click.echo(f"{PHOTO_CACHE}: {count:,} photos, {PHOTO_CACHE.stat().st_size / 2**20:,.1f} MB")


def _shared(params_path: Path) -> tuple[QualityParams, DuplicateParams, SplitParams]:
    return (
        load(params_path, "curate.quality", QualityParams),
        load(params_path, "curate.duplicates", DuplicateParams),
        load(params_path, "curate.split", SplitParams),
    )


def _reading(params_path: Path, images: str) -> "Reading":
    photos = load(params_path, "curate.photos", PhotoParams)
    fetch = load(params_path, "curate.fetch", FetchParams)

    from curate.places.roots import open_root
    from curate.reading import Reading

    return Reading(open_root(images, fetch, photos.max_bytes, FETCHED), PHOTO_CACHE, photos)


def _say(counted: dict[str, Any], folder: Path, seconds: float) -> None:
    from curate.report import lines

    for line in [*lines(counted, seconds), f"written to {folder}"]:
        click.echo(line)


for command in (snapshot, day):
    main.add_command(command)
