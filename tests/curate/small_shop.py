"""A small shop to curate: photos of noise, their table, and the command on both."""

import csv
from io import BytesIO
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from PIL import Image
from ruamel.yaml import YAML

from core.tables import Catalog, Rejected
from curate.cli import main

OUT = Path("data/curated/catalog")
HEADER = ("file", "sku", "sex", "kind", "print", "colour")
PARAMS = {
    "ingest": {
        "table": "table.csv",
        "delimiter": None,
        "images": "photos",
        "columns": {
            "image_id": None,
            "product_id": "sku",
            "path": "{file}.png",
            "separator": None,
            "gender": "sex",
            "category": "kind",
            "pattern": "print",
            "attributes": ["colour", "print"],
            "groups": [],
        },
        "derive": {},
        "rename": {},
        "exclude": {},
        "max_rejected": 0,
    },
    "photos": {
        "min_side": 10,
        "max_pixels": 5000,
        "max_bytes": 20_000,
        "min_range": 8,
        "largest_side": 24,
        "quality": None,
    },
    "fetch": {"connections": 2, "retries": 0, "timeout": 5.0},
    "quality": {"dark": 0.25, "blurry": 3.0, "low_information": 3.5, "odd_aspect": 0.3},
    "duplicates": {"hash_distance": 6, "color_distance": 6.0},
    "split": {"val": 0.2, "test": 0.2, "seed": 1},
}


def photo(seed, width=40, height=30):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def row(file, sku="s", sex="women", kind="tops", pattern="", colour=""):
    return file, sku, sex, kind, pattern, colour


def write_table(rows, header=HEADER):
    with Path("table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def run(workers=1, columns=None, **ingest):
    params = {"curate": PARAMS | {"ingest": PARAMS["ingest"] | ingest}}
    params["curate"]["ingest"]["columns"] = PARAMS["ingest"]["columns"] | (columns or {})
    with Path("params.yaml").open("w") as file:
        YAML(typ="safe").dump(params, file)
    return CliRunner().invoke(main, ["ingest", "--workers", str(workers)])


def good(done):
    assert done.exit_code == 0, done.output
    return Catalog.read(OUT / "catalog.parquet"), Rejected.read(OUT / "rejected.parquet")


def open_shop():
    """Twelve good photos `p00` to `p11` of four products, and their table; its rows."""
    Path("photos").mkdir()
    rows = []
    for number in range(12):
        Path(f"photos/p{number:02d}.png").write_bytes(photo(number))
        sex, kind = ("men", "shoes") if number % 2 else ("women", "tops")
        rows.append(row(f"p{number:02d}", f"sku{number % 4}", sex, kind, "striped" if number == 2 else "", "red"))
    write_table(rows)
    return rows


def written():
    """The bytes of every file of the collection."""
    return {path.name: path.read_bytes() for path in OUT.iterdir()}
