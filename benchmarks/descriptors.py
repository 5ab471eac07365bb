"""How often the ten nearest photos by one descriptor alone share what it is there to see.

A catalog goes through the commands themselves, in a folder of its own: the rendered sample, whose patterns and colours
are known, with random weights to start from; and the clothing photos, with the weights of one small trunk. Classifiers
are fitted on train and stopped on val; the queries are the photos of test. The colour descriptor is fitted to nothing,
so every photo may ask too.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from core import batch_norm, models, rows
from core.images import PixelStore
from core.params import load
from core.paths import CATALOG, FEATURES, STORE, TABLE
from core.similarity import Floats, prepare
from core.tables import Catalog, Vectors
from features import pooled
from features.cache import FeatureCache
from features.catalog_photos import CatalogPhotos
from features.params import ClassifierParams
from features.tuning import calibration
from train.evaluation.agreement import agreement
from train.evaluation.among_all import among_all
from train.evaluation.inside import nearest_inside

ROOT = Path(__file__).parents[1]
CLOTHING = ROOT / "../shared/datasets/clothing"
HEADER = ["catalog", "descriptor", "shared", "queries", "photos", "fitted", "untuned", "chance", "ceiling"]
COMMANDS = ("curate ingest", "curate street", "features fit structure", "features fit pattern", "features extract")


@click.command()
@click.option("--seed", default=1, show_default=True, help="Of the rendered sample.")
@click.option("--only", type=click.Choice(["sample", "clothing"]), help="One catalog instead of both.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(seed: int, only: str | None, json_path: Path | None) -> None:
    """Fit and extract on the sample and on the clothing photos, and count what neighbours share.

    Example: python benchmarks/descriptors.py --only sample --seed 2
    """
    table: rows.Rows = [HEADER]
    if only != "clothing":
        with tempfile.TemporaryDirectory() as folder:
            table += _sample(Path(folder), seed)
    if only != "sample" and CLOTHING.is_dir():
        with tempfile.TemporaryDirectory() as folder:
            table += _clothing(Path(folder))
    elif only != "sample":
        click.echo("clothing: skipped, ../shared/datasets/clothing is not here")
    click.echo(rows.text(table))
    if json_path:
        json_path.write_text(json.dumps([dict(zip(HEADER, row, strict=True)) for row in table[1:]], indent=2) + "\n")


def _sample(folder: Path, seed: int) -> rows.Rows:
    profile = (ROOT / "profiles/sample.yaml").read_text()
    start, rest = profile.split("    seed: 1\n", 1)  # the first is that of curate.sample
    _run(folder, f"{start}    seed: {seed}\n{rest}", ("curate sample", *COMMANDS))
    counted = _counted(folder, "sample", "structure", "category", "test")
    counted += _counted(folder, "sample", "pattern", "pattern", "test")
    return counted + _counted(folder, "sample", "color", "color", "test") + _counted(folder, "sample", "color", "color")


def _clothing(folder: Path) -> rows.Rows:
    profile = (ROOT / "profiles/clothing.yaml").read_text()
    _run(folder, profile.replace("../shared", str((ROOT / "../shared").resolve())), ("curate sample", *COMMANDS))
    return _counted(folder, "clothing", "structure", "category", "test")


def _run(folder: Path, params: str, commands: tuple[str, ...]) -> None:
    (folder / "params.yaml").write_text(params)
    for command in commands:
        stage, *words = command.split()
        click.echo(f"{command} ...", err=True)
        program = Path(sys.executable).with_name(stage)
        subprocess.run([program, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _counted(folder: Path, name: str, descriptor: str, shared: str, split: str | None = None) -> rows.Rows:
    """Shares of the ten nearest: of the category among the photos of `split`, of an attribute inside partitions."""
    photos = Catalog.read(folder / CATALOG / TABLE)
    asking = photos.split == split if split else np.ones(len(photos), bool)

    def counted(vectors: Floats) -> list[npt.NDArray[np.float64]]:
        """Share, chance and ceiling of each query, NaN where it does not count."""
        if shared == "category":
            among = among_all(photos.take(asking), vectors[asking], (1,), 10)
            return [among.category, among.chance, among.ceiling]
        found = agreement(photos, nearest_inside(photos, vectors.__getitem__, 10, asking), asking)
        return [each[shared] for each in (found.shares, found.chance, found.ceiling)]

    vectors = prepare(descriptor, Vectors.read(folder / FEATURES / f"{descriptor}.arrow").of(photos.image_id))
    per_query = counted(vectors)
    share, chance, ceiling = (float(np.nanmean(each)) for each in per_query)
    bare = float(np.nanmean(counted(_untuned(folder, descriptor, photos))[0])) if descriptor != "color" else None
    gallery = "among themselves" if shared == "category" else "in their partition"
    queries = int(np.isfinite(per_query[0]).sum())
    return [[name, descriptor, shared, f"{split or 'all'}, {gallery}", queries, share, bare, chance, ceiling]]


def _untuned(folder: Path, descriptor: str, photos: Catalog) -> Floats:
    """The pooled tap that the classifier started from; where it is random, with the statistics of the photos."""
    params = load(folder / "params.yaml", f"features.{descriptor}", ClassifierParams)
    seen = CatalogPhotos(PixelStore.open(folder / CATALOG / STORE), photos.image_id, params.trunk.view)
    models.seed(params.seed)
    (trunk,) = pooled.build(params.trunk)
    if params.trunk.weights is None:
        batch_norm.calibrate(trunk, calibration(seen.take(np.flatnonzero(photos.split == "train")), params))
    with FeatureCache(folder / "untuned.sqlite") as cache:
        (values,) = pooled.values([trunk], seen, label="untuned", cache=cache)
    return prepare(descriptor, values)


if __name__ == "__main__":
    main()
