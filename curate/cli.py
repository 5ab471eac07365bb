"""The command line of `curate`."""

from pathlib import Path
from time import perf_counter
from typing import Any

import click

from core.cli import Stage, params_option, workers_option
from core.params import load
from core.paths import CATALOG, SAMPLE, STREET
from curate.params import IngestParams, PhotoParams, SampleParams, SplitParams, StreetParams


@click.group(cls=Stage)
def main() -> None:
    """From photos and a table to a clean catalog: checked, partitioned, split, every photo decoded once.

    Example: curate sample && curate ingest && curate street
    """


@main.command()
@params_option
@workers_option
def sample(params_path: Path, workers: int) -> None:
    """Render the sample catalog and street photos to data/sample (params: curate.sample).

    Example: curate sample --params params.yaml
    """
    params = load(params_path, "curate.sample", SampleParams)

    from curate.sample import render_sample

    render_sample(params, SAMPLE, workers)
    click.echo(f"{SAMPLE}: {params.products} products and {params.street_products} with street photos")


@main.command()
@params_option
@workers_option
def ingest(params_path: Path, workers: int) -> None:
    """Read a catalog table and its photos to data/curated/catalog.

    Params: curate.ingest, curate.photos and curate.split. Rows that cannot be used stand in rejected.parquet
    with the reason.

    Example: curate ingest --params params.yaml --workers 2
    """
    params = load(params_path, "curate.ingest", IngestParams)
    photos, split = _shared(params_path)

    from curate.ingest import ingest

    start = perf_counter()
    _say(ingest(params, photos, split, CATALOG, workers), CATALOG, perf_counter() - start)


@main.command()
@params_option
@workers_option
def street(params_path: Path, workers: int) -> None:
    """Read the street and shop photos of a folder like Street2Shop to data/curated/street.

    Params: curate.street, curate.photos and curate.split. Entries that cannot be used stand in
    rejected.parquet with the reason; lists without entries make an empty collection.

    Example: curate street --params params.yaml --workers 2
    """
    params = load(params_path, "curate.street", StreetParams)
    photos, split = _shared(params_path)

    from curate.street import street

    start = perf_counter()
    report = street(params, photos, split, STREET, workers)
    if not report["rows"]:
        click.echo(f"{STREET}: the lists of {params.root} are empty, and so is the collection")
        return
    _say(report, STREET, perf_counter() - start)
    for category, counts in report["categories"].items():
        click.echo(
            f"{category}: {counts['living_pairs']:,} of {counts['pairs']:,} pairs,"
            f" {counts['living_products']:,} products, {counts['missing_photos']:,} photos missing"
        )


def _shared(params_path: Path) -> tuple[PhotoParams, SplitParams]:
    return load(params_path, "curate.photos", PhotoParams), load(params_path, "curate.split", SplitParams)


def _say(report: dict[str, Any], folder: Path, seconds: float) -> None:
    from curate.report import lines

    for line in [*lines(report, seconds), f"written to {folder}"]:
        click.echo(line)
