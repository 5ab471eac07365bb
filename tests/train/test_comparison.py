"""Comparisons: the budget, the table's figures by hand, and a small one on the tiny project."""

import csv
import json
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from scipy import stats

from core.errors import ParamsError
from core.tables import Catalog, Vectors
from train.cli import main
from train.comparison import figure
from train.comparison.entry import Budget, Entry, spending, trunk_weights
from train.comparison.judges import Judges
from train.comparison.table import mean, rows
from train.drawing import drawing
from train.params import EvaluateParams

BUDGET = Budget(photos=1000, epochs=4, size=64, weights={"MobileNet": "mobile.h5"})


def test_every_entry_is_given_the_budget():
    shared = Entry.of("mildnet_mobilenet").params(BUDGET, 7)
    assert (shared.size, shared.epochs, shared.seed, shared.weights) == (64, 4, 7, "mobile.h5")
    other = Entry.of("mildnet").params(BUDGET, 7)
    assert other.weights is None  # there is no file for VGG16
    assert other.loss == "contrastive"


@pytest.mark.parametrize(
    ("each", "batches", "epochs", "steps"),
    [
        (19, 250, 4, 13),  # 1000 / (4 * 19)
        (48, 250, 4, 5),
        (19, 13, 4, 13),  # all batches in every epoch: 52 of 1000 / 19
        (19, 12, 5, 10),  # 4 * 12 are too few
        (19, 5, 13, 4),  # 11 would do, and leave 8 of 52 out
        (19, 2, 26, 2),
        (2000, 3, 4, 1),  # no epoch is without a step
    ],
)
def test_all_steps_take_in_the_photos_of_the_budget_however_small_the_table(each, batches, epochs, steps):
    params = spending(Entry.of("mildnet").params(BUDGET, 7), BUDGET.photos, each=each, batches=batches)
    assert (params.epochs, params.steps) == (epochs, steps)
    assert steps <= batches


def test_what_an_entry_changes_goes_over_the_budget():
    params = Entry.of("mildnet_mobilenet:{loss: contrastive, size: 32, augment: {zoom: 0.0}}").params(BUDGET, 1)
    assert (params.loss, params.size, params.augment.zoom, params.augment.shear) == ("contrastive", 32, 0.0, 0.2)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("mildnett", "unknown recipe mildnett. Choose one of alexnet, "),
        ("mildnet:{los: hinge}", "mildnet:{los: hinge}.los is unknown. Remove it or mend its spelling."),
        ("mildnet:{recipe: visnet}", "mildnet:{recipe: visnet}: the recipe stands before the colon."),
        ("mildnet:{architecture: [1]}", "mildnet:{architecture: [1]}.architecture: Input should be a valid string"),
        ("mildnet:hinge", "mildnet:hinge: write RECIPE or RECIPE:{field: value}. Received: hinge"),
        ("mildnet:{loss", "mildnet:{loss is not YAML: "),
        (
            "mildnet:{steps: 5}",
            "mildnet:{steps: 5}: steps is the same for all entries. Leave it out and set --photos.",
        ),
        ("mildnet:{seed: 5}", "mildnet:{seed: 5}: seed is the same for all entries. Leave it out and set --seeds."),
    ],
)
def test_a_wrong_entry_is_named(written, message):
    with pytest.raises(ParamsError) as error:
        Entry.of(written).params(BUDGET, 1)
    assert str(error.value).startswith(message)


def test_weights_are_files_of_trunks(tmp_path):
    file = tmp_path / "w.h5"
    file.write_bytes(b"")
    assert trunk_weights((f"MobileNet={file}", "VGG16=imagenet")) == {"MobileNet": str(file), "VGG16": "imagenet"}
    with pytest.raises(ParamsError, match=r"unknown trunk Mobile\. Choose one of AlexNet, MobileNet, VGG16, VGG19\."):
        trunk_weights((f"Mobile={file}",))
    with pytest.raises(ParamsError, match=r"VGG16 has two weights files, imagenet and imagenet\. Name one\."):
        trunk_weights(("VGG16=imagenet", "VGG16=imagenet"))
    with pytest.raises(ParamsError, match="weights are written TRUNK=FILE"):
        trunk_weights(("MobileNet",))
    with pytest.raises(ParamsError, match=r"the weights file missing\.h5 of VGG16 does not exist"):
        trunk_weights(("VGG16=missing.h5",))


def test_intervals_are_student_s():
    values = [0.5, 0.6, 0.8]
    low, high = stats.t.interval(0.95, 2, np.mean(values), np.std(values, ddof=1) / np.sqrt(3))
    found = mean(values)
    assert found.value - found.half == pytest.approx(low)
    assert found.value + found.half == pytest.approx(high)
    assert str(mean([0.25])) == "0.250"


