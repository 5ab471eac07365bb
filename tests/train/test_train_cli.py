"""fit, embed and evaluate on tiny projects, by their command lines."""

import csv
import json
from pathlib import Path

import keras
import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from garments import PARAMS

from core.atomic import alone
from core.images import PixelStore, squared, write_store
from core.models import load, save
from core.params import load as load_params
from core.tables import KINDS, Catalog, StreetPairs, Triplets, Vectors
from train.cli import main
from train.material import Material
from train.params import FitParams
from train.recipes import completing

TRIPLETS = Path("data/triplets/mixed/triplets.parquet")
FIT = Path("data/model/fit")
EVALUATION = Path("data/model/evaluation")
PICTURES = (
    "report.html",
    *(f"{name}.png" for name in ("recall", "training", "neighbors", "best", "worst", "map", "attributes")),
    "triplet_accuracy.png",
)
SYSTEMS = ["structure", "pattern", "color", "recommender", "untrained", "trained"]


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def succeed(*words: str) -> Result:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result


def error(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 1
    return result.stderr.strip().splitlines()[-1]


def change(old: str, new: str) -> None:
    assert old in PARAMS
    Path("params.yaml").write_text(PARAMS.replace(old, new))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def keep(rows_of: str) -> None:
    """Leave only the triplets of one split."""
    triplets = Triplets.read(TRIPLETS)
    triplets.take(triplets.split == rows_of).write(TRIPLETS)


def test_a_whole_run(project):
    fitted = succeed("fit", "--workers", "1")
    assert "| epoch | loss " in fitted.output
    summary = json.loads((FIT / "metrics.json").read_text())
    history = read_csv(FIT / "history.csv")
    merits = [
        (float(np.mean([float(row[f"val_{kind}"]) for kind in KINDS])), -float(row["val_loss"])) for row in history
    ]
    assert [row["epoch"] for row in history] == ["1", "2"]
    assert summary["epoch"] == 1 + merits.index(max(merits))
    assert summary["val_loss"] == -max(merits)[1]
    assert summary["chosen_by"] == "val accuracy"
    assert json.loads((FIT / "params.json").read_text())["architecture"] == "mildnet_mobilenet"
    assert summary["decoded"] == pytest.approx(float(history[0]["decoded"]), abs=0.5)
    assert set(summary["val_accuracy"]) == {"in_class", "out_of_class", "wild"}
    assert summary["parameters"] == load(FIT / "model.keras").count_params()

    succeed("embed")
    trained, untrained = (
        Vectors.read(Path(f"data/model/embeddings/{name}.arrow")) for name in ("trained", "untrained")
    )
    assert trained.values.shape == (150, 16)
    assert untrained.values.shape == (150, 2016)
    np.testing.assert_allclose(np.linalg.norm(trained.values, axis=1), 1, atol=1e-5)
    assert trained.made_by["model"] == "mildnet_mobilenet"
    check_embeddings(trained)

    printed = succeed("evaluate").output
    check_evaluation(printed)
    where = succeed("where").output
    for name in PICTURES:
        assert str(EVALUATION / name) in where.splitlines()
        assert (EVALUATION / name).stat().st_size > 0
    first = {path.name: path.read_bytes() for path in EVALUATION.iterdir()}
    succeed("evaluate")
    assert {path.name: path.read_bytes() for path in EVALUATION.iterdir()} == first


def check_embeddings(trained: Vectors) -> None:
    """A photo's vector is what the saved network says of that photo alone, of a street photo of what its box holds."""
    store = PixelStore.open(Path("data/curated/catalog/images.arrow"), Path("data/curated/street/images.arrow"))
    model = load(FIT / "model.keras")
    pairs = StreetPairs.read(Path("data/curated/street/street_pairs.parquet"))
    boxed, whole = (pairs.image_id[np.equal(pairs.left, None) == unknown][0] for unknown in (False, True))
    for image_id in (trained.image_id[0], trained.image_id[77], whole, boxed):
        pixels = store[image_id][12:36, 10:30] if image_id == boxed else store[image_id]
        squares = np.empty((1, 32, 32, 3), np.uint8)
        squared(pixels, 32, squares[0])
        vector = trained.values[list(trained.image_id).index(image_id)]
        np.testing.assert_allclose(vector, model.predict_on_batch(squares)[0], atol=1e-4)


def check_evaluation(printed: str) -> None:
    numbers = json.loads((EVALUATION / "metrics.json").read_text())
    assert list(numbers["systems"]) == SYSTEMS
    assert numbers["counts"]["triplets"] == {"in_class": 30, "out_of_class": 30, "wild": 10}
    assert numbers["counts"]["same_product"] == {"queries": 30, "left_out": 0, "gallery": 30, "products": 10}
    street = {"queries": 10, "left_out": 0, "gallery": 30, "products": 30}
    assert numbers["counts"]["within_category"] == street
    assert numbers["counts"]["all_categories"] == {**street, "gallery": 20, "products": 20}
    for scores in [*numbers["systems"].values(), *numbers["macro"].values()]:
        assert set(scores["same_product"]) == {"hit_rate@1", "hit_rate@5", "recall@1", "recall@5", "map_at_r"}
        assert set(scores["street_to_shop"]) == {"within_category", "all_categories", "triplets"}
        assert set(scores["street_to_shop"]["within_category"]) == {"hit_rate@1", "hit_rate@5"}
        assert set(scores["street_to_shop"]["all_categories"]) == {"accuracy@1", "accuracy@5", "map"}
        assert scores["street_to_shop"]["triplets"]["accuracy"] == scores["triplet_accuracy"]["wild"]
        assert set(scores["attributes"]) == {"color", "pattern"}
        assert scores["mean_attributes"] == pytest.approx(np.mean(list(scores["attributes"].values())))
    assert numbers["systems"]["recommender"]["overlap"] == 1
    check_difference(numbers, printed)
    assert numbers["chance"]["attributes"]["color"] == pytest.approx(color_chance_by_hand())
    assert numbers["chance"]["category"] == pytest.approx(12 / 27)
    assert all(f"| {system} " in printed for system in [*SYSTEMS, "chance"])
    rows = read_csv(EVALUATION / "scores.csv")
    found = {(row["system"], row["task"], row["measure"]): row for row in rows}
    assert len(rows) == len(found) == len(SYSTEMS) * (2 + 2 + 1 + 3 + 5 + 2 + 3 + 1)
    own = found["trained", "within_category", "hit_rate@1"]
    assert own["queries"] == "10"
    assert float(own["micro_low"]) <= float(own["micro"]) <= float(own["micro_high"])
    accuracy = accuracy_by_hand("color")
    assert numbers["systems"]["color"]["triplet_accuracy"] == pytest.approx(accuracy)


def check_difference(numbers: dict, printed: str) -> None:
    """What the goal is about, in the numbers, in a file and in words."""
    ours, theirs = (numbers["systems"][name]["mean_attributes"] for name in ("trained", "recommender"))
    difference = numbers["differences"]["trained_minus_recommender"]["mean_attributes"]
    assert difference["difference"] == pytest.approx(ours - theirs)
    assert difference["low"] <= ours - theirs <= difference["high"]
    rows = read_csv(EVALUATION / "differences.csv")
    own = next(row for row in rows if (row["less"], row["task"]) == ("recommender", "mean_attributes"))
    assert float(own["difference"]) == difference["difference"]
    line = next(line for line in printed.splitlines() if line.startswith("At least as good as the recommender: "))
    assert f" {ours:.3f} beside {theirs:.3f}, difference {ours - theirs:+.3f} (95 %: " in line
    assert line in (EVALUATION / "report.html").read_text()


def color_chance_by_hand() -> float:
    """Test photos ask all other products of their partition."""
    catalog = Catalog.read(Path("data/curated/catalog/catalog.parquet"))
    shares = []
    for query in np.flatnonzero(catalog.split == "test"):
        others = (catalog.partition == catalog.partition[query]) & (catalog.product_id != catalog.product_id[query])
        colors = [pairs["color"] for pairs in catalog.attributes[others]]
        shares.append(colors.count(catalog.attributes[query]["color"]) / len(colors))
    return float(np.mean(shares))


def accuracy_by_hand(name: str) -> dict[str, float]:
    table, triplets = Vectors.read(Path(f"data/features/{name}.arrow")), Triplets.read(TRIPLETS)
    vectors = dict(zip(table.image_id, np.sqrt(table.values.astype(float)), strict=True))
    right: dict[str, list[float]] = {}
    for row in range(len(triplets)):
        if triplets.split[row] == "test":
            query, positive, negative = (
                vectors[column[row]] for column in (triplets.query_id, triplets.positive_id, triplets.negative_id)
            )
            near, far = np.linalg.norm(query - positive), np.linalg.norm(query - negative)
            right.setdefault(triplets.kind[row], []).append(float(near < far))
    return {kind: float(np.mean(values)) for kind, values in right.items()}


@pytest.mark.slow
def test_without_street_and_without_val(project_without_street):
    triplets = Triplets.read(TRIPLETS)
    triplets.take(triplets.split != "val").write(TRIPLETS)
    output = succeed("fit", "--workers", "2").output
    assert "Kept epoch 2, chosen by: last epoch, there are no val triplets." in output
    summary = json.loads((FIT / "metrics.json").read_text())
    assert "val_loss" not in summary
    assert summary["triplets"]["val"] == 0
    succeed("embed")
    succeed("evaluate")
    numbers = json.loads((EVALUATION / "metrics.json").read_text())
    assert "wild" not in numbers["systems"]["trained"]["triplet_accuracy"]
    assert "street_to_shop" not in numbers["systems"]["trained"]
    assert numbers["counts"]["within_category"] == numbers["counts"]["all_categories"]
    assert set(numbers["counts"]["within_category"].values()) == {0}
    assert "No street photo of test has a shop photo" in (EVALUATION / "report.html").read_text()
    Path("params.yaml").write_text(
        PARAMS.replace("examples: 2", "examples: 0")
        .replace("map: 20", "map: 0")
        .replace("resamples: 50", "resamples: 0")
    )
    keep("train")
    succeed("evaluate")
    assert "there is no triplet accuracy" in (EVALUATION / "report.html").read_text()
    assert not {"neighbors.png", "best.png", "worst.png", "map.png"} & {path.name for path in EVALUATION.iterdir()}
    numbers = json.loads((EVALUATION / "metrics.json").read_text())
    assert set(numbers["differences"]["trained_minus_untrained"]) == {"mean_attributes", "mean_labels"}


@pytest.mark.slow
def test_a_collapse_stops_and_names_the_parameter(project):
    change("learning_rate: 0.01", "learning_rate: 100.0")
    message = error("fit", "--workers", "1")
    assert message.startswith("Error: the embeddings collapsed in epoch ")
    assert message.endswith("Lower train.fit.learning_rate (now 100) or train.fit.margin.")
    assert not list(FIT.parent.iterdir())


@pytest.mark.slow
def test_training_learns_and_repeats_its_bytes(project):
    learning = (
        PARAMS.replace("epochs: 2", "epochs: 5").replace("steps: 3", "steps: 15").replace("units: 16", "units: 64")
    )
    Path("params.yaml").write_text(learning.replace("batch: 8", "batch: 16"))
    succeed("fit", "--workers", "1")
    first = {path.name: path.read_bytes() for path in FIT.iterdir()}
    summary = json.loads(first["metrics.json"])
    assert min(summary["val_accuracy"].values()) > 0.75
    succeed("fit", "--workers", "2")
    assert {path.name: path.read_bytes() for path in FIT.iterdir()} == first


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dropout: 0.1", "dropout: 1", "train.fit: dropout must be from 0 to below 1. Received: 1.0"),
        ("units: 16", "units: 0", "train.fit: units must be at least 1, or null. Received: 0"),
        ("steps: 3", "steps: 0", "train.fit: steps must be at least 1, or null. Received: 0"),
        ("margin: 0.3", "margin: 0", "train.fit: margin must be a finite number above 0. Received: 0.0"),
        ("    seed: 1", "    seed: 1\n    extra: 1", "train.fit.extra is unknown."),
    ],
)
def test_impossible_parameters_are_named(project, old, new, message):
    change(old, new)
    assert error("fit").startswith(f"Error: params.yaml: {message}")


