"""What a photo outside all catalogs is described by: the values that the descriptor tables would have of it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from sections import CLASSIFIER, COLOR, write_params
from shapes import photo, write_collection

from core import models, photo_file
from core.color_params import as_text
from core.decoding import decode
from core.describe import Describer
from core.errors import ModelError, TableError
from core.images import PixelStore, encode, shrink, write_store
from core.photo_params import PhotoParams
from core.tables import Vectors
from curate.photos import Cut, look
from features.cli import main

SIDE = 48
PHOTOS = PhotoParams(min_side=8, max_pixels=100_000, max_bytes=1_000_000, min_range=0, largest_side=SIDE, quality=90)
# Other networks, other views and the other histogram: no value of one descriptor can stand for another's.
PATTERN = {**CLASSIFIER, "trunk": {**CLASSIFIER["trunk"], "view": "garment"}, "seed": 2}
HISTOGRAM = {**COLOR, "histogram": "joint", "bins": 60, "smoothing": 8.0, "dominance": 2.5}


def write_file(path, number):
    """A JPEG larger than the store keeps, with the grain of a camera."""
    rng = np.random.default_rng(number)
    shape, fabric = ("round", "square", "tall")[number % 3], ("plain", "striped")[number % 2]
    pixels = cv2.resize(photo(shape, fabric, rng), (130, 150 - number), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 6, pixels.shape)
    path.write_bytes(encode((pixels + grain).clip(0, 255).astype(np.uint8), 95))


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """A described catalog of 60 photos, whose first 12 were ingested from files in `photos`; the working folder."""
    folder = tmp_path_factory.mktemp("described")
    catalog = write_collection(folder / "data/curated/catalog", 60, patterns=True)
    write_collection(folder / "data/curated/street", 6, patterns=True, domain="street")
    store = folder / "data/curated/catalog/images.arrow"
    opened = PixelStore.open(store)
    encoded = {image_id: opened.encoded(image_id) for image_id in catalog.image_id}
    (folder / "photos").mkdir()
    for number in range(12):
        file = folder / f"photos/catalog-{number:03}.jpg"
        write_file(file, number)
        encoded[file.stem] = look(file.read_bytes(), Cut(None, crop=False), PHOTOS).encoded
    write_store(store, encoded.items())
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        write_params(pattern=PATTERN, color=HISTOGRAM)
        for words in (("fit", "structure"), ("fit", "pattern"), ("extract",)):
            result = CliRunner().invoke(main, words, catch_exceptions=False)
            assert result.exit_code == 0, result.stderr
        shutil.rmtree("data/cache")
        yield folder


@pytest.fixture(scope="module")
def describer(described):
    return Describer.read(described / "data/features")


@pytest.fixture
def features(described, tmp_path):
    """A copy of what describes, to be spoilt."""
    return Path(shutil.copytree(described / "data/features", tmp_path / "features"))


def assert_rows(found, folder, image_ids):
    """That `found` is what the tables in `folder` have of `image_ids`."""
    assert list(found) == ["structure", "pattern", "color"]
    for name, vectors in found.items():
        wanted = Vectors.read(folder / f"{name}.arrow").of(image_ids)
        assert vectors.dtype == np.float32
        if name == "color":
            np.testing.assert_array_equal(vectors, wanted)
        else:
            np.testing.assert_allclose(vectors, wanted, atol=1e-5, rtol=0)


def test_stored_photos_have_the_values_of_the_tables(described, describer):
    stores = [described / f"data/curated/{name}/images.arrow" for name in ("catalog", "street")]
    store = PixelStore.open(*stores)
    image_ids = Vectors.read(described / "data/features/color.arrow").image_id
    assert len(image_ids) == 66  # more than go through a network at once
    assert_rows(describer.of([store[image_id] for image_id in image_ids]), described / "data/features", image_ids)
    for image_id in image_ids[:5]:
        assert_rows(describer.of([store[image_id]]), described / "data/features", [image_id])
    assert not (described / "data/cache").exists()


def test_a_file_that_was_ingested_has_the_values_of_its_row(described, describer):
    files = sorted((described / "photos").iterdir())
    found = describer.of([photo_file.read(file, PHOTOS) for file in files])
    assert_rows(found, described / "data/features", [file.stem for file in files])


def test_without_the_store_s_jpeg_the_values_would_be_others(described, describer):
    file = described / "photos/catalog-004.jpg"
    pixels = shrink(decode(file.read_bytes(), max_pixels=PHOTOS.max_pixels, enough=SIDE).pixels, SIDE)
    found = describer.of([pixels])
    for name, vectors in found.items():
        row = Vectors.read(described / f"data/features/{name}.arrow").of([file.stem])
        assert np.linalg.norm(vectors - row) > 1e-3, name


def test_no_photo_gives_no_row_and_every_size_gives_one(describer):
    assert {name: vectors.shape for name, vectors in describer.of([]).items()} == {
        "structure": (0, 16),
        "pattern": (0, 16),
        "color": (0, 16 * 16 + 60),
    }
    rng = np.random.default_rng(3)
    sizes = [(48, 48), (300, 20), (31, 200), (9, 7), (1, 1)]
    found = describer.of([rng.integers(0, 256, (*size, 3), np.uint8) for size in sizes])
    for name, vectors in found.items():
        assert len(vectors) == len(sizes)
        norms = vectors.sum(axis=1) if name == "color" else np.linalg.norm(vectors, axis=1)
        np.testing.assert_allclose(norms, 1, atol=1e-5)


def test_a_missing_classifier_says_what_to_run(features):
    shutil.rmtree(features / "pattern_classifier")
    with pytest.raises(ModelError) as error:
        Describer.read(features)
    said = f"{features}/pattern_classifier/model.keras does not exist. Run the stage that writes it: dvc repro."
    assert str(error.value) == said


@pytest.mark.parametrize("name", ["structure", "pattern", "color"])
def test_a_missing_table_says_what_to_run(features, name):
    (features / f"{name}.arrow").unlink()
    with pytest.raises(TableError) as error:
        Describer.read(features)
    assert str(error.value) == f"{features}/{name}.arrow does not exist. Run the stage that writes it: dvc repro."


def test_a_classifier_that_was_fitted_anew_is_not_mixed_with_an_older_table(features):
    path = features / "structure_classifier/model.keras"
    model = models.load(path)
    model.get_layer("descriptor").bias.assign_add(np.ones(16))
    models.save(model, path)
    with pytest.raises(ModelError) as error:
        Describer.read(features)
    assert str(error.value) == f"{features}/structure.arrow was made by another classifier than {path}. Run dvc repro."


def test_a_photo_without_a_direction_is_told(features):
    describer = Describer.read(features)
    network = describer.networks["pattern"].model
    weights = [np.zeros_like(weight) for weight in network.get_layer("descriptor").get_weights()]
    network.get_layer("descriptor").set_weights(weights)
    with pytest.raises(ModelError) as error:
        describer.of([np.zeros((20, 20, 3), np.uint8)] * 2)
    assert str(error.value) == (
        "the pattern descriptor has no direction for 2 of 2 photos, number 1 the first. Take another photo, or raise"
        " features.pattern.head.width or its epochs, and fit again."
    )


@pytest.mark.parametrize(
    "made_by", [{}, {"params": "{}"}, {"params": "no JSON"}, {"params": json.dumps({**HISTOGRAM, "bins": 1})}]
)
def test_a_color_table_of_another_version_is_refused(features, made_by):
    path = features / "color.arrow"
    table = Vectors.read(path)
    Vectors(table.image_id, table.values, {"descriptor": "color", **made_by}).write(path)
    with pytest.raises(TableError) as error:
        Describer.read(features)
    assert str(error.value) == f"{path} does not say its parameters as this version does. Run dvc repro."


def test_the_parameters_of_the_color_are_those_of_its_table_and_not_of_a_file(described, describer):
    made_by = Vectors.read(described / "data/features/color.arrow").made_by
    assert as_text(describer.color) == made_by["params"]


def test_it_stands_alone_and_its_import_loads_no_network_library(described):
    code = """
import sys
from core import describe, photo_file
print({"keras", "tensorflow", "jax"} & set(sys.modules))
print(list(describe.Describer.read().networks))
print({name.split(".")[0] for name in sys.modules} & {"curate", "features", "triplets", "train"})
"""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=described, env=env)
    assert run.stdout == "set()\n['structure', 'pattern']\nset()\n", run.stderr
