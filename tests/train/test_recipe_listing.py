"""What the command line says of recipes: the list, and what params.yaml changes in one."""

import json

import pytest
from click.testing import CliRunner

from core.params import load
from train import recipes
from train.cli import main
from train.params import FitParams


def test_the_list_as_json_and_as_a_table():
    result = CliRunner().invoke(main, ["recipes", "--json"])
    listed = {one["recipe"]: one for one in json.loads(result.stdout)}
    assert list(listed) == recipes.names()
    assert listed["mildnet"] == {
        "recipe": "mildnet",
        "architecture": "mildnet_vgg16",
        "loss": "contrastive",
        "optimizer": "sgd",
        "lr": 0.001,
        "epochs": 30,
        "batch": 16,
        "parameters": 21_927_744,
    }
    assert listed["mildnet_mobilenet"]["parameters"] == 6_343_872

    lines = CliRunner().invoke(main, ["recipes"]).stdout.splitlines()
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert table[0] == list(listed["mildnet"])
    assert [row[0] for row in table[2:]] == recipes.names()
    hinge_new = next(row for row in table if row[0] == "mildnet_hinge_new")
    assert hinge_new[2:] == ["hinge_new", "sgd", "0.0001", "18", "16", "21927744"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{recipe: mildnet}", ""),
        ("{recipe: mildnet, size: 64, epochs: 30}", "size 64"),  # 30 epochs are the recipe's own
        (
            "{recipe: mildnet, weights: null, taps: [block5_pool], loss: hinge, share: false, augment: {zoom: 0.1}}",
            'weights null, taps ["block5_pool"], loss hinge, share false, augment.zoom 0.1',
        ),
    ],
)
def test_what_params_change_in_a_recipe(tmp_path, text, told):
    path = tmp_path / "params.yaml"
    path.write_text(f"train: {{fit: {text}}}\n")
    options = load(path, "train.fit", FitParams, complete=recipes.completing(None))
    assert recipes.changes(options) == told
