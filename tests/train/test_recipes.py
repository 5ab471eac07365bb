"""The recipes against the published table, and what params.yaml says over them."""

import json

import pytest
from pydantic import TypeAdapter

from core.errors import ParamsError
from core.params import load
from train import recipes
from train.architectures import ARCHITECTURES
from train.losses import LOSSES
from train.params import FitParams

# recipe, architecture, loss, optimizer, learning rate, epochs, triplets in a batch: the authors' configurations.
PUBLISHED = """
alexnet multiscale_alexnet hinge sgd 1e-3 20 32
ranknet ranknet contrastive sgd 1e-3 30 16
vanila_vgg16 vanila_vgg16 hinge sgd 1e-3 8 16
visnet visnet hinge sgd 1e-3 20 16
visnet-lrn2d visnet_lrn2d hinge sgd 1e-3 20 16
mildnet mildnet_vgg16 contrastive sgd 1e-3 30 16
mildnet_skip_1 mildnet_vgg16_skip_1 hinge sgd 1e-3 20 32
mildnet_skip_2 mildnet_vgg16_skip_2 hinge sgd 1e-3 20 32
mildnet_skip_3 mildnet_vgg16_skip_3 hinge sgd 1e-3 20 32
mildnet_skip_4 mildnet_vgg16_skip_4 hinge sgd 1e-3 20 16
mildnet_512_512 mildnet_512_512 hinge sgd 1e-3 20 16
mildnet_1024_512 mildnet_1024_512 hinge sgd 1e-3 20 16
mildnet_512_no_dropout mildnet_512_no_dropout hinge sgd 1e-4 20 16
mildnet_hinge_new mildnet_vgg16 hinge_new sgd 1e-4 18 16
mildnet_angular_1 mildnet_vgg16 angular_1 sgd 1e-3 6 16
mildnet_angular_2 mildnet_vgg16 angular_2 sgd 1e-3 6 16
mildnet_contrastive mildnet_vgg16 contrastive sgd 1e-3 8 16
mildnet_lossless mildnet_vgg16 lossless sgd 1e-3 6 16
mildnet_without_skip mildnet_without_skip hinge sgd 1e-3 8 16
mildnet_without_skip_big mildnet_without_skip_big hinge sgd 1e-3 12 16
mildnet_vgg19 mildnet_vgg19 contrastive sgd 1e-3 20 16
mildnet_vgg16_big mildnet_vgg16_big hinge rmsprop 1e-3 8 16
mildnet_mobilenet mildnet_mobilenet hinge sgd 1e-3 20 16
mildnet_all_trainable mildnet_vgg16_all_trainable hinge sgd 1e-3 20 32
mildnet_cropped mildnet_vgg16 hinge sgd 1e-4 20 16
"""
SHOWN = ("recipe", "architecture", "loss", "optimizer", "learning_rate", "epochs", "batch")


def whole(name: str) -> FitParams:
    return TypeAdapter(FitParams).validate_json(json.dumps(recipes.recipe(name)))


def test_the_published_recipes_are_there():
    rows = [line.split() for line in PUBLISHED.split("\n") if line]
    expected = [(*words[:4], float(words[4]), int(words[5]), int(words[6])) for words in rows]
    listed = [tuple(getattr(whole(name), field) for field in SHOWN) for name in recipes.names()]
    assert listed[:25] == expected
    assert recipes.names()[25:] == ["mildnet_v2"]


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_is_whole_and_names_what_exists(name):
    options = whole(name)
    assert options.architecture in ARCHITECTURES
    assert options.loss in LOSSES


def test_only_the_cropped_one_crops():
    assert [name for name in recipes.names() if whole(name).cropped] == ["mildnet_cropped"]


def section(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(f"train: {{fit: {text}}}\n")
    return path


def test_params_go_over_the_recipe_field_by_field(tmp_path):
    path = section(tmp_path, "{recipe: alexnet, epochs: 3, augment: {zoom: 0.1}}")
    options = load(path, "train.fit", FitParams, complete=recipes.completing(None))
    assert (options.architecture, options.size, options.epochs, options.batch) == ("multiscale_alexnet", 227, 3, 32)
    assert (options.augment.zoom, options.augment.rotation) == (0.1, 30.0)


def test_the_command_line_names_another_recipe(tmp_path):
    path = section(tmp_path, "{recipe: alexnet, epochs: 3}")
    options = load(path, "train.fit", FitParams, complete=recipes.completing("visnet"))
    assert (options.recipe, options.architecture, options.epochs) == ("visnet", "visnet", 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{recipe: visnett}", "unknown recipe visnett. Choose one of alexnet, ranknet, "),
        ("{epochs: 3}", "train.fit.recipe is missing. Add it; profiles/sample.yaml shows a value."),
        ("{recipe: visnet, epoch: 3}", "train.fit.epoch is unknown. Remove it or mend its spelling."),
        ("{recipe: visnet, warmup: 0.1}", "train.fit: warmup is for the cosine schedule, set it to 0. Received: 0.1"),
        ("{recipe: visnet, optimizer: adamw}", "train.fit: momentum is not for adamw, set it to 0. Received: 0.9"),
        ("{recipe: visnet, augment: {zoom: 1}}", "train.fit.augment: zoom must be from 0 to below 1. Received: 1.0"),
        ("{recipe: visnet, batch: 5000}", "train.fit: batch must be at most 4096 triplets. Received: 5000"),
        ("{recipe: mildnet, taps: [a, a]}", "train.fit: taps must name each layer once. Received: ['a', 'a']"),
        ("{recipe: mildnet_v2, weight: -1}", "train.fit: weight must be a finite number from 0. Received: -1.0"),
        ("{recipe: visnet, checkpoint: 0}", "train.fit: checkpoint must be at least 1, or null. Received: 0"),
    ],
)
def test_what_params_may_not_say(tmp_path, text, message):
    with pytest.raises(ParamsError) as error:
        load(section(tmp_path, text), "train.fit", FitParams, complete=recipes.completing(None))
    assert message in str(error.value)