def test_impossible_cut_offs_are_named(project):
    change("ks: [1, 5]", "ks: [5, 1]")
    expected = "Error: params.yaml: train.evaluate: ks must be a rising list of counts from 1. Received: [5, 1]"
    assert error("evaluate") == expected


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("architecture: resnet", "unknown architecture resnet. Choose one of mildnet_1024_512, "),
        ("loss: hing", "unknown loss hing. Choose one of hinge, "),
        ("degrees: 30", "the loss hinge takes no degrees. Received: 30.0. Set train.fit.degrees to null."),
    ],
)
def test_what_does_not_exist_is_named(project, field, message):
    change("    dropout: 0.1", f"    dropout: 0.1\n    {field}")
    assert error("fit").startswith(f"Error: {message}")
    assert not FIT.exists()


@pytest.mark.slow
def test_another_recipe_by_the_command_line(project):
    message = error("fit", "--recipe", "mildnet_mobile")
    assert message.startswith("Error: unknown recipe mildnet_mobile. Choose one of alexnet, ")
    assert error("fit", "--recipe", "mildnet_v2") == (
        "Error: mildnet_v2 has no hidden. Set it to null. Received: hidden 16"
    )
    change("    hidden: 16\n    dropout: 0.1\n    margin: 0.3\n", "")
    succeed("fit", "--recipe", "mildnet_v2", "--workers", "1")
    assert json.loads((FIT / "params.json").read_text())["loss"] == "relational"
    assert load(FIT / "model.keras").name == "mildnet_v2"


