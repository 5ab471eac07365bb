"""The command line of `features`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli import Stage, params_option, workers_option
from core.paths import CATALOG, COLLECTIONS, FEATURES, STORE, STORES, TABLE

if TYPE_CHECKING:
    from core.tables import Column


@click.group(cls=Stage)
def main() -> None:
    """Describe every photo by its structure, pattern and colour.

    Example: features fit structure && features extract structure
    """


@main.group(cls=Stage)
def fit() -> None:
    """Train the classifier whose inside is a descriptor.

    Example: features fit structure
    """


@fit.command("structure")
@params_option
def fit_structure(params_path: Path) -> None:
    """Train on the catalog's categories; writes data/features/structure_classifier.

    Example: features fit structure
    """
    from core.images import PixelStore
    from core.params import load
    from core.tables import Catalog
    from features import classifier, labels, report
    from features.params import ClassifierParams

    params = load(params_path, "features.structure", ClassifierParams)
    catalog = Catalog.read(CATALOG / TABLE)
    parts = labels.by_split(catalog, PixelStore.open(CATALOG / STORE), catalog.category)
    fitted = classifier.fit(parts["train"], parts["val"], parts["test"], params)
    report.write(FEATURES / "structure_classifier", fitted, source="labels")
    click.echo(report.line("structure", fitted, "labels"))


@fit.command("pattern")
@params_option
def fit_pattern(params_path: Path) -> None:
    """Train on the catalog's pattern labels or, where it has none, on rendered patterns.

    Writes data/features/pattern_classifier.

    Example: features fit pattern
    """
    from core.images import PixelStore
    from core.params import load
    from core.tables import Catalog
    from features import classifier, pattern_labels, report
    from features.params import ClassifierParams, RenderedParams

    params = load(params_path, "features.pattern", ClassifierParams)
    rendered = load(params_path, "features.rendered", RenderedParams)
    catalog = Catalog.read(CATALOG / TABLE)
    source, parts = pattern_labels.by_pattern(catalog, PixelStore.open(CATALOG / STORE), rendered)
    fitted = classifier.fit(parts["train"], parts["val"], parts["test"], params)
    report.write(FEATURES / "pattern_classifier", fitted, source=source)
    click.echo(report.line("pattern", fitted, source))


@main.group(cls=Stage, invoke_without_command=True)
@click.pass_context
def extract(context: click.Context) -> None:
    """Write a descriptor table: one vector per photo of the catalog and of the street collection.

    Without a name, all three.

    Example: features extract color
    """
    if context.invoked_subcommand is None:
        for command in extract.commands.values():
            context.invoke(command)


@extract.command("structure")
def extract_structure() -> None:
    """Write data/features/structure.arrow with the structure classifier's descriptor.

    Example: features extract structure
    """
    _extract_by_network("structure")


@extract.command("pattern")
def extract_pattern() -> None:
    """Write data/features/pattern.arrow with the pattern classifier's descriptor.

    Example: features extract pattern
    """
    _extract_by_network("pattern")


@extract.command("color")
@params_option
@workers_option
def extract_color(params_path: Path, workers: int) -> None:
    """Write data/features/color.arrow: LAB histograms.

    Example: features extract color --workers 2
    """
    from core.params import load
    from features import color_table
    from features.params import ColorParams

    params = load(params_path, "features.color", ColorParams)
    vectors = color_table.histograms(STORES, _image_ids(), bins=params.bins, workers=workers)
    vectors.write(FEATURES / "color.arrow")
    click.echo(f"color: {len(vectors.image_id)} photos, {vectors.values.shape[1]} dimensions")


def _extract_by_network(name: str) -> None:
    from features import extract, report

    vectors = extract.by_network(name, FEATURES / f"{name}_classifier" / report.MODEL, STORES, _image_ids())
    vectors.write(FEATURES / f"{name}.arrow")
    click.echo(f"{name}: {len(vectors.image_id)} photos, {vectors.values.shape[1]} dimensions")


def _image_ids() -> "Column":
    from core.tables import Catalog

    collections = [Catalog.read(folder / TABLE) for folder in COLLECTIONS]
    return Catalog.concat(collections).image_id
