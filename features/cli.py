"""The command line of `features`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli import Stage, engine_defaults, engine_options, params_option
from core.data_option import data_option
from core.paths import (
    CATALOG,
    CLASSIFIERS,
    FEATURE_CACHE,
    FEATURES,
    MODEL,
    STORE,
    STORES,
    TABLE,
    TABLES,
    TRUNK,
    VECTORS,
)

if TYPE_CHECKING:
    from core.engines import Engine
    from core.tables import Catalog
    from features.chunks import Collected

_CLASSIFIERS = tuple(folder / name for folder in CLASSIFIERS.values() for name in (MODEL, TRUNK))


@click.group(cls=Stage)
def main() -> None:
    """Describe every photo by its structure, pattern and colour.

    Example: features fit structure && features fit pattern && features extract
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
    from features.cache import FeatureCache
    from features.catalog_photos import CatalogPhotos
    from features.params import ClassifierParams, TrunkParams

    params = load(params_path, "features.structure", ClassifierParams)
    other = load(params_path, "features.pattern.trunk", TrunkParams)
    catalog = Catalog.read(CATALOG / TABLE)
    photos = CatalogPhotos(PixelStore.open(CATALOG / STORE), catalog.image_id, params.trunk.view)
    with FeatureCache(FEATURE_CACHE) as known:
        fitted = classifier.fit(labels.by_split(photos, catalog.category, catalog.split), params, known, other)
    metrics = report.write(CLASSIFIERS["structure"], "structure", fitted, params)
    click.echo(report.line("structure", metrics))


@fit.command("pattern")
@params_option
def fit_pattern(params_path: Path) -> None:
    """Train on the catalog's pattern labels, on words of its attributes and on rendered patterns.

    Writes data/features/pattern_classifier. Each source's accuracy is told apart.

    Example: features fit pattern
    """
    from core.images import PixelStore
    from core.params import load
    from core.tables import Catalog
    from features import classifier, pattern_labels, report
    from features.cache import FeatureCache
    from features.params import ClassifierParams, PatternSourceParams, TrunkParams

    params = load(params_path, "features.pattern", ClassifierParams)
    sources = load(params_path, "features.pattern_sources", PatternSourceParams)
    other = load(params_path, "features.structure.trunk", TrunkParams)
    catalog = Catalog.read(CATALOG / TABLE)
    labelled = pattern_labels.by_pattern(catalog, PixelStore.open(CATALOG / STORE), sources, params.trunk.view)
    with FeatureCache(FEATURE_CACHE) as known:
        fitted = classifier.fit(labelled, params, known, other)
    metrics = report.write(CLASSIFIERS["pattern"], "pattern", fitted, params)
    click.echo(report.line("pattern", metrics))


@main.group(cls=Stage, invoke_without_command=True)
@click.pass_context
@engine_defaults
def extract(context: click.Context) -> None:
    """Write the descriptor tables: a vector per photo of the catalog and of the street collection.

    Without a name, all three. Photos that were described before come from data/cache/features.sqlite, as do those of
    a run that was stopped. Where some photos cannot be read, the others are described, but no table is written.

    Example: features extract
    """
    from core.errors import TableError

    if context.invoked_subcommand is not None:
        return
    damage: list[str] = []
    for command in extract.commands.values():
        try:
            context.invoke(command)
        except TableError as error:
            damage.append(str(error))
    if damage:
        raise TableError(" ".join(dict.fromkeys(damage)))


@extract.command("networks")
@click.option(
    "--memory",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="GiB of a worker for photos in a network; the results are the same for every number.",
)
@partial(engine_options, default="local")
@data_option(reads=(*TABLES, *STORES, *_CLASSIFIERS), of_workers=(*STORES, *_CLASSIFIERS), writes=VECTORS[:2])
def extract_networks(memory: float, engine: "Engine") -> None:
    """Write data/features/structure.arrow and pattern.arrow with the classifiers' descriptors.

    Where both classifiers sit on one trunk, a photo goes through it once. A network uses all cores already, so
    processes are worth their start for many photos on many cores only.

    Example: features extract networks --engine spark --master spark://HOST:7077
    """
    from features import extract as extraction
    from features.cache import FeatureCache

    with FeatureCache(FEATURE_CACHE) as known:
        described = extraction.by_networks(CLASSIFIERS, _collected(), known, engine=engine, memory=memory)
        for name, vectors in described.items():
            vectors.write(FEATURES / f"{name}.arrow")
            click.echo(f"{name}: {len(vectors.image_id)} photos, {vectors.values.shape[1]} dimensions")


@extract.command("color")
@params_option
@engine_options
@data_option(reads=(*TABLES, *STORES), of_workers=STORES, writes=VECTORS[2:])
def extract_color(params_path: Path, engine: "Engine") -> None:
    """Write data/features/color.arrow: LAB histograms of the garments.

    Example: features extract color --workers 2
    """
    from core.color_params import ColorParams
    from core.params import load
    from features import color_table
    from features.cache import FeatureCache

    params = load(params_path, "features.color", ColorParams)
    with FeatureCache(FEATURE_CACHE) as known:
        vectors = color_table.histograms(_collected(), params, known, engine=engine)
    vectors.write(FEATURES / "color.arrow")
    click.echo(f"color: {len(vectors.image_id)} photos, {vectors.values.shape[1]} dimensions")


@main.command("show")
@click.argument("image_id")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="PNG; else below data/features/shown.")
@params_option
def show(image_id: str, output: Path | None, params_path: Path) -> None:
    """Draw what each descriptor makes of a photo.

    The figure has the photo, the part of it whose colour counts, its LAB histograms, the classes and patterns that it
    is taken for, and its nearest neighbours inside its partition by each descriptor alone.

    Example: features show p00003-1.jpg
    """
    from core.color_params import ColorParams
    from core.params import load
    from features import show as drawing
    from features import shown
    from features.cache import FeatureCache

    params = load(params_path, "features.color", ColorParams)
    with FeatureCache(FEATURE_CACHE) as known:
        of_photo = shown.gather(image_id, _photos(), params, known)
    path = output or FEATURES / "shown" / f"{image_id.replace('/', '_')}.png"
    drawing.figure(path, of_photo)
    click.echo(f"written to {path}")


@main.command("cache")
@click.option("--prune", is_flag=True, help="Forget what no present photo, classifier or colour parameter needs.")
@params_option
def cache(prune: bool, params_path: Path) -> None:
    """Say how much data/cache/features.sqlite holds, and with --prune give room back.

    It keeps what the networks and the histograms made of each photo, so that a new day's photos alone are computed.
    It may be removed at any time.

    Example: features cache --prune
    """
    from core.color_params import ColorParams
    from core.params import load
    from features.cache import FeatureCache

    with FeatureCache(FEATURE_CACHE) as known:
        if prune:
            from features import needed

            params = load(params_path, "features.color", ColorParams)
            known.prune(needed.makers(CLASSIFIERS, params), needed.photos(STORES, _photos().image_id))
        click.echo(f"{FEATURE_CACHE}: {known.count():,} vectors, {known.size() / 1e6:,.1f} MB")


def _photos() -> "Catalog":
    from core.tables import Catalog

    return Catalog.concat([Catalog.read(table) for table in TABLES])


def _collected() -> "Collected":
    from features.chunks import Collected

    photos = _photos()
    return Collected.of(photos.image_id, photos.partition, STORES)
