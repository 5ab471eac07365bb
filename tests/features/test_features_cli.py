import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from sections import CLASSIFIER, COLOR, SOURCES, write_params
from shapes import FABRICS, write_collection

from core.images import encode, write_store
from core.predict import forward
from core.tables import Catalog, Vectors
from features.cli import main

WEIGHTS = Path(__file__).parents[2] / "../shared/weights/mobilenet_1_0_224_no_top.weights.h5"


def run(*words: str):
    return CliRunner().invoke(main, words, catch_exceptions=False)


def test_fit_and_extract_write_every_row_in_catalog_order(project):
    write_params()
    assert run("fit", "structure").exit_code == 0
    assert run("fit", "pattern").stdout.startswith("pattern: 2 classes, accuracy train ")
    assert run("extract").exit_code == 0
    ids = [
        Catalog.read(Path(f"data/curated/{name}/catalog.parquet")).image_id.tolist() for name in ("catalog", "street")
    ]
    for name, width in (("structure", 16), ("pattern", 16), ("color", 540)):
        vectors = Vectors.read(Path(f"data/features/{name}.arrow"))
        assert vectors.image_id.tolist() == ids[0] + ids[1]
        assert vectors.values.shape == (102, width)
        assert vectors.made_by["descriptor"] == name


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), 0.0])
def test_a_rate_that_is_no_number_above_0_is_refused(project, rate):
    write_params(structure={**CLASSIFIER, "head": {**CLASSIFIER["head"], "learning_rate": rate}})
    result = run("fit", "structure")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: params.yaml: features.structure")
    assert result.stderr.count("\n") == 1


def test_color_is_the_same_for_every_worker_count(project):
    write_params()
    contents = []
    for workers in ("1", "2"):
        assert run("extract", "color", "--workers", workers).exit_code == 0
        contents.append(Path("data/features/color.arrow").read_bytes())
    assert contents[0] == contents[1]


def test_color_reads_a_store_that_was_replaced_meanwhile(project):
    write_params()
    assert run("extract", "color", "--workers", "1").exit_code == 0
    before = Vectors.read(Path("data/features/color.arrow")).values.copy()
    ids = Catalog.read(Path("data/curated/catalog/catalog.parquet")).image_id
    black = encode(np.zeros((48, 48, 3), np.uint8), None)
    write_store(Path("data/curated/catalog/images.arrow"), [(image_id, black) for image_id in ids])
    assert run("extract", "color", "--workers", "1").exit_code == 0
    after = Vectors.read(Path("data/features/color.arrow")).values
    assert (after[: len(ids), :180].argmax(axis=1) == 0).all()
    assert not np.array_equal(before[: len(ids)], after[: len(ids)])
    np.testing.assert_array_equal(before[len(ids) :], after[len(ids) :])


