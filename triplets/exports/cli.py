"""The command that writes the triplets for other libraries."""

from pathlib import Path

import click

from core.paths import CATALOG, MIXED, STORES, STREET, TABLE, TRIPLETS


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--form",
    type=click.Choice(["ids", "images", "rows", "paths"]),
    required=True,
    help="What stands for the three photos of a triplet.",
)
@click.option("--replace", is_flag=True, help="Delete the export that FOLDER holds, and write this one.")
def export(folder: Path, form: str, replace: bool) -> None:
    """Write the mixed triplets to FOLDER in a form that other libraries read.

    \b
    ids     Hugging Face datasets: photo ids, and every photo once
    images  Hugging Face datasets: the photos inside every triplet; large
    rows    NumPy: rows of an array with a row per photo (pytorch-metric-learning)
    paths   CSV: photo paths (the original MILDNet trainer)

    docs/exports.md has the lines that load each.

    Example: triplets export exports/ids --form ids
    """
    from core.images import PixelStore
    from core.tables import Catalog, Triplets
    from triplets.exports import forms

    forms.refuse_to_overwrite(folder, replace)
    mixed = Triplets.read(MIXED / TRIPLETS)
    catalog = Catalog.concat([Catalog.read(CATALOG / TABLE), Catalog.read(STREET / TABLE)])
    forms.export(folder, form, mixed, PixelStore.open(*STORES), catalog)
    written = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    told = ", ".join(f"{count:,} {split}" for split, count in forms.counts(mixed).items())
    click.echo(f"{told} triplets in {folder}, {written / 1e6:,.1f} MB.")
