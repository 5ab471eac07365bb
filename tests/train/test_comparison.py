"""Comparisons: the budget, the table's figures by hand, and a small one on the tiny project."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from core.errors import ParamsError
from train.cli import main
from train.comparison.entry import Budget, Entry, trunk_weights
from train.comparison.table import mean, rows

BUDGET = Budget(photos=1000, epochs=4, size=64, weights={"MobileNet": "mobile.h5"})


def test_every_entry_is_given_the_same_photos():
    shared = Entry.of("mildnet_mobilenet").params(BUDGET, 7)
    assert (shared.size, shared.epochs, shared.seed, shared.weights) == (64, 4, 7, "mobile.h5")
    assert shared.steps == 1000 // (4 * 19)  # 16 triplets that share photos have room for 19
    alone = Entry.of("mildnet:{share: false}").params(BUDGET, 7)
    assert alone.steps == 1000 // (4 * 48)
    assert alone.weights is None  # there is no file for VGG16
    assert alone.loss == "contrastive"


def test_what_an_entry_changes_goes_over_the_budget():
    params = Entry.of("mildnet_mobilenet:{loss: contrastive, size: 32, augment: {zoom: 0.0}}").params(BUDGET, 1)
    assert (params.loss, params.size, params.augment.zoom, params.augment.shear) == ("contrastive", 32, 0.0, 0.2)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("mildnett", "unknown recipe mildnett. Choose one of alexnet, "),
        ("mildnet:{los: hinge}", "mildnet:{los: hinge}.los is unknown. Remove it or mend its spelling."),
        ("mildnet:hinge", "mildnet:hinge: write RECIPE or RECIPE:{field: value}. Received: hinge"),
        ("mildnet:{loss", "mildnet:{loss is not YAML: "),
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
    def run(category: float) -> dict:
        scores = {"category": category, "triplet_accuracy": {"in_class": 0.5}}
        costs = {"parameters": 10, "bytes": 2_000_000, "photos_per_second": 30.0, "inference_ms": 1.5, "dimensions": 4}
        return {**costs, "trained": scores, "untrained": {"category": 0.1}}

    teachers = {"recommender": {"category": 0.9, "triplet_accuracy": {"in_class": 1.0}}}
    table = rows({"a": [run(0.2), run(0.4)]}, teachers)
    assert table[0] == [
        "recipe", "seeds", "parameters", "MB", "train photos/s", "ms", "dimensions", "in-class", "category",
    ]  # fmt: skip
    assert table[1][:8] == ["a", 2, 10, 2.0, 30.0, 1.5, 4, mean([0.5, 0.5])]
    assert table[1][8].value == pytest.approx(0.3)
    assert table[2][0] == "a, untrained trunk"
    assert table[2][7:] == [None, mean([0.1, 0.1])]
    assert table[3] == ["recommender", None, None, None, None, None, None, 1.0, 0.9]


def test_a_comparison_is_written_and_its_runs_are_kept(project):
    words = ["compare", "mildnet_mobilenet:{units: 16, hidden: 16}", "--seeds", "2", "--photos", "60", "--epochs", "1"]
    words += ["--size", "32", "--workers", "1"]
    folder = Path("data/model/comparison")
    first = CliRunner().invoke(main, words)
    assert first.exit_code == 0, first.output
    assert "| mildnet_mobilenet:{units: 16, hidden: 16} " in first.stdout
    runs = sorted((folder / "runs").iterdir())
    assert len(runs) == 2
    with (folder / "table.csv").open(newline="") as lines:
        table = list(csv.DictReader(lines))
    assert [row["recipe"] for row in table[2:]] == ["structure", "pattern", "color", "recommender"]
    accuracies = [json.loads(path.read_text())["trained"]["triplet_accuracy"]["in_class"] for path in runs]
    assert table[0]["in-class"] == str(mean(accuracies))
    assert (folder / "table.png").stat().st_size > 0
    again = CliRunner().invoke(main, words)
    assert again.stdout == first.stdout
