"""`triplets explain`: what it says of a triplet against its definition, the figure, and what it refuses."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from small_project import catalog_rows, street_rows, write_params, write_project

from core.images import PixelStore
from core.paths import COLLECTIONS, DETAILS, MIXED, SIMILARITY, STORES, TABLE, TRIPLETS
from core.similarity import Similarity
from core.tables import DESCRIPTORS, KINDS, Catalog, Triplets
from triplets.cli import main
from triplets.explained.explain import explain
from triplets.explained.text import guard
from triplets.params import MineParams, MixParams, Totals
from triplets.provenance import MadeBy, read_made_by
from triplets.rules import under_cap


@pytest.fixture
def copy(finished, tmp_path, monkeypatch):
    """The finished project, to write into."""
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    return CliRunner().invoke(main, ["explain", *map(str, words)])


def refused(result):
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    return result.stderr.splitlines()[-1]


def now(**margins):
    """The sections as the project has them, and the distance."""
    sections = json.loads(Path("params.yaml").read_text())["triplets"]
    mine, mix = sections["mine"], sections["mix"] | {"totals": Totals(**sections["mix"]["totals"])}
    similarity = Similarity.read(SIMILARITY)
    return {
        "triplets.mine": (MineParams(**mine | margins), similarity),
        "triplets.mix": (MixParams(**mix | margins), similarity),
    }


def explained(row, known=None):
    collections = {folder.name: Catalog.read(folder / TABLE) for folder in COLLECTIONS}
    known = known or read_made_by(MIXED / DETAILS)
    return explain(Triplets.read(MIXED / TRIPLETS), row, collections, PixelStore.open(*STORES), known, now())


def first_of(kind, split="train"):
    mixed = Triplets.read(MIXED / TRIPLETS)
    return int(np.flatnonzero((mixed.kind == kind) & (mixed.split == split))[0]) + 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_known_is_what_the_row_says(printed, kind):
    row = first_of(kind)
    mixed, of = Triplets.read(MIXED / TRIPLETS), explained(row)
    assert [photo.image_id for photo in of.photos.values()] == [
        getattr(mixed, f"{part}_id")[row - 1] for part in ("query", "positive", "negative")
    ]
    assert of.photos["positive"].rank == mixed.positive_rank[row - 1]
    assert (of.photos["negative"].rank == 0) == (kind == "out_of_class")
    for side in ("positive", "negative"):
        apart = of.distances[side]
        assert sum(of.weights[name] * apart[name] ** 2 for name in DESCRIPTORS) == pytest.approx(
            apart["distance"] ** 2, rel=1e-4
        )
        assert sum(of.parts[side].values()) == pytest.approx(1)
        share = of.weights["color"] * apart["color"] ** 2 / apart["distance"] ** 2
        assert of.parts[side]["color"] == pytest.approx(share, rel=1e-3)
        assert of.similarity[side] == pytest.approx(1 - apart["distance"] ** 2 / 2)
    assert (of.changed, of.hash_now) == ([], mixed.params[row - 1])


@pytest.mark.parametrize("kind", KINDS)
def test_the_cap_is_the_one_that_the_rule_obeys(printed, kind):
    of = explained(first_of(kind))
    assert of.cap == pytest.approx(of.similarity["positive"] - abs(of.similarity["positive"]) * 0.05)
    assert of.similarity["negative"] <= of.cap
    just_safe = np.array([[math.sqrt(2 - 2 * of.cap) + 1e-6]])
    positive = np.array([[of.distances["positive"]["distance"]]])
    assert under_cap(positive, just_safe, of.margin).all()
    assert not under_cap(positive, just_safe - 1e-4, of.margin).any()


def test_wild_triplets_that_judge_have_no_cap(printed):
    of = explained(first_of("wild", "test"))
    assert of.cap is None
    assert "no cap, as the pair is truth and this split judges" in guard(of)


def test_a_margin_of_null_caps_nothing(printed):
    of = replace(explained(first_of("wild")), cap=None, margin=None)
    assert "and no cap, as triplets.mix.margin is null; this one has" in guard(of)


def test_a_category_s_own_weights_are_those_of_its_query(printed):
    known = {}
    for hashed, made_by in read_made_by(MIXED / DETAILS).items():
        own = {name: {"structure": 1.0, "pattern": 0.0, "color": 0.0} for name in ("dresses", "skirts", "tops")}
        known[hashed] = MadeBy(
            made_by.section, hashed, made_by.rules, made_by.params, made_by.similarity | {"categories": own}
        )
    of = explained(first_of("in_class"), known)
    assert of.parts["positive"] == {"structure": 1.0, "pattern": 0.0, "color": 0.0}
    assert "similarity.categories.tops.structure was 1.0, is absent" in of.changed
    assert len(of.changed) == 9


def test_the_console_says_it_and_the_figure_is_written(copy):
    result = run(3)
    mixed = Triplets.read(MIXED / TRIPLETS)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("triplet 3: ")
    for part in ("query", "positive", "negative"):
        assert getattr(mixed, f"{part}_id")[2] in result.stdout
    assert f"{mixed.positive_distance[2]:.3f}" in result.stdout
    assert f"by the hash {mixed.params[2]}, the same now." in result.stdout
    assert result.stdout.endswith("Look at triplet-3.png.\n")
    with Image.open("triplet-3.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
        assert "Software" not in picture.info
    assert pixels.shape[1] > 1200
    assert 0.1 < (pixels != 255).any(axis=2).mean() < 0.9  # the photos are noise, the ground is white


def test_the_same_triplet_gives_the_same_bytes_by_its_ids(copy):
    mixed = Triplets.read(MIXED / TRIPLETS)
    ids = [getattr(mixed, f"{part}_id")[6] for part in ("query", "positive", "negative")]
    by_row, by_ids = run(7, "--output", "a.png"), run("--ids", *ids, "--output", "b.png")
    assert by_row.stdout.replace("a.png", "b.png") == by_ids.stdout
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_what_has_changed_since_is_named(copy):
    write_params(
        copy,
        mine={"margin": 0.1, "gap": 4},
        recommend={"weights": {"structure": 0.0, "pattern": 0.5, "color": 0.5}},
    )
    result = run(first_of("in_class"))
    line = next(line for line in result.stdout.splitlines() if line.startswith("Rules 2; triplets.mine by the hash "))
    assert line.endswith(
        ": similarity.weights.color was 0.3, is 0.5; similarity.weights.pattern was 0.3, is 0.5;"
        " similarity.weights.structure was 0.4, is 0.0; triplets.mine.gap was 6, is 4;"
        " triplets.mine.margin was 0.05, is 0.1."
    )
    assert "margin 0.05" in result.stdout  # the guard is that of then


def test_hostile_names_do_not_break_the_figure(tmp_path, monkeypatch, pipeline):
    monkeypatch.chdir(tmp_path)
    rows = catalog_rows(60)
    for number, one in enumerate(rows):
        one |= {"image_id": f"$x_{number}^$ \U0001f457 写真 " + "long" * 30, "product_id": f"${one['product_id']}"}
    write_project(tmp_path, rows, *street_rows(30))
    pipeline()
    result = run(first_of("in_class"), "--output", "deep/er.png")
    assert result.exit_code == 0, result.output
    with Image.open("deep/er.png") as picture:
        picture.verify()


def test_a_row_beyond_the_last(printed):
    count = len(Triplets.read(MIXED / TRIPLETS))
    assert refused(run(9999)) == (
        f"Error: data/triplets/mixed/triplets.parquet has rows from 1 to {count}. Received: 9,999"
    )


def test_ids_of_no_triplet(printed):
    count = len(Triplets.read(MIXED / TRIPLETS))
    assert refused(run("--ids", "a", "b", "c")) == (
        f"Error: data/triplets/mixed/triplets.parquet has no triplet of a, b, c. Name a row from 1 to {count}."
    )


@pytest.mark.parametrize("words", [(), (1, "--ids", "a", "b", "c")])
def test_a_row_or_ids_and_not_both(printed, words):
    assert refused(run(*words)) == "Error: name a ROW or --ids, one of the two. Run triplets explain 1."


@pytest.mark.parametrize(
    "missing",
    [
        "data/triplets/mixed/triplets.parquet",
        "data/triplets/mixed/details.json",
        "data/triplets/recommended/similarity.json",
        "data/curated/street/images.arrow",
    ],
)
def test_a_missing_input_is_named(copy, missing):
    Path(missing).unlink()
    assert refused(run(1)) == f"Error: {missing} does not exist. Run the stage that writes it: dvc repro."
    assert not list(copy.glob("*.png"))


def test_details_of_other_triplets_are_refused(copy):
    path = MIXED / DETAILS
    details = json.loads(path.read_text())
    hashed = Triplets.read(MIXED / TRIPLETS).params[0]
    path.write_text(json.dumps(details | {"made_by": []}))
    assert refused(run(1)) == (
        f"Error: data/triplets/mixed/details.json does not know the parameters {hashed}. Run dvc repro."
    )
    path.write_text("{}")
    assert refused(run(1)) == (
        "Error: data/triplets/mixed/details.json does not say what made the triplets: 'made_by'. Run dvc repro."
    )


def test_a_photo_that_left_the_catalog_is_named(copy):
    row = first_of("in_class")
    lost = Triplets.read(MIXED / TRIPLETS).negative_id[row - 1]
    path = COLLECTIONS[0] / TABLE
    catalog = Catalog.read(path)
    catalog.take(catalog.image_id != lost).write(path)
    assert refused(run(row)) == (
        f"Error: data/triplets/mixed/triplets.parquet: the catalog lacks the image {lost}. Run dvc repro."
    )