def test_missing_inputs_name_the_next_step(project):
    step = "does not exist. Run the stage that writes it: dvc repro."
    assert error("embed") == f"Error: data/model/fit/model.keras {step}"
    assert error("evaluate") == f"Error: data/model/embeddings/untrained.arrow {step}"
    assert error("where") == "Error: data/model/evaluation/metrics.json does not exist. Run dvc repro."
    TRIPLETS.unlink()
    assert error("fit") == f"Error: {TRIPLETS} {step}"
    Path("params.yaml").unlink()
    assert error("fit").startswith("Error: params.yaml does not exist.")


def test_a_second_training_waits_for_the_first(project):
    with alone(Path("data/cache/training.lock"), "train fit"):
        assert error("fit") == "Error: another train fit runs in this folder. Wait for its end, or stop it."


def test_a_model_file_that_embeds_nothing_is_named(project):
    FIT.mkdir(parents=True)
    (FIT / "model.keras").write_bytes(b"text")
    assert error("embed") == (
        "Error: data/model/fit/model.keras cannot be loaded: it is no Keras file, or a damaged one. Run dvc repro."
    )
    inputs = keras.Input((4,))
    save(keras.Model(inputs, keras.layers.Dense(2)(inputs)), FIT / "model.keras")
    message = "is no network that embeds square photos. Received: (None, 4) to (None, 2). Run dvc repro."
    assert error("embed") == f"Error: data/model/fit/model.keras {message}"
    assert error("export") == f"Error: data/model/fit/model.keras {message}"


