"""Batches: what they hold, and that nothing but seed, epoch and place decides it."""

from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from garments import row

from core import augment
from core.decoding import decode
from core.errors import TableError
from core.images import PixelStore, encode, write_store
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog, Triplets, Vectors
from train import targets
from train.batches import TripletBatches
from train.order import Order
from train.photos import TripletPhotos
from train.teacher import Teacher

CLOTHING = Path(__file__).parents[3] / "shared/datasets/clothing/images"
SPREAD = augment.Spread(zoom=0.2, shear=0.2, rotation=30.0, shift=0.0, upside_down=True)
STILL = augment.Spread(zoom=0.0, shear=0.0, rotation=0.0, shift=0.0, upside_down=False)
IDS = ["abc", "acd", "bae", "eda", "dec", "fab", "gfh"]
DISTANCES = [f"{pair}_{name}" for pair in ("positive", "negative") for name in ("distance", *DESCRIPTORS)]


class CountingStore(PixelStore):
    """Notes every photo that is read."""

    def __getitem__(self, image_id):
        self.__dict__.setdefault("read", []).append(image_id)
        return super().__getitem__(image_id)


def write(folder: Path, names: str) -> CountingStore:
    rng = np.random.default_rng(0)
    photos = [(name, encode(rng.integers(0, 256, (20, 30, 3), np.uint8), None)) for name in names]
    write_store(folder / "images.arrow", photos)
    return CountingStore.open(folder / "images.arrow")


@pytest.fixture
def store(tmp_path) -> CountingStore:
    return write(tmp_path, "abcdefgh")


def triplets(ids: list[str]) -> Triplets:
    rest = {"kind": "in_class", "split": "train", "rules": "2", "params": "0", "positive_rank": 1, "negative_rank": 9}
    named = ("query_id", "positive_id", "negative_id")
    return Triplets.from_rows(
        {**dict(zip(named, one, strict=True)), **rest, **dict.fromkeys(DISTANCES, 0.5)} for one in ids
    )


def photos(ids: list[str] = IDS, **products: str) -> TripletPhotos:
    """Every photo is a product of its own, but for `products`; g is a street photo; b and e are copies."""
    rows = [
        {
            **row(name, products.get(name, name), "street" if name == "g" else "catalog", "bags", "red", "train"),
            "duplicate_group": "copies" if name in "be" else name,
        }
        for name in "abcdefgh"
    ]
    return TripletPhotos.of(triplets(ids), [Catalog.from_rows(rows[:6]), Catalog.from_rows(rows[6:])])


def batches(store: PixelStore, ids: list[str] = IDS, **changes: object) -> TripletBatches:
    known = photos(ids)
    ordered = {"batch": 2, "steps": None, "share": True, "seed": 1}
    ordered |= {name: changes.pop(name) for name in tuple(changes) if name in ordered}
    order = Order(known.rows, np.full(len(ids), "in_class", object), **ordered)
    options = {"size": 16, "spread": SPREAD, "epoch": 1, **changes}
    return TripletBatches(order, known, store, **options)


def assert_equal(one: tuple, other: tuple) -> None:
    (pixels, places), told = one
    np.testing.assert_array_equal(pixels, other[0][0])
    np.testing.assert_array_equal(places, other[0][1])
    np.testing.assert_array_equal(told, other[1])


@pytest.mark.parametrize("share", [True, False])
def test_a_batch_depends_on_its_place_alone(store, share):
    one = batches(store, share=share)
    expected = [one[step] for step in reversed(range(len(one)))][::-1]
    for workers in (1, 3):
        again = batches(store, share=share, workers=workers)
        for first in (0, 2):
            with closing(again.ahead(first, len(again))) as ready:
                for found, of_one in zip(ready, expected[first:], strict=True):
                    assert_equal(found, of_one)


@pytest.mark.parametrize("change", [{"seed": 2}, {"epoch": 2}])
def test_another_seed_or_epoch_gives_others(store, change):
    assert not np.array_equal(batches(store)[0][0][0], batches(store, **change)[0][0][0])


def test_shapes_are_the_same_for_every_batch(store):
    for share, room in ((True, 3), (False, 6)):
        whole = batches(store, share=share)
        for step in range(len(whole)):
            (pixels, places), told = whole[step]
            assert pixels.shape == (room, 16, 16, 3)
            assert pixels.dtype == np.uint8
            assert places.shape == (6,)
            assert places.dtype == np.int32
            assert told.shape == (6, 2)
            assert len(np.unique(pixels.reshape(room, -1), axis=0)) == room  # filled up, and none twice


def test_each_distinct_photo_is_decoded_once_and_stands_at_its_places(store):
    whole = batches(store, batch=4, spread=STILL)
    (pixels, places), _ = whole[0]
    assert len(set(store.read)) == len(store.read) == len(pixels) == 5
    names = [name for triplet in whole.triplets[0] for name in IDS[triplet]]
    for place, name in zip(places, names, strict=True):
        plain = store.square([name], 16)[0]
        assert any(np.array_equal(pixels[place], flipped) for flipped in (plain, plain[:, ::-1]))


