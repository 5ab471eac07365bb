"""A shop of a few photos of noise, whose rows stand in no file yet, and the commands that curate it."""

from pathlib import Path

import numpy as np
from click.testing import CliRunner
from PIL import Image
from ruamel.yaml import YAML

from curate.cli import main

SAMPLE = Path(__file__).parents[2] / "profiles/sample.yaml"
COLUMNS = ("sku", "image", "gender", "category", "price", "added", "sold", "note")
# Missing values, and text that parts cells, lines and quotes.
ROWS = [
    ("s1", "0.png", "women", "tops", 10.5, "2026-01-02", True, None),
    ("s1", "1.png", "women", "tops", 0.1, "2026-01-03", False, ""),
    ("s2", "2.png", "men", "hats", None, "2026-01-04", None, 'say "a, b"\nthen ☂'),
    ("s3", "3.png", "men", "hats", 3, "2026-01-05", True, "\\N"),
    ("s4", "4.png", "women", None, 1e-7, "2026-01-06", True, "no category"),
    ("s5", "5.png", "women", "tops", 2, "2026-01-07", True, "\\."),
    ("s6", "gone.png", "women", "tops", 2, "2026-01-08", True, " "),
]


def write_photos():
    Path("photos").mkdir()
    for number in range(6):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(f"photos/{number}.png")


def write_params(table):
    params = YAML(typ="safe").load(SAMPLE.read_text())
    ingest = params["curate"]["ingest"]
    ingest |= {"table": table, "images": "photos", "max_rejected": 0.5}
    ingest["columns"] |= {"product_id": "sku", "pattern": None, "attributes": ["price", "sold", "note", "added"]}
    with Path("params.yaml").open("w") as file:
        YAML(typ="safe").dump(params, file)


def curate(*words):
    return CliRunner().invoke(main, list(words))


def curated():
    """The bytes of all that `curate ingest` writes."""
    done = curate("ingest", "--workers", "1")
    assert done.exit_code == 0, done.stderr
    return {path.name: path.read_bytes() for path in Path("data/curated/catalog").iterdir()}