def test_no_training_triplets(project):
    keep("test")
    assert error("fit") == (
        "Error: none of the 70 triplets is of the split train."
        " Lower triplets.mine.gap or triplets.mine.margin, or add photos."
    )
    assert not FIT.exists()


@pytest.mark.slow
def test_a_photo_that_is_damaged_is_named_from_the_middle_of_a_training(project):
    # A network without batch normalisation, for whose statistics all photos would be read before the first step.
    fields = {"recipe": "vanila_vgg16", "weights": "null", "size": "32", "epochs": "1", "batch": "2"}
    start, end = PARAMS.index("    recipe:"), PARAMS.index("  embed:")
    section = "".join(f"    {name}: {value}\n" for name, value in fields.items())
    Path("params.yaml").write_text(PARAMS[:start] + section + PARAMS[end:])
    options = load_params(Path("params.yaml"), "train.fit", FitParams, complete=completing(None))
    material = Material.read(options)
    order = material.order(options)
    early, late = (set(order.rows[order.epoch(1)[steps]].reshape(-1)) for steps in (slice(0, 6), slice(6, None)))
    name = material.training.photos.image_id[min(late - early)]
    damage(name)
    assert error("fit", "--workers", "1") == (
        f"Error: the stored photo of {name} is damaged. Remove the store and run dvc repro."
    )


def damage(image_id: str) -> None:
    """Cut the stored photo short, in whichever store it is."""
    for path in (Path("data/curated/catalog/images.arrow"), Path("data/curated/street/images.arrow")):
        table = pa.ipc.open_file(path).read_all()
        photos = dict(zip(table["image_id"].to_pylist(), table["photo"].to_pylist(), strict=True))
        if image_id in photos:
            photos[image_id] = photos[image_id][:20]
            write_store(path, photos.items())
