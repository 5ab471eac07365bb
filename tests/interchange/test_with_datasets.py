"""Hugging Face `datasets` loads what `triplets export` writes."""

import exports_page as page
import numpy as np
import pytest
from click.testing import CliRunner
from small_mix import PHOTOS, known, pixels

from core.paths import MIXED, TRIPLETS
from core.tables import Triplets
from triplets.cli import main
from triplets.exports import hugging_face

datasets = pytest.importorskip("datasets", reason="`make test-interchange` installs it")

NAMES = {"train": "train", "val": "validation", "test": "test"}
COLUMNS = ("anchor", "positive", "negative")


@pytest.fixture
def loaded(project):
    return page.run("Hugging Face datasets")


@pytest.mark.parametrize("split", PHOTOS)
def test_ids_are_the_triplets_of_the_split_in_their_order(loaded, split):
    some = loaded["triplets"][NAMES[split]]
    assert list(zip(*(some[f"{name}_id"] for name in COLUMNS), strict=True)) == known(split)
    assert some["positive_distance"] == [number / 8 for number in range(len(some))]
    assert some["negative_distance"] == [1 + number / 8 for number in range(len(some))]
    assert set(some["kind"]) == {"in_class"}


@pytest.mark.parametrize("split", PHOTOS)
def test_every_photo_of_a_split_stands_once_with_its_pixels(loaded, split):
    photos = loaded["photos"][NAMES[split]]
    assert photos["image_id"] == sorted({image_id for triplet in known(split) for image_id in triplet})
    for image_id, image in zip(photos["image_id"], photos["image"], strict=True):
        np.testing.assert_array_equal(np.asarray(image), pixels(image_id))


@pytest.mark.parametrize("split", PHOTOS)
def test_images_are_the_pixels_of_the_triplets(loaded, split):
    whole = loaded["whole"][NAMES[split]]
    assert whole.column_names == list(COLUMNS)
    for row, triplet in zip(whole, known(split), strict=True):
        for name, image_id in zip(COLUMNS, triplet, strict=True):
            np.testing.assert_array_equal(np.asarray(row[name]), pixels(image_id))


def test_the_page_shows_one_photo_in_three_ways(loaded):
    for name in ("anchor", "same", "first"):
        np.testing.assert_array_equal(np.asarray(loaded[name]), pixels(known("train")[0][0]))


def test_the_stated_features_are_those_that_datasets_would_write(loaded):
    image, text, number = datasets.Image(), datasets.Value("string"), datasets.Value("float32")
    assert loaded["photos"]["train"].features == {"image_id": text, "image": image}
    assert loaded["whole"]["train"].features == dict.fromkeys(COLUMNS, image)
    distances = {"positive_distance": number, "negative_distance": number}
    ids = {f"{name}_id": text for name in COLUMNS}
    assert loaded["triplets"]["train"].features == ids | {"kind": text} | distances
    for schema in (hugging_face.IDS, hugging_face.PHOTOS, hugging_face.IMAGES):
        again = datasets.Features.from_arrow_schema(schema).arrow_schema
        assert again.equals(schema, check_metadata=True)


@pytest.mark.parametrize("form", ["ids", "images"])
def test_a_split_without_triplets_is_not_there(project, form):
    mixed = Triplets.read(MIXED / TRIPLETS)
    mixed.take(mixed.split != "val").write(MIXED / TRIPLETS)
    assert CliRunner().invoke(main, ["export", "out", "--form", form]).exit_code == 0
    loaded = datasets.load_dataset("out")
    assert {name: len(some) for name, some in loaded.items()} == {name: len(known(name)) for name in ("train", "test")}
