"""The feature cache gives back every bit that was kept, and what it lacks is computed once."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core import database
from core.errors import InputError
from features.cache import FeatureCache, photo_key, through_cache

PHOTOS = [photo_key(str(number).encode()) for number in range(2500)]
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "features.sqlite"


def values(rows, width=5, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, width), np.float32)


def read(cache, maker, photos, width):
    """What is found and where; rows that are not stay 7."""
    into = np.full((len(photos), width), 7, np.float32)
    found = cache.read(maker, photos, into)
    assert (into[~found] == 7).all()
    return found, into


def test_a_photo_is_known_by_its_bytes(store):
    assert photo_key(b"").hex() == "cae66941d9efbd404e4d88758ea67670"  # BLAKE2b-128: another makes every cache useless
    keys = {photo_key(store.encoded(image_id)) for image_id in store._where}
    assert len(keys) == len(store)


@MANY
@given(
    kept=arrays(
        np.float32,
        st.tuples(st.integers(0, 9), st.integers(1, 70)),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_every_bit_comes_back(tmp_path_factory, kept):
    path = tmp_path_factory.mktemp("cache") / "features.sqlite"
    with FeatureCache(path) as cache:
        cache.keep("maker", PHOTOS[: len(kept)], kept)
    with FeatureCache(path) as cache:
        found, into = read(cache, "maker", PHOTOS[: len(kept)], kept.shape[1])
        assert cache.count() == len(kept)
    assert found.all()
    assert into.tobytes() == kept.tobytes()


def test_thousands_come_back_in_the_order_asked_for(path):
    rng = np.random.default_rng(1)
    kept, asked = values(2500), rng.permutation(np.r_[np.arange(2500), 3, 3, 4])
    with FeatureCache(path) as cache:
        cache.keep("maker", PHOTOS[::2], kept[::2])
        found, into = read(cache, "maker", [PHOTOS[row] for row in asked], 5)
        assert (found == (asked % 2 == 0)).all()
        assert (into[found] == kept[asked][found]).all()
        assert not read(cache, "another maker", PHOTOS, 5)[0].any()
        assert read(cache, "maker", [], 5)[0].shape == (0,)


def test_reading_needs_little_memory(path):
    kept = values(2500, 2048)
    into = np.empty_like(kept)
    with FeatureCache(path) as cache:
        cache.keep("maker", PHOTOS, kept)
        tracemalloc.start()
        cache.read("maker", PHOTOS, into)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (into == kept).all()
    assert peak < 15e6


def test_values_of_any_layout_are_kept(path):
    wide = values(6, 10)
    with FeatureCache(path) as cache:
        cache.keep("strided", PHOTOS[:3], wide[::2, ::2])
        cache.keep("doubles", PHOTOS[:6], wide.astype(np.float64))
        assert (read(cache, "strided", PHOTOS[:3], 5)[1] == wide[::2, ::2]).all()
        assert (read(cache, "doubles", PHOTOS[:6], 10)[1] == wide).all()
        with pytest.raises(ValueError, match="shorter"):
            cache.keep("few", PHOTOS[:7], wide)
        assert cache.count() == 9


def test_what_is_kept_first_stays(path):
    with FeatureCache(path) as cache:
        cache.keep("maker", PHOTOS[:2], values(2))
        cache.keep("maker", PHOTOS[:3], values(3, seed=1))
        expected = np.concatenate([values(2), values(3, seed=1)[2:]])
        assert (read(cache, "maker", PHOTOS[:3], 5)[1] == expected).all()


def test_a_vector_of_another_width_is_missing_and_replaced(path):
    with FeatureCache(path) as cache:
        cache.keep("maker", PHOTOS[:2], values(2, 4))
        cache.keep("maker", PHOTOS[2:3], values(1, 5))
        assert read(cache, "maker", PHOTOS[:3], 5)[0].tolist() == [False, False, True]
        cache.keep("maker", PHOTOS[:3], values(3, 5, seed=1))
        found, into = read(cache, "maker", PHOTOS[:3], 5)
        assert found.all()
        assert (into[:2] == values(3, 5, seed=1)[:2]).all()
        assert (into[2] == values(1, 5)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_never_kept(path, bad):
    computed = values(4)
    computed[1, 2] = computed[3, 0] = bad
    with FeatureCache(path) as cache:
        with pytest.raises(InputError) as error:
            through_cache(cache, [("maker", 5)], PHOTOS[:4], lambda rows: [(rows, [computed[rows]])])
        assert cache.count() == 0
    assert str(error.value) == (
        "2 of 4 photos came out with values that are not finite, which the feature cache does not keep."
        " Check the weights that made them."
    )


def test_pruning_keeps_these_photos_of_these_makers(path):
    with FeatureCache(path) as cache:
        for maker in ("old", "new", "other"):
            cache.keep(maker, PHOTOS, values(2500, 40))
        before = cache.size()
        cache.prune(["new", "other", "unheard of"], [*PHOTOS[:10], *PHOTOS[:10], b"no photo"])
        assert cache.count() == 20
        assert cache.size() < before / 10
        assert not read(cache, "old", PHOTOS, 40)[0].any()
        for maker in ("new", "other"):
            found, into = read(cache, maker, PHOTOS, 40)
            assert np.flatnonzero(found).tolist() == list(range(10))
            assert (into[:10] == values(2500, 40)[:10]).all()
        cache.prune({"new"}, set(PHOTOS[:5]))
        assert cache.count() == 5
        cache.prune([], [])
        assert cache.count() == 0
        size = cache.size()
    assert path.stat().st_size == size


NUMBERS = st.integers(0, 7)


@MANY
@given(
    asked=st.lists(NUMBERS, max_size=12),
    held=st.lists(st.sets(NUMBERS), min_size=1, max_size=3),
    chunk=st.integers(1, 5),
)
def test_only_what_a_maker_lacks_is_computed(tmp_path_factory, asked, held, chunk):
    """`held` are the photos that the cache has of each maker; what is computed differs from it by `1000`."""
    makers = [(f"maker {number}", number + 1) for number in range(len(held))]
    given_rows, computed = [], []

    def value(maker, number, fresh):
        return np.full(maker + 1, 10 * maker + number + (1000 if fresh else 0), np.float32)

    def compute(rows):
        given_rows.append(rows)
        for start in range(0, len(rows), chunk):
            some = rows[start : start + chunk]
            computed.extend(some)
            yield some, [np.stack([value(maker, asked[row], True) for row in some]) for maker in range(len(held))]

    with FeatureCache(tmp_path_factory.mktemp("cache") / "features.sqlite") as cache:
        for maker, numbers in enumerate(held):
            for number in numbers:
                cache.keep(makers[maker][0], [PHOTOS[number]], value(maker, number, False)[None])
        results = through_cache(cache, makers, [PHOTOS[number] for number in asked], compute)
        lacking = [
            row
            for row, number in enumerate(asked)
            if number not in asked[:row] and any(number not in numbers for numbers in held)
        ]
        assert computed == lacking
        assert [rows.tolist() for rows in given_rows] == ([lacking] if lacking else [])
        for maker, result in enumerate(results):
            assert (result.shape, result.dtype) == ((len(asked), maker + 1), np.float32)
            for row, number in enumerate(asked):
                assert (result[row] == value(maker, number, number not in held[maker])).all()
        again = through_cache(cache, makers, [PHOTOS[number] for number in asked], compute)
        assert computed == lacking
        assert [result.tobytes() for result in again] == [result.tobytes() for result in results]


def test_what_failed_midway_keeps_what_it_had(path):
    computed = []

    def compute(rows):
        for row in rows:
            if len(computed) == 4:
                raise RuntimeError("the network is gone")
            computed.append(row)
            yield np.array([row]), [values(10)[row][None]]

    with FeatureCache(path) as cache:
        with pytest.raises(RuntimeError, match="gone"):
            through_cache(cache, [("maker", 5)], PHOTOS[:10], compute)
        computed[:] = []
        with pytest.raises(RuntimeError, match="gone"):
            through_cache(cache, [("maker", 5)], PHOTOS[:10], compute)
        assert computed == [4, 5, 6, 7]


def test_another_file_is_one_line(path):
    path.parent.mkdir()
    path.write_text("no database " * 100)
    with pytest.raises(InputError) as error:
        FeatureCache(path)
    assert str(error.value) == (
        f"{path} cannot be used as the feature cache: file is not a database."
        " Wait where another run writes to it; else remove it, it is made again."
    )


def test_a_place_that_holds_no_file_is_one_line(path):
    path.mkdir(parents=True)
    with pytest.raises(InputError, match="as the feature cache: unable to open database file"):
        FeatureCache(path)
    path.rmdir()
    path.parent.rmdir()
    path.parent.write_text("no folder")
    with pytest.raises(InputError, match=r"features\.sqlite cannot be used as the feature cache: .*File exists"):
        FeatureCache(path)


def test_another_run_that_never_ends_is_one_line(path, monkeypatch):
    monkeypatch.setattr(database, "_PATIENCE", 0.1)
    with FeatureCache(path) as other:
        other._database.execute("BEGIN IMMEDIATE")
        with pytest.raises(InputError) as error, FeatureCache(path) as cache:
            cache.keep("maker", PHOTOS[:1], values(1))
        other._database.rollback()
    assert str(error.value) == (
        f"{path} cannot be used as the feature cache: database is locked."
        " Wait where another run writes to it; else remove it, it is made again."
    )


@pytest.mark.parametrize("what", ["damaged", "cut", "another's"])
def test_a_damaged_file_is_one_line(path, what):
    with FeatureCache(path) as cache:
        cache.keep("maker", PHOTOS, values(2500, 100))
        if what == "another's":
            cache._database.execute("ALTER TABLE vectors RENAME COLUMN photo TO picture")
    data = bytearray(path.read_bytes())
    if what == "damaged":
        data[65536:] = b"\xff" * (len(data) - 65536)
    path.write_bytes(data[: len(data) // 2] if what == "cut" else data)
    with pytest.raises(InputError, match=r"cannot be used as the feature cache: .*remove it, it is made again\."):  # noqa: SIM117
        with FeatureCache(path) as cache:
            cache.read("maker", PHOTOS, np.empty((2500, 100), np.float32))
