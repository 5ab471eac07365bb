from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML
from shapes import write_collection

from core.images import encode, write_store
from core.tables import Catalog, Vectors
from features.cli import main

HEAD = {
    "trunk": "MobileNet",
    "weights": None,
    "tap": "conv_pw_2_relu",
    "size": 32,
    "width": 16,
    "dropout": 0.1,
    "scale": 8.0,
    "epochs": 3,
    "patience": 2,
    "batch": 16,
    "learning_rate": 0.01,
    "tune": {"start": "conv1", "epochs": 0, "learning_rate": 0.001},
    "seed": 1,
}
SECTIONS = {"structure": HEAD, "pattern": HEAD, "rendered": {"per_pattern": 10, "seed": 1}, "color": {"bins": 180}}


def write_params(**changes) -> None:
    with Path("params.yaml").open("w") as file:
        YAML().dump({"features": {**SECTIONS, **changes}}, file)


def run(*words: str):
    return CliRunner().invoke(main, words, catch_exceptions=False)


def test_fit_and_extract_write_every_row_in_catalog_order(project):
    write_params()
    assert run("fit", "structure").exit_code == 0
    result = run("fit", "pattern")
    assert "2 classes from labels" in result.output
    assert run("extract").exit_code == 0
    ids = [
        Catalog.read(Path(f"data/curated/{name}/catalog.parquet")).image_id.tolist() for name in ("catalog", "street")
    ]
    for name, width in (("structure", 16), ("pattern", 16), ("color", 540)):
        vectors = Vectors.read(Path(f"data/features/{name}.arrow"))
        assert vectors.image_id.tolist() == ids[0] + ids[1]
        assert vectors.values.shape == (102, width)
        assert vectors.made_by["descriptor"] == name


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
    assert (after[: len(ids), 0] > 0.33).all()
    assert not np.array_equal(before[: len(ids)], after[: len(ids)])
    np.testing.assert_array_equal(before[len(ids) :], after[len(ids) :])


def test_without_pattern_labels_the_swatches_teach(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_collection(tmp_path / "data/curated/catalog", 12, patterns=False)
    write_params()
    result = run("fit", "pattern")
    assert result.exit_code == 0
    assert "7 classes from rendered" in result.output
    assert '"source": "rendered"' in Path("data/features/pattern_classifier/metrics.json").read_text()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"color": {}}, "params.yaml: features.color.bins is missing. Add it; profiles/sample.yaml shows a value."),
        (
            {"color": {"bins": 180, "bin": 1}},
            "params.yaml: features.color.bin is unknown. Remove it or mend its spelling.",
        ),
        ({"color": {"bins": 1}}, "params.yaml: features.color: bins must be at least 2. Received: 1"),
    ],
)
def test_bad_parameters_are_named_on_one_line(project, changes, message):
    write_params(**changes)
    result = run("extract", "color")
    assert result.exit_code == 1
    assert result.stderr == f"Error: {message}\n"
    assert not Path("data/features").exists()


def test_a_missing_classifier_says_what_to_run(project):
    result = run("extract", "structure")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: data/features/structure_classifier/model.keras does not exist."
        " Run the stage that writes it: dvc repro.\n"
    )


def test_vectors_do_not_depend_on_what_stands_beside_them(project):
    write_params()
    assert run("fit", "structure").exit_code == 0
    assert run("extract", "structure").exit_code == 0
    before = Vectors.read(Path("data/features/structure.arrow"))
    street = Path("data/curated/street/catalog.parquet")
    some = Catalog.read(street).take(np.arange(5))
    some.write(street)
    run("extract", "structure")
    after = Vectors.read(Path("data/features/structure.arrow"))
    np.testing.assert_allclose(after.values, before.of(after.image_id), atol=1e-4)
