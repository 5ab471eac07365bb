"""`curate report`, and pseudo-wild pairs, on the rendered sample and by the commands."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from core.engines import LOCAL
from core.images import PixelStore
from core.tables import Catalog, Measures, StreetPairs
from curate.cli import main
from curate.params import SampleParams
from curate.sample import render_sample

PROFILE = Path(__file__).parents[2] / "profiles/sample.yaml"
CURATED = Path("data/curated")
PAGE = CURATED / "report/index.html"


def write_params(share=0.0, **duplicates):
    params = YAML(typ="safe").load(PROFILE)
    params["curate"]["pseudo_wild"]["share"] = share
    params["curate"]["duplicates"] |= duplicates
    params["curate"]["street"]["max_rejected"] = 0.5
    with Path("params.yaml").open("w") as file:
        YAML(typ="safe").dump(params, file)


def curate(*words):
    return CliRunner().invoke(main, [*words, *(["--workers", "1"] if words[0] in ("ingest", "street") else [])])


def good(*words):
    done = curate(*words)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rendered")
    params = SampleParams(products=40, street_products=6, photos=3, side=96, seed=1)
    render_sample(params, folder / "data/sample", LOCAL)
    return folder


@pytest.fixture
def project(rendered, tmp_path, monkeypatch):
    shutil.copytree(rendered, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    write_params()
    good("ingest")


def test_the_page_is_written_and_nothing_leaks(project):
    good("street")
    tables = [Catalog.read(CURATED / name / "catalog.parquet") for name in ("catalog", "street")]
    tests, trains = (sum(int((table.split == name).sum()) for table in tables) for name in ("test", "train"))
    lines = good("report").splitlines()
    assert lines[0] == f"{tests} test photos compared with {trains} train photos: 0 copies"
    page = PAGE.read_text()
    assert "No test photo has a copy in train." in page
    # The counts of each Street2Shop category stand on it.
    categories = json.loads((CURATED / "street/report.json").read_text())["categories"]
    assert "Street2Shop, by category" in page
    for name, of in categories.items():
        cells = "".join(f'<td class="n">{number:,}</td>' for number in of.values())
        assert f'<th scope="row"><bdi>{name}</bdi></th>{cells}' in page


def test_a_leak_is_an_error_and_stands_on_the_page(project):
    good("street")
    path = CURATED / "catalog/catalog.parquet"
    table, measured = Catalog.read(path), Measures.read(CURATED / "catalog/measures.parquet")
    test, train = (int(np.flatnonzero(table.split == name)[0]) for name in ("test", "train"))
    hashes, colors = measured.perceptual_hash.copy(), measured.colors.copy()
    hashes[test], colors[test] = hashes[train], colors[train]
    replace(measured, perceptual_hash=hashes, colors=colors).write(CURATED / "catalog/measures.parquet")
    done = curate("report")
    assert done.exit_code == 1
    assert done.stderr.startswith(
        f"Error: 1 test photos have a copy in train, {table.image_id[test]} is one of {table.image_id[train]}."
    )
    assert done.stderr.count("\n") == 1
    assert table.image_id[train] in PAGE.read_text()


def test_a_moved_image_root_leaves_the_page_without_its_photos(project):
    good("street")
    shutil.rmtree("data/sample/images")
    good("report")


def test_pseudo_wild_photos_are_marked_and_follow_their_products(project):
    good("street")
    taken = StreetPairs.read(CURATED / "street/street_pairs.parquet")
    assert not taken.pseudo.any()
    write_params(share=0.5)
    good("street")
    shop = Catalog.read(CURATED / "catalog/catalog.parquet")
    table = Catalog.read(CURATED / "street/catalog.parquet")
    pairs = StreetPairs.read(CURATED / "street/street_pairs.parquet")
    made = pairs.take(pairs.pseudo)
    assert 10 <= len(made) <= 30
    assert len(made) == len(set(made.product_id))
    split = dict(zip(shop.product_id, shop.split, strict=True))
    of = {image_id: row for row, image_id in enumerate(table.image_id)}
    store = PixelStore.open(CURATED / "street/images.arrow")
    original = PixelStore.open(CURATED / "catalog/images.arrow")
    for image_id, product, name in zip(made.image_id, made.product_id, made.split, strict=True):
        assert image_id == f"pseudo-street-{product}-1"
        assert name == split[product]
        assert table.domain[of[image_id]] == "street"
        assert store[image_id].shape[2] == 3
        for photo in shop.image_id[shop.product_id == product]:
            lent = of[f"pseudo-shop-{photo}"]
            assert (table.domain[lent], table.split[lent], table.product_id[lent]) == ("catalog", name, product)
            assert store.encoded(f"pseudo-shop-{photo}") == original.encoded(photo)
    # The other pairs are as they were.
    others = pairs.take(~pairs.pseudo)
    assert (others.image_id.tolist(), others.split.tolist()) == (taken.image_id.tolist(), taken.split.tolist())
    good("report")


def test_street_runs_on_an_older_catalog_say_what_to_do(project):
    (CURATED / "catalog/measures.parquet").unlink()
    done = curate("street")
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: data/curated/catalog/measures.parquet does not exist. Run the stage that writes it: dvc repro.\n",
    )