def test_without_pattern_labels_rendered_patterns_teach(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_collection(tmp_path / "data/curated/catalog", 60, patterns=False)
    write_params(pattern_sources={**SOURCES, "rendered": 20, "swatches": 0.5})
    result = run("fit", "pattern")
    assert result.exit_code == 0
    assert result.stdout.startswith("pattern: 7 classes, accuracy train ")


def test_accuracy_is_told_for_each_source(project):
    write_params(pattern_sources={**SOURCES, "rendered": 20})
    output = run("fit", "pattern").stdout
    assert "; on test by source: labels 0." in output
    assert ", rendered 0." in output
    scores = json.loads(Path("data/features/pattern_classifier/metrics.json").read_text())["test"]["sources"]
    assert scores["labels"]["photos"] == 18
    assert scores["rendered"]["photos"] == 21


def test_words_of_an_attribute_teach_where_labels_are_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    catalog = write_collection(tmp_path / "data/curated/catalog", 60, patterns=False)
    named = {"plain": "A plain one", "striped": "With STRIPES all over"}
    catalog.attributes[:] = [{"name": named[FABRICS[int(name[-3:]) // 3 % 2]]} for name in catalog.image_id]
    catalog.write(tmp_path / "data/curated/catalog/catalog.parquet")
    keywords = {"solid": ["plain"], "striped": ["stripes"]}
    write_params(pattern_sources={**SOURCES, "attributes": ["name"], "keywords": keywords})
    assert run("fit", "pattern").stdout.startswith("pattern: 2 classes, accuracy train ")
    classes = json.loads(Path("data/features/pattern_classifier/classes.json").read_text())
    assert classes == {"classes": ["solid", "striped"], "merged": []}


def passes(monkeypatch) -> list[int]:
    """The photos of every forward pass from now on."""
    counted = []

    def counting(model, photos, rows, **settings):
        counted.append(len(rows))
        yield from forward(model, photos, rows, **settings)

    for module in ("core.predict", "features.pooled"):
        monkeypatch.setattr(f"{module}.forward", counting)
    return counted


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="../shared has no trunk weights")
@pytest.mark.slow
def test_a_photo_goes_once_through_a_trunk_that_two_classifiers_share(project, monkeypatch):
    trunk = {**CLASSIFIER["trunk"], "weights": str(WEIGHTS)}
    other = {**CLASSIFIER, "trunk": {**trunk, "tap": "conv_pw_4_relu"}}
    write_params(structure={**CLASSIFIER, "trunk": trunk}, pattern=other)
    counted = passes(monkeypatch)
    for words in (("fit", "structure"), ("fit", "pattern"), ("extract", "networks")):
        assert run(*words).exit_code == 0
    assert sum(counted) == 90 + 12
    both = [Vectors.read(Path(f"data/features/{name}.arrow")).values for name in ("structure", "pattern")]
    Path("data/cache/features.sqlite").unlink()
    assert run("extract", "networks").exit_code == 0
    for name, before in zip(("structure", "pattern"), both, strict=True):
        np.testing.assert_allclose(Vectors.read(Path(f"data/features/{name}.arrow")).values, before, atol=1e-4)


@pytest.mark.slow
def test_a_tuned_trunk_has_features_of_its_own(project, monkeypatch):
    tuned = {**CLASSIFIER, "tune": {**CLASSIFIER["tune"], "epochs": 4, "learning_rate": 0.003}}
    write_params(structure=tuned)
    assert run("fit", "structure").exit_code == 0
    assert run("fit", "pattern").exit_code == 0
    counted = passes(monkeypatch)
    assert run("extract", "networks").exit_code == 0
    # The catalog's photos are known by both networks, whose guesses are part of the fit.
    assert sum(counted) == 12 + 12


def test_only_new_photos_are_computed(project, monkeypatch):
    write_params()
    street = Path("data/curated/street/catalog.parquet")
    every = Catalog.read(street)
    every.take(np.arange(len(every)) != 5).write(street)
    for words in (("fit", "structure"), ("fit", "pattern"), ("extract",)):
        assert run(*words).exit_code == 0
    counted = passes(monkeypatch)
    every.write(street)
    assert run("extract").exit_code == 0
    # Both classifiers sit on one random trunk, which the same photos have calibrated.
    assert sum(counted) == 1
    from_cache = {path.name: path.read_bytes() for path in Path("data/features").glob("*.arrow")}
    Path("data/cache/features.sqlite").unlink()
    assert run("extract", "color").exit_code == 0
    assert Path("data/features/color.arrow").read_bytes() == from_cache["color.arrow"]


def vectors_kept(*words: str) -> int:
    said = re.fullmatch(r"data/cache/features.sqlite: (\d+) vectors, 0\.\d MB\n", run(*words).stdout)
    return int(said[1])


@pytest.mark.slow
def test_prune_forgets_what_nothing_needs_and_keeps_the_rest(project, monkeypatch):
    write_params()
    for words in (("fit", "structure"), ("fit", "pattern"), ("extract",)):
        assert run(*words).exit_code == 0
    before = vectors_kept("cache")
    write_params(color={**COLOR, "bins": 90})
    assert run("extract", "color").exit_code == 0
    assert vectors_kept("cache") == before + 102
    write_params()
    assert vectors_kept("cache", "--prune") == before
    counted = passes(monkeypatch)
    assert run("extract").exit_code == 0
    assert sum(counted) == 0


@pytest.mark.slow
def test_show_draws_a_photo_of_either_collection(project):
    write_params()
    for words in (("fit", "structure"), ("fit", "pattern"), ("extract",)):
        assert run(*words).exit_code == 0
    for name in ("catalog-007", "street-003"):
        result = run("show", name)
        assert result.stdout == f"written to data/features/shown/{name}.png\n"
        assert cv2.imread(f"data/features/shown/{name}.png").shape[1] > 1000
    result = run("show", "catalog-7")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: no photo is called catalog-7 among 90. Name one like ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"color": {}},
            "params.yaml: features.color.histogram is missing. Add it; profiles/sample.yaml shows a value.",
        ),
        (
            {"color": {**COLOR, "bin": 1}},
            "params.yaml: features.color.bin is unknown. Remove it or mend its spelling.",
        ),
        ({"color": {**COLOR, "bins": 1}}, "params.yaml: features.color: bins must be at least 2. Received: 1"),
    ],
)
def test_bad_parameters_are_named_on_one_line(project, changes, message):
    write_params(**changes)
    result = run("extract", "color")
    assert result.exit_code == 1
    assert result.stderr == f"Error: {message}\n"
    assert not Path("data/features").exists()


def test_a_missing_classifier_says_what_to_run(project):
    result = run("extract", "networks")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: data/features/structure_classifier/model.keras does not exist."
        " Run the stage that writes it: dvc repro.\n"
    )


@pytest.mark.slow
def test_vectors_do_not_depend_on_what_stands_beside_them(project):
    write_params()
    for words in (("fit", "structure"), ("fit", "pattern"), ("extract", "networks")):
        assert run(*words).exit_code == 0
    before = Vectors.read(Path("data/features/structure.arrow"))
    street = Path("data/curated/street/catalog.parquet")
    some = Catalog.read(street).take(np.arange(5))
    some.write(street)
    Path("data/cache/features.sqlite").unlink()
    assert run("extract", "networks").exit_code == 0
    after = Vectors.read(Path("data/features/structure.arrow"))
    np.testing.assert_allclose(after.values, before.of(after.image_id), atol=1e-4)
