"""Copies: classes, links and groups, against plain walks; chains of strangers, colour variants and crowds."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.swatches import PATTERNS
from curate.drawn.products import product
from curate.drawn.scenes import catalog_photo
from curate.duplicates import find
from curate.fingerprints import color_distance, fingerprint
from curate.params import DuplicateParams

PARAMS = DuplicateParams(hash_distance=6, color_distance=7.0)
GREY = np.full((8, 8, 3), 128, np.uint8)


def column(values):
    values = list(values)
    filled = np.empty(len(values), object)
    filled[:] = values
    return filled


def copies_of(photos, params=PARAMS):
    """`photos` are (content, hash) or (content, hash, lightness of one cell)."""
    thumbnails = []
    for photo in photos:
        cells = GREY.copy()
        cells[0, 0, 0] = photo[2] if len(photo) > 2 else 128
        thumbnails.append(cells.tobytes())
    content, hashes = column(photo[0] for photo in photos), np.array([photo[1] for photo in photos], np.uint64)
    return find(content, hashes, column(thumbnails), params)


def bits(count, shift=0):
    return ((1 << count) - 1) << shift


def near(one, other):
    """Of (hash, lightness of the one cell)."""
    return (one[0] ^ other[0]).bit_count() <= 6 and abs(one[1] - other[1]) * 100 / 255 <= 7


def walked_classes(photos):
    numbers = {}
    for start in range(len(photos)):
        if start not in numbers:
            number, waiting = len(set(numbers.values())), [start]
            while waiting:
                row = waiting.pop()
                numbers[row] = number
                waiting += [
                    other
                    for other in range(len(photos))
                    if other not in numbers
                    and (photos[other][0] == photos[row][0] or photos[other][1:] == photos[row][1:])
                ]
    return [numbers[row] for row in range(len(photos))]


def looped_links(photos, classes):
    found = set()
    for one, first in zip(photos, classes, strict=True):
        for other, second in zip(photos, classes, strict=True):
            if first < second and near(one[1:], other[1:]):
                found.add((first, second))
    return sorted(found)


def looped_centres(count, links):
    around = {number: set() for number in range(count)}
    for one, other in links:
        around[one].add(other)
        around[other].add(one)
    centres = {}
    for number in sorted(around, key=lambda number: (-len(around[number]), number)):
        if number not in centres:
            for member in {number, *around[number]} - set(centres):
                centres[member] = number
    return [centres[number] for number in range(count)]


PHOTOS = st.lists(
    st.tuples(
        st.integers(0, 20).map(str), st.integers(0, 12).map(lambda steps: bits(3 * steps)), st.sampled_from([90, 105])
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=200)
@given(PHOTOS)
def test_classes_links_and_groups_are_those_of_loops(photos):
    found = copies_of(photos)
    classes = walked_classes(photos)
    links = looped_links(photos, classes)
    assert found.class_of.tolist() == classes
    assert found.links.tolist() == [list(link) for link in links]
    centres = looped_centres(len(set(classes)), links)
    assert found.group.tolist() == [photos[classes.index(centres[number])][0] for number in classes]


@settings(deadline=None, max_examples=100)
@given(PHOTOS)
def test_every_member_is_near_to_its_centre_and_equal_photos_share_a_group(photos):
    found = copies_of(photos)
    classes = found.class_of.tolist()
    for row, label in enumerate(found.group):
        centre = classes[[photo[0] for photo in photos].index(label)]
        assert classes[row] == centre or [min(classes[row], centre), max(classes[row], centre)] in found.links.tolist()
        for other in range(row):
            if photos[other][0] == photos[row][0] or photos[other][1:] == photos[row][1:]:
                assert found.group[other] == label


@settings(deadline=None, max_examples=50)
@given(PHOTOS, st.randoms())
def test_the_order_of_the_photos_moves_no_link(photos, random):
    order = list(range(len(photos)))
    random.shuffle(order)

    def linked(photos):
        found = copies_of(photos)
        members = [
            frozenset(photo[0] for photo, number in zip(photos, found.class_of, strict=True) if number == of)
            for of in range(len(set(found.class_of.tolist())))
        ]
        return {frozenset([members[one], members[other]]) for one, other in found.links}

    assert linked([photos[row] for row in order]) == linked(photos)


def test_equal_files_and_equal_fingerprints_are_copies():
    found = copies_of([("b", 0), ("a", bits(20)), ("c", bits(20)), ("b", bits(30, 30)), ("d", bits(20))])
    assert found.class_of.tolist() == [0, 1, 1, 0, 1]
    assert found.group.tolist() == ["b", "a", "a", "b", "a"]
    assert found.links.tolist() == []


def test_a_near_copy_must_be_near_in_both():
    found = copies_of([("a", 0, 128), ("b", bits(6), 145), ("c", bits(7, 20), 128), ("d", 1, 100)])
    assert found.links.tolist() == [[0, 1]]
    assert found.group.tolist() == ["a", "a", "c", "d"]


def test_a_chain_of_strangers_does_not_become_one_group():
    chain = [(str(step), bits(5 * step)) for step in range(11)]
    found = copies_of(chain)
    assert found.links.tolist() == [[step, step + 1] for step in range(10)]
    # All between the ends have two links, so the earliest begins.
    assert found.group.tolist() == ["1", "1", "1", "3", "3", "5", "5", "7", "7", "9", "9"]


def test_the_photo_with_the_most_near_ones_is_the_centre():
    found = copies_of([("left", bits(6)), ("middle", 0), ("right", bits(6, 20)), ("up", bits(6, 40))])
    assert found.group.tolist() == ["middle"] * 4
    assert copies_of([("first", 0), ("second", 1)]).group.tolist() == ["first", "first"]


def test_a_label_stays_when_other_photos_are_added():
    photos = [("a", 0), ("b", 1), ("c", bits(30))]
    before = copies_of(photos).group.tolist()
    assert copies_of([("z", bits(40, 20)), *photos, ("y", bits(9, 50))]).group.tolist()[1:4] == before


def test_colour_variants_of_one_garment_are_no_copies():
    prints = []
    for turn in range(0, 12 * len(PATTERNS), len(PATTERNS)):  # the plain cloth, in all colours
        shirt = product("men", "shirts", turn, 128, np.random.default_rng(5))
        prints.append(fingerprint(catalog_photo(shirt.look, "shirts", "men", 0, 128, np.random.default_rng(6))))
    hashes = np.array([one.perceptual_hash for one in prints], np.uint64)
    assert (np.bitwise_count(hashes[:, None] ^ hashes) <= 6).sum() > 12 * 4  # by shape many are
    found = find(column(map(str, range(12))), hashes, column(one.colors for one in prints), PARAMS)
    assert len(found.links) == 0
    assert len(set(found.group)) == 12


def test_five_thousand_equal_placeholders_are_one_class():
    start = time.process_time()
    found = copies_of([(str(row), 77) for row in range(5_000)] + [("near", 76)])
    assert time.process_time() - start < 2
    assert found.class_of.tolist() == [0] * 5_000 + [1]
    assert found.links.tolist() == [[0, 1]]
    assert set(found.group) == {"0"}


def test_a_thousand_placeholders_that_all_differ_a_little_are_one_group():
    rng = np.random.default_rng(1)
    cells = np.tile(GREY, (1000, 1, 1, 1))
    cells[:, 0] += rng.integers(0, 3, (1000, 8, 3), np.uint8)
    assert color_distance(cells[:1], cells[1:2])[0] > 0
    hashes = np.uint64(1) << rng.integers(0, 64, 1000).astype(np.uint64)
    found = find(column(map(str, range(1000))), hashes, column(map(np.ndarray.tobytes, cells)), PARAMS)
    assert len(found.links) == 1000 * 999 // 2
    assert set(found.group) == {"0"}


@pytest.mark.parametrize("photos", [[], [("a", 5)]])
def test_none_and_one(photos):
    found = copies_of(photos)
    assert found.group.tolist() == [content for content, _ in photos]
    assert found.class_of.tolist() == [0] * len(photos)
    assert found.links.shape == (0, 2)
    assert found.class_of.dtype == found.links.dtype == np.int64