def test_targets_name_groups_and_draws(store):
    known = photos(a="twin", c="twin")
    of = dict(zip(known.image_id, known.group, strict=True))
    assert of["a"] == of["c"]
    assert of["b"] == of["e"]
    assert len(set(of.values())) == 6
    whole = batches(store, share=False)
    for step in range(len(whole)):
        _, told = whole[step]
        names = [name for triplet in whole.triplets[step] for name in IDS[triplet]]
        for one, first in enumerate(names):
            for other, second in enumerate(names):
                same = first == second or {first, second} == {"b", "e"}
                assert (told[one, targets.GROUP] == told[other, targets.GROUP]) == same
        draws = told[:, targets.DRAW]
        assert ((draws >= 0) & (draws < 1)).all()
        assert len(set(draws)) == 6


def test_products_and_copies_tie_photos_through_others():
    known = photos(a="twin", b="twin")
    of = dict(zip(known.image_id, known.group, strict=True))
    assert of["a"] == of["b"] == of["e"]


def test_a_teacher_tells_distances_between_the_rows(store):
    known = photos()
    rng = np.random.default_rng(0)
    vectors = {
        name: Vectors(np.array(list("abcdefh"), object), rng.random((7, 4), np.float32), {}) for name in DESCRIPTORS
    }
    teacher = Teacher(Similarity(dict.fromkeys(DESCRIPTORS, 1.0), dict.fromkeys(DESCRIPTORS, 1.0)), vectors, known)
    whole = batches(store, teacher=teacher)
    where = {name: place for place, name in enumerate(known.image_id)}
    for step in range(len(whole)):
        _, told = whole[step]
        rows = np.array([where[name] for triplet in whole.triplets[step] for name in IDS[triplet]])
        assert told.shape == (6, 8)
        np.testing.assert_allclose(told[:, targets.TEACHER :], teacher.between(rows), atol=1e-3)
        assert (
            (told[:, targets.TEACHER :] == targets.SILENT).any(axis=1) == np.isin("g", [*known.image_id[rows]])
        ).all()


def test_photos_decoded_per_triplet(store):
    assert batches(store, share=False, batch=2, ids=["abc", "def"]).decoded == 3.0
    shared = batches(store, batch=4)
    assert shared.decoded == len(shared) * 5 / 7


def test_one_triplet_is_a_batch(store):
    whole = batches(store, ids=["abc"], batch=4)
    (pixels, places), told = whole[0]
    assert len(whole) == 1
    assert pixels.shape == (3, 16, 16, 3)
    assert sorted(set(places.tolist())) == [0, 1, 2]
    assert told.shape == (12, 2)


def test_a_photo_without_pixels_is_named(tmp_path):
    whole = batches(write(tmp_path, "bcdefgh"), share=False, workers=2)
    with pytest.raises(TableError) as caught, closing(whole.ahead(0, len(whole))) as ready:
        list(ready)
    assert str(caught.value) == "no pixels for the image a. Run dvc repro."


def test_a_photo_outside_the_collections_is_named():
    known = Catalog.from_rows([row(name, name, "catalog", "bags", "red", "train") for name in "ab"])
    with pytest.raises(TableError) as caught:
        TripletPhotos.of(triplets(["abc"]), [known])
    assert str(caught.value) == "no catalog row for the image c. Run dvc repro."


def test_no_triplets_have_no_photos():
    none = TripletPhotos.of(triplets([]), [Catalog.from_rows([row("a", "a", "catalog", "bags", "red", "train")])])
    assert len(none.image_id) == len(none.group) == len(none.rows) == 0
    vectors = {name: Vectors(np.array([], object), np.zeros((0, 4), np.float32), {}) for name in DESCRIPTORS}
    teacher = Teacher(Similarity(dict.fromkeys(DESCRIPTORS, 1.0), dict.fromkeys(DESCRIPTORS, 1.0)), vectors, none)
    assert teacher.between(np.zeros(0, np.int64)).shape == (0, 0)


def test_maps_stay_in_their_ranges():
    linear = augment.draw(4000, 64, SPREAD, np.random.default_rng(1))[:, :, :2]
    areas = np.linalg.det(linear)
    assert np.abs(areas).min() == pytest.approx(0.8**2, abs=0.01)
    assert np.abs(areas).max() == pytest.approx(1.2**2, abs=0.01)
    assert 0.45 < np.mean(areas < 0) < 0.55  # one flip of the two
    angles = np.rad2deg(np.arctan2(linear[:, 1, 0], linear[:, 0, 0]))
    assert np.abs((angles + 90) % 180 - 90).max() == pytest.approx(30, abs=0.1)


def test_centre_stays_and_the_border_goes_on():
    maps = augment.draw(50, 33, SPREAD, np.random.default_rng(2))
    np.testing.assert_allclose(maps @ np.array([16.0, 16.0, 1.0]), np.full((50, 2), 16.0))
    gray = np.full((50, 33, 33, 3), 77, np.uint8)
    np.testing.assert_array_equal(augment.warp(gray, maps), gray)


@pytest.mark.skipif(not CLOTHING.is_dir(), reason="the clothing photos are not here")
def test_a_photo_warped_there_and_back_is_the_photo_away_from_its_border():
    data = sorted(CLOTHING.glob("*.jpg"))[0].read_bytes()
    photo = cv2.GaussianBlur(cv2.resize(decode(data, max_pixels=10**7).pixels, (128, 128)), (0, 0), 2)
    maps = augment.draw(1, 128, SPREAD, np.random.default_rng(4))
    there = augment.warp(photo[None], maps)
    back = augment.warp(there, cv2.invertAffineTransform(maps[0])[None])[0]
    inner = slice(48, 80)
    assert np.abs(there[0].astype(int) - photo).mean() > 5
    assert np.abs(back[inner, inner].astype(int) - photo[inner, inner]).mean() < 3
