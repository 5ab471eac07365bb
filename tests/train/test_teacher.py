"""The teacher's distances against those of the recommender between two photos, one pair after the other."""

import numpy as np
import pytest

from core.errors import TableError
from core.similarity import Similarity, prepare
from core.tables import DESCRIPTORS, Vectors
from train.photos import TripletPhotos
from train.targets import SILENT
from train.teacher import Teacher

WIDTHS = {"structure": 8, "pattern": 6, "color": 9}
CATEGORIES = ["bags", "bags", "bags", "dresses", "dresses", "hats", "hats"]
PLAIN = Similarity({"structure": 0.5, "pattern": 0.0, "color": 0.3}, {"structure": 0.5, "pattern": 1.0, "color": 2.0})
OWN = {"bags": {"structure": 0.1, "pattern": 0.9, "color": 0.0}}


def photos(street: tuple[int, ...] = ()) -> TripletPhotos:
    count = len(CATEGORIES)
    return TripletPhotos(
        image_id=np.array([f"photo-{number}" for number in range(count)], object),
        rows=np.arange(6).reshape(2, 3),
        group=np.arange(count),
        category=np.array(CATEGORIES, object),
        street=np.isin(np.arange(count), street),
    )


def tables(ids: list[str]) -> dict[str, Vectors]:
    rng = np.random.default_rng(0)
    values = {name: {f"photo-{number}": rng.random(width) for number in range(7)} for name, width in WIDTHS.items()}
    return {
        name: Vectors(np.array(ids, object), np.array([of[one] for one in ids], np.float32), {})
        for name, of in values.items()
    }


@pytest.mark.parametrize("similarity", [PLAIN, Similarity(PLAIN.weights, PLAIN.scales, OWN)])
def test_distances_are_those_of_the_recommender(similarity):
    ids = [f"photo-{number}" for number in (3, 1, 6, 0, 5, 2, 4)]
    known = tables(ids)
    asked = np.array([6, 0, 2, 2, 3, 4, 1])
    found = Teacher(similarity, known, photos()).between(asked)
    for row, one in enumerate(asked):
        for column, other in enumerate(asked):
            pair = np.array([f"photo-{one}", f"photo-{other}"], object)
            same = CATEGORIES[one] == CATEGORIES[other]
            asking = similarity.of(CATEGORIES[one]) if same else similarity.of("none of these")
            fused = asking.fuse({name: prepare(name, known[name].of(pair)) for name in DESCRIPTORS})
            assert found[row, column] == pytest.approx(np.linalg.norm(fused[0] - fused[1]), abs=2e-3)
    assert found.dtype == np.float32
    assert (found.diagonal() == 0).all()


def test_of_street_photos_it_says_nothing_and_needs_no_vectors():
    ids = [f"photo-{number}" for number in (0, 1, 2, 4, 5, 6)]
    found = Teacher(PLAIN, tables(ids), photos(street=(3,))).between(np.array([0, 3, 5]))
    assert (found[1] == SILENT).all()
    assert (found[:, 1] == SILENT).all()
    assert found[0, 2] > 0
    assert found[0, 0] == 0


def test_a_photo_without_a_vector_is_named():
    with pytest.raises(TableError) as caught:
        Teacher(PLAIN, tables(["photo-0", "photo-1"]), photos())
    assert str(caught.value) == "no vector for the image photo-2. Run dvc repro."
