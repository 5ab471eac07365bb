"""The photo cache keeps every outcome as it was, by bytes, part and parameters."""

import numpy as np
import pytest

from core.errors import InputError
from core.photo_params import PhotoParams
from curate.cache import PhotoCache
from curate.checks import Reason
from curate.fingerprints import Fingerprint
from curate.photos import Box, Cut, Photo, Refused
from curate.quality import Quality

PARAMS = PhotoParams(min_side=8, max_pixels=100, max_bytes=1000, min_range=8, largest_side=32, quality=95)
WHOLE = Cut(None, False)
PHOTO = Photo(
    encoded=bytes(range(256)),
    width=40,
    height=30,
    box=None,
    frames=3,
    quality=Quality(0.1, 1 / 3, 7.25, 0.75, 200.0),
    fingerprint=Fingerprint(2**64 - 1, np.arange(192, dtype=np.uint8).tobytes()),
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "photos.sqlite"


@pytest.mark.parametrize(
    "outcome", [PHOTO, PHOTO._replace(box=Box(1, 2, 3, 4)), Refused(Reason.TRUNCATED, 'half "gone" – é')]
)
def test_an_outcome_comes_back_as_it_was(path, outcome):
    with PhotoCache(path, PARAMS) as cache:
        assert cache.empty()
        key = cache.key("c" * 64, WHOLE)
        cache.keep("photos/a.jpg", "1-2-3", "c" * 64, key, outcome)
        cache.commit()
    with PhotoCache(path, PARAMS) as cache:
        assert not cache.empty()
        assert cache.outcomes([key, "other"]) == {key: outcome}
        assert cache.present(["other", key]) == {key}
        assert type(cache.outcomes([key])[key]) is type(outcome)


def test_what_is_not_committed_is_not_kept(path):
    with PhotoCache(path, PARAMS) as cache:
        cache.keep("a", "1", "c", "k", PHOTO)
    with PhotoCache(path, PARAMS) as cache:
        assert cache.count() == 0


def test_a_file_is_known_by_its_place_and_identity(path):
    with PhotoCache(path, PARAMS) as cache:
        cache.keep("a", "1", "content of a", "k", PHOTO)
        cache.keep("b", "", "content of b", "l", PHOTO)
        cache.commit()
        asked = [("a", "1"), ("a", "2"), ("a", ""), ("b", ""), ("c", "1")]
        assert cache.contents(asked) == ["content of a", None, None, None, None]
        cache.keep("a", "2", "new content", "m", PHOTO)
        cache.commit()
        assert cache.contents(asked[:2]) == [None, "new content"]


def test_a_key_tells_parts_and_parameters_apart(path):
    box = Box(1, 2, 3, 4)
    cuts = [WHOLE, Cut(None, True), Cut(box, False), Cut(box, True), Cut(Box(1, 2, 3, 5), True)]
    keys = []
    for params in (
        PARAMS,
        PhotoParams(**vars(PARAMS) | {"quality": None}),
        PhotoParams(**vars(PARAMS) | {"min_side": 9}),
    ):
        with PhotoCache(path, params) as cache:
            keys += [cache.key("c", cut) for cut in cuts]
            assert keys[-5:] == [cache.key("c", cut) for cut in cuts]
    assert len(set(keys)) == 15


def test_thousands_are_found_at_once(path):
    with PhotoCache(path, PARAMS) as cache:
        for number in range(2500):
            cache.keep(f"p{number}", "1", f"c{number}", f"k{number}", Refused(Reason.FLAT, str(number)))
        cache.commit()
        found = cache.outcomes(f"k{number}" for number in range(0, 5000, 2))
        assert found == {f"k{number}": Refused(Reason.FLAT, str(number)) for number in range(0, 2500, 2)}
        assert cache.contents([(f"p{number}", "1") for number in range(2500)])[2499] == "c2499"


def test_pruning_keeps_what_is_wanted_under_these_parameters(path):
    with PhotoCache(path, PhotoParams(**vars(PARAMS) | {"quality": None})) as cache:
        cache.keep("a", "1", "ca", cache.key("ca", WHOLE), PHOTO)
        cache.commit()
    with PhotoCache(path, PARAMS) as cache:
        for name in "ab":
            cache.keep(name, "1", f"c{name}", cache.key(f"c{name}", WHOLE), PHOTO)
        cache.commit()
        assert cache.count() == 3
        cache.prune({"ca"})
        assert cache.count() == 1
        assert cache.contents([("a", "1"), ("b", "1")]) == ["ca", None]
        cache.prune([])
        assert cache.count() == 0


def test_another_file_is_one_line(path):
    path.parent.mkdir()
    path.write_text("no database " * 100)
    with pytest.raises(InputError) as error:
        PhotoCache(path, PARAMS)
    assert str(error.value) == (
        f"{path} cannot be used as the photo cache: file is not a database."
        " Wait where another run writes to it; else remove it, it is made again."
    )


def test_a_database_that_breaks_meanwhile_is_one_line(path):
    with PhotoCache(path, PARAMS) as cache:
        for number in range(500):
            cache.keep(f"p{number}", "1", f"c{number}", f"k{number}", PHOTO)
        cache.commit()
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(InputError, match="cannot be used as the photo cache"), PhotoCache(path, PARAMS) as cache:
        cache.outcomes(f"k{number}" for number in range(500))
