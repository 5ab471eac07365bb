"""What each choice of the colour descriptor is worth: one more of them per line, the last line another histogram.

Two catalogs. The rendered sample knows the true colour of a product; counted is how many of the ten nearest photos
inside the partition have the query's, products of others only. The clothing photos have no colour labels, so two
stand-ins: `own` is how often a garment that was cut out and put on another ground, in another light, finds its own
photo first inside the partition; `sender`, the share of the ten nearest that the same person took, is to be read the
other way round, as one person's photos share their ground and their light far more often than their garment.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from core import rows
from core.color import histogram
from core.color_mask import garment
from core.color_params import ColorParams
from core.engines import Engine
from core.foreground import SIDE
from core.images import Pixels, PixelStore, shrink
from core.params import load
from core.paths import CATALOG, STORE, TABLE
from core.search import nearest
from core.similarity import Floats, prepare
from core.tables import Catalog
from curate.params import PseudoWildParams
from curate.pseudo_wild import queries
from train.evaluation.agreement import agreement
from train.evaluation.inside import nearest_inside

ROOT = Path(__file__).parents[1]
CLOTHING = ROOT / "../shared/datasets/clothing"
NEIGHBORS = 10
# A line of the table: its name, what is counted, and what is not as the parameters say.
CHOICES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("L2 of the whole photo", "whole", {"smoothing": 0.0, "dominance": 1.0}),
    ("+ Hellinger", "whole", {"smoothing": 0.0, "dominance": 1.0}),
    ("+ smoothing", "whole", {"dominance": 1.0}),
    ("+ mask", "garment", {"dominance": 1.0}),
    ("+ skin left out", "skinless", {"dominance": 1.0}),
    ("+ dominance", "skinless", {}),
    ("joint", "skinless", {"histogram": "joint"}),
)


@click.command()
@click.option("--products", default=840, show_default=True, help="Of the rendered sample.")
@click.option("--seed", default=1, show_default=True, help="Of the rendered sample.")
@click.option("--clothing", type=click.Path(path_type=Path), default=CLOTHING, help="A folder; skipped where absent.")
@click.option("--params", "params_path", type=click.Path(path_type=Path), default=ROOT / "params.yaml")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures here too.")
def main(products: int, seed: int, clothing: Path, params_path: Path, json_path: Path | None) -> None:
    """Compare the choices of the colour descriptor on the rendered sample and on the clothing photos.

    Example: python benchmarks/color.py --products 420 --seed 2
    """
    cv2.setNumThreads(1)
    params = replace(load(params_path, "features.color", ColorParams), histogram="marginal")
    columns = {"": [*(name for name, _, _ in CHOICES), "chance", "ceiling"]}
    with tempfile.TemporaryDirectory() as folder:
        sample = {"products": products, "street_products": 0, "seed": seed}
        columns |= _sample(*_curated(Path(folder), "sample", {"sample": sample}, "sample", "ingest"), params)
    if clothing.is_dir():
        with tempfile.TemporaryDirectory() as folder:
            paths = {"table": str(clothing.resolve() / "images.csv"), "images": str(clothing.resolve() / "images")}
            columns |= _clothing(*_curated(Path(folder), "clothing", {"ingest": paths}, "ingest"), params)
    else:
        click.echo(f"clothing: skipped, {clothing} is not here")
    click.echo(rows.text([list(columns), *(list(row) for row in zip(*columns.values(), strict=True))]))
    if json_path:
        json_path.write_text(json.dumps(columns, indent=2) + "\n")


def _curated(folder: Path, profile: str, changes: dict[str, Any], *commands: str) -> tuple[Catalog, PixelStore]:
    """What the `curate` commands make of a profile with `changes`, per section."""
    params = YAML(typ="safe").load(ROOT / f"profiles/{profile}.yaml")
    for section, values in changes.items():
        params["curate"][section] |= values
    with (folder / "params.yaml").open("w") as file:
        YAML().dump(params, file)
    for command in commands:
        click.echo(f"{profile}: curate {command} ...", err=True)
        subprocess.run([Path(sys.executable).with_name("curate"), command], cwd=folder, check=True, capture_output=True)
    return Catalog.read(folder / CATALOG / TABLE), PixelStore.open(folder / CATALOG / STORE)


def _vectors(photos: Iterable[Pixels], params: ColorParams) -> list[Floats]:
    """What each choice makes of n photos, (n, d), ready to be compared by L2."""
    values: list[list[Floats]] = [[] for _ in CHOICES]
    for pixels in photos:
        small = shrink(pixels, SIDE)
        masks = {
            "whole": np.ones(small.shape[:2], bool),
            "garment": garment(small, replace(params.mask, skin=0.0)).mask,
            "skinless": garment(small, params.mask).mask,
        }
        for (_, counted, changes), of_choice in zip(CHOICES, values, strict=True):
            of_choice.append(histogram(small, masks[counted], replace(params, **changes)))
    plain, *others = (np.stack(of_choice) for of_choice in values)
    return [plain, *(prepare("color", each) for each in others)]


def _sample(photos: Catalog, store: PixelStore, params: ColorParams) -> dict[str, list[Any]]:
    """Every photo as a query, then those of test."""
    vectors = _vectors((store[image] for image in photos.image_id), params)
    return {
        "same color": _shared("color", photos, vectors, np.ones(len(photos), bool)),
        "of test": _shared("color", photos, vectors, photos.split == "test"),
    }


def _clothing(photos: Catalog, store: PixelStore, params: ColorParams) -> dict[str, list[Any]]:
    vectors = _vectors((store[image] for image in photos.image_id), params)
    click.echo("clothing: garments on other grounds ...", err=True)
    cut_out = PseudoWildParams(share=0.4, per_product=1, seed=1)
    made = queries(photos, store, cut_out, side=224, engine=Engine(workers=os.cpu_count() or 1))
    elsewhere = {one.image_id: one.pixels for one in made if one.pixels is not None}
    asked = _vectors(elsewhere.values(), params)
    place = {image: row for row, image in enumerate(photos.image_id)}
    own = np.array([place[image] for image in elsewhere])
    chance = np.mean([1 / np.sum(photos.partition == photos.partition[row]) for row in own])
    both = zip(vectors, asked, strict=True)
    found = [_first(photos.partition, gallery, of_queries, own) for gallery, of_queries in both]
    return {
        "own": [*found, float(chance), 1.0],
        "sender": _shared("sender_id", photos, vectors, np.ones(len(photos), bool)),
    }


def _first(partition: npt.NDArray, gallery: Floats, asked: Floats, own: npt.NDArray[np.int64]) -> float:
    """How often the row `own` (q,) of `gallery` (g, d) is the nearest of its `partition` (g,) to `asked` (q, d)."""
    hits = 0
    for name in np.unique(partition[own]):
        offered, asking = np.flatnonzero(partition == name), np.flatnonzero(partition[own] == name)
        best = nearest(asked[asking], gallery[offered], 1).rows[:, 0]
        hits += int((offered[best] == own[asking]).sum())
    return hits / len(own)


def _shared(attribute: str, photos: Catalog, vectors: list[Floats], asking: npt.NDArray[np.bool_]) -> list[float]:
    found = [nearest_inside(photos, each.__getitem__, NEIGHBORS, asking) for each in vectors]
    counted = [agreement(photos, each, asking) for each in found]
    per_query = [*(each.shares for each in counted), counted[0].chance, counted[0].ceiling]
    return [float(np.nanmean(each[attribute])) for each in per_query]


if __name__ == "__main__":
    main()
