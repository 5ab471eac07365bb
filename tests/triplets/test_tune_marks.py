"""A neighbour that is marked as wrong becomes a judgement: every place, and every set of earlier marks."""

from itertools import chain, combinations

import pytest

from core.errors import InputError
from triplets.judged.judgements import Judgement
from triplets.tune.marks import wrong

FOUND = ["v", "w", "x", "y", "z"]


def closer(marked, image_id: str) -> str:
    """The photo that is closer by the judgement; empty where there is none."""
    try:
        told = wrong("q", FOUND, marked, image_id, "Ann", "now")
    except InputError:
        return ""
    assert (told.query, told.b, told.closer, told.who, told.when) == ("q", image_id, "a", "Ann", "now")
    return told.a


def test_without_marks_it_is_the_next_below_and_for_the_last_the_one_above():
    assert [closer([], image_id) for image_id in FOUND] == ["w", "x", "y", "z", "y"]


def test_marked_ones_are_never_closer():
    subsets = chain.from_iterable(combinations(FOUND, size) for size in range(len(FOUND) + 1))
    seen = 0
    for marked in subsets:
        for place, image_id in enumerate(FOUND):
            expected = ""
            for other in range(place - 1, -1, -1):
                if FOUND[other] not in marked and not expected:
                    expected = FOUND[other]
            for other in range(len(FOUND) - 1, place, -1):
                if FOUND[other] not in marked:
                    expected = FOUND[other]
            assert closer(set(marked), image_id) == expected
            seen += expected != ""
    assert seen == 2**5 * 5 - 2 * 5  # all but all marked, with the photo itself or without


def test_it_is_a_judgement_of_the_file():
    assert wrong("q", FOUND, {"y"}, "x", "Ann", "2030-01-02") == Judgement("q", "z", "x", "a", "Ann", "2030-01-02")


def test_what_cannot_be_judged_says_why():
    with pytest.raises(InputError) as error:
        wrong("q", FOUND, set(FOUND), "x", "", "")
    assert str(error.value) == (
        "no other photo found for q is unmarked, so none is known to be closer. Ask by another photo."
    )
    with pytest.raises(InputError, match=r"^no other photo found for q is unmarked"):
        wrong("q", ["x"], [], "x", "", "")
    with pytest.raises(InputError) as error:
        wrong("q", FOUND, [], "elsewhere", "", "")
    assert str(error.value) == "elsewhere is none of the photos found for q. Mark one of those shown."