def test_the_table_by_hand():
    def run(category: float, rate: float) -> dict:
        scores = {"category": category, "triplet_accuracy": {"in_class": 0.5}}
        costs = {"photos": 95, "epochs": 1, "parameters": 10, "bytes": 2_000_000, "dimensions": 4}
        speeds = {"photos_per_second": rate, "inference_ms": 1.5, "inference_p95_ms": 2.5}
        return {**costs, **speeds, "trained": scores, "untrained": {"category": 0.1}}

    teachers = {"recommender": {"category": 0.9, "triplet_accuracy": {"in_class": 1.0}}}
    table = rows({"a": [run(0.2, 30.0), run(0.4, 31.0)]}, teachers)
    assert table[0] == [
        "recipe", "seeds", "photos", "epochs", "parameters", "MB", "train photos/s", "ms", "p95 ms", "dimensions",
        "in-class", "category",
    ]  # fmt: skip
    assert table[1][:11] == ["a", 2, 95, 1, 10, 2.0, 30.5, 1.5, 2.5, 4, mean([0.5, 0.5])]
    assert table[1][11].value == pytest.approx(0.3)
    assert table[2][0] == "a, untrained trunk"
    assert table[2][10:] == [None, mean([0.1, 0.1])]
    assert table[3] == ["recommender", *[None] * 9, 1.0, 0.9]


def compared(*words: str) -> Result:
    return CliRunner().invoke(main, ["compare", *words, "--workers", "1"])


@pytest.mark.slow
def test_a_comparison_is_written_and_its_runs_are_kept(project):
    entry = "mildnet_mobilenet:{units: 16, hidden: 16}"
    words = [entry, "--seeds", "1", "--photos", "60", "--epochs", "1", "--size", "32"]
    folder = Path("data/model/comparison")
    first = compared(*words)
    assert first.exit_code == 0, first.output
    assert f"| {entry} " in first.stdout
    paths = list((folder / "runs").iterdir())
    runs = json.loads((folder / "runs.json").read_text())[entry]
    assert sorted(runs, key=json.dumps) == sorted((json.loads(path.read_text()) for path in paths), key=json.dumps)
    for seed, (run, line) in enumerate(zip(runs, first.stdout.splitlines(), strict=False), 1):
        assert (run["photos"], run["epochs"]) == (3 * 19, 1)
        assert run["inference_ms"] <= run["inference_p95_ms"]
        own = run["trained"]
        assert line == (
            f"{entry}, seed {seed}: {own['triplet_accuracy']['in_class']:.3f} in-class,"
            f" {own['category']:.3f} category, {run['photos_per_second']:.0f} photos/s"
        )
    with (folder / "table.csv").open(newline="") as lines:
        table = list(csv.DictReader(lines))
    assert [row["recipe"] for row in table[2:]] == ["structure", "pattern", "color", "recommender"]
    assert table[0]["in-class"] == str(mean([run["trained"]["triplet_accuracy"]["in_class"] for run in runs]))
    assert table[0]["photos"] == "57"
    assert (folder / "table.png").stat().st_size > 0
    again = compared(*words)
    assert again.stdout == first.stdout
    assert sorted((folder / "runs").iterdir()) == sorted(paths)


def test_other_judges_are_told_apart(project):
    def judges(split: str = "val", resamples: int = 9) -> list:
        return Judges.read(split, EvaluateParams((1, 5), 3, 2, 20, resamples, 1)).asked

    first = judges()
    assert judges() == first == judges(resamples=1)
    assert judges("test") != first
    path = Path("data/triplets/recommended/similarity.json")
    path.write_bytes(path.read_bytes() + b" ")
    second = judges()
    assert second != first
    colors = Vectors.read(Path("data/features/color.arrow"))
    Vectors(colors.image_id, colors.values[::-1].copy(), colors.made_by).write(Path("data/features/color.arrow"))
    assert judges() != second


def test_the_split_that_asks_takes_the_place_of_test(project):
    catalog = Catalog.read(Path("data/curated/catalog/catalog.parquet"))
    judges = Judges.read("val", EvaluateParams((1, 5), 3, 2, 20, 9, 1))
    np.testing.assert_array_equal(judges.catalog.split == "test", catalog.split == "val")
    np.testing.assert_array_equal(judges.catalog.split == "train", catalog.split == "train")


def test_a_split_without_photos_is_named_before_anything_is_trained(project):
    path = Path("data/curated/catalog/catalog.parquet")
    catalog = Catalog.read(path)
    catalog.take(catalog.split != "val").write(path)
    result = compared("mildnet_mobilenet")
    assert result.exit_code == 1
    message = "Error: no catalog photo is of the split val. Raise curate.split.val or add products."
    assert result.stderr.strip().splitlines()[-1] == message


def test_long_names_do_not_meet_in_the_picture(tmp_path, monkeypatch):
    drawn = []

    @contextmanager
    def kept(*args):
        with drawing(*args) as figure:
            drawn.append(figure)
            yield figure

    monkeypatch.setattr(figure, "drawing", kept)
    names = [f"mildnet_mobilenet:{{loss: contrastive, margin: 0.{n}, augment: {{zoom: 0.0}}}}" for n in range(7)]
    scores = {"overlap": 0.4, "category": 0.5, "triplet_accuracy": {"in_class": 0.9}}
    runs = {name: [{"trained": scores, "untrained": scores}] for name in names}
    figure.draw(tmp_path / "table.png", runs, {"recommender": scores})
    drawn[0].draw_without_rendering()
    labels = [label.get_window_extent() for label in drawn[0].axes[0].get_yticklabels()]
    assert len(labels) == 7
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(labels))
    assert min(label.x0 for label in labels) >= 0
    assert max(label.width for label in labels) < 0.2 * drawn[0].bbox.width
