"""Street photos cut to their box."""

import numpy as np
import pytest
from garments import row

from core.errors import TableError
from core.images import encode, write_store
from core.paths import STORES
from core.tables import Catalog, StreetPairs
from train.crops import CroppedStore, Part, parts, store

BOXES = {"half": (0, 0, 20, 48), "all": (0, 0, 40, 48), "none": (None,) * 4, "middle": (10, 12, 20, 24)}


def pairs(*names: str) -> StreetPairs:
    entries = zip(names, (BOXES[name] for name in names), strict=True)
    kept = {"product_id": "p", "category": "bags", "split": "train", "pseudo": False}
    return StreetPairs.from_rows(
        {"image_id": name, **dict(zip(("left", "top", "width", "height"), box, strict=True)), **kept}
        for name, box in entries
    )


def street(*names: str) -> Catalog:
    return Catalog.from_rows(row(name, "p", "street", "bags", "red", "train") for name in names)  # 40 x 48 pixels


def test_photos_without_a_box_and_those_that_are_cut_already_stay_whole():
    found = parts(pairs(*BOXES), street(*BOXES))
    assert found == {"half": Part(0, 0, 0.5, 1), "middle": Part(0.25, 0.25, 0.75, 0.75)}


def test_a_store_gives_parts_of_what_was_stored_smaller(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (24, 20, 3), np.uint8)  # half of 40 x 48
    write_store(tmp_path / "images.arrow", ((name, encode(pixels, None)) for name in ("middle", "whole")))
    photos = CroppedStore.open(tmp_path / "images.arrow")
    photos.parts = parts(pairs("middle"), street("middle"))
    np.testing.assert_array_equal(photos["middle"], pixels[6:18, 5:15])
    np.testing.assert_array_equal(photos["whole"], pixels)
    assert photos.square(["middle", "whole"], 8).shape == (2, 8, 8, 3)


def test_pairs_are_asked_for_where_a_street_photo_is_to_be_cut(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, path in enumerate(STORES):
        write_store(path, [(f"p{number}", encode(np.zeros((8, 8, 3), np.uint8), None))])
    some, none = street("half"), street()
    assert len(store(True, none)) == len(store(False, some)) == len(STORES)
    with pytest.raises(TableError, match=r"^data/curated/street/street_pairs\.parquet does not exist\."):
        store(True, some)


@pytest.mark.parametrize("part", [Part(0, 0, 0.01, 0.01), Part(0.99, 0.99, 1, 1), Part(0.4, 0.4, 0.40001, 0.40001)])
def test_the_smallest_part_is_a_pixel(part):
    cut = part.of(np.zeros((7, 9, 3), np.uint8))
    assert cut.shape == (1, 1, 3)


def test_a_pair_of_an_unknown_photo_is_named():
    with pytest.raises(TableError) as caught:
        parts(pairs("half"), street("all"))
    assert str(caught.value) == "the street photo half is not in the street collection. Run dvc repro."
