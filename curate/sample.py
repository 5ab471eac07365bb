"""The embedded sample: a small rendered catalog, and street photos in the layout of Street2Shop on disk.

Every product is drawn from generators of its own, seeded by (seed, kind, index): the bytes do not depend on the
number of workers, and a larger catalog begins with the smaller one.
"""

import csv
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from core.atomic import replacing
from core.engine import run
from core.engines import Engine
from curate.drawn.products import CATALOG, generators, jpeg, product
from curate.drawn.scenes import catalog_photo
from curate.drawn.silhouettes import PARTITIONS
from curate.params import SampleParams
from curate.sample_street import write_street

HEADER = ("image", "product_id", "gender", "category", "pattern", "color", "silhouette")


def render_sample(params: SampleParams, folder: Path, engine: Engine) -> None:
    """Write `catalog.csv`, `images/` and `street2shop/` as `folder`, replacing it as a whole.

    The table has one row per photo, columns `HEADER`, in the order of the products.
    """
    with replacing(folder) as beside:
        (beside / "images").mkdir(parents=True)
        products = run(
            partial(catalog_product, params=params),
            range(params.products),
            engine=engine,
            label="catalog",
            total=params.products,
        )
        _write_catalog(beside, products)
        write_street(params, beside / "street2shop", engine)


def _write_catalog(folder: Path, products: Iterable[list[tuple[tuple[str, ...], bytes]]]) -> None:
    with (folder / "catalog.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEADER)
        for photos in products:
            for row, photo in photos:
                table.writerow(row)
                (folder / "images" / row[0]).write_bytes(photo)


def catalog_product(index: int, params: SampleParams) -> list[tuple[tuple[str, ...], bytes]]:
    """The rows, by `HEADER`, and the JPEG photos of one catalog product."""
    look_rng, *photo_rngs = generators(params.seed, CATALOG, index, 1 + params.photos)
    turn, partition = divmod(index, len(PARTITIONS))
    gender, category = PARTITIONS[partition]
    it = product(gender, category, turn + 31 * partition, params.side, look_rng)
    rows: list[tuple[tuple[str, ...], bytes]] = []
    for number, rng in enumerate(photo_rngs):
        photo = catalog_photo(it.look, category, gender, number, params.side, rng)
        name, product_id = f"p{index:05d}-{number + 1}.jpg", f"p{index:05d}"
        rows.append(((name, product_id, gender, category, it.pattern, it.color, it.silhouette), jpeg(photo)))
    return rows
