"""The checks that need no pixels."""

import pytest

from core.errors import InputError, PhotoError, TableError
from curate.checks import Fault, Reason, check_share, check_total, count, spell
from curate.photos import Box


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        (Box(2, 3, 4, 5), (2, 3, 4, 5)),
        (Box(-2, -3, 5, 5), (0, 0, 3, 2)),
        (Box(8, 18, 50, 50), (8, 18, 2, 2)),
        (Box(-9, -9, 99, 99), (0, 0, 10, 20)),
    ],
)
def test_a_box_is_clipped(box, clipped):
    assert box.clip(10, 20) == clipped


@pytest.mark.parametrize(
    "box", [Box(10, 0, 5, 5), Box(0, 20, 5, 5), Box(-5, 0, 5, 5), Box(3, 3, 0, 4), Box(3, 3, 4, -1)]
)
def test_a_box_off_the_photo_is_bad(box):
    with pytest.raises(PhotoError) as error:
        box.clip(10, 20)
    assert error.value.reason == "bad_box"


def faults(*reasons):
    return [Fault("t.csv", row, 1, f"{row}.jpg", Reason(reason), "why") for row, reason in enumerate(reasons, 3)]


def test_counts_follow_the_closed_list():
    counts = count(faults("truncated", "missing_file", "truncated"))
    assert list(counts.items()) == [("missing_file", 1), ("truncated", 2)]
    assert spell(counts) == "missing_file 1, truncated 2"
    with pytest.raises(ValueError, match="'blurry' is not a valid Reason"):
        faults("blurry")


def test_the_share_of_rejected_photos_is_limited_without_the_excluded_ones(tmp_path):
    listed = tmp_path / "rejected.csv"
    check_share(faults("truncated", "excluded", "excluded"), 12, 0.1, listed, "curate.ingest")
    assert not listed.exists()
    with pytest.raises(InputError) as error:
        check_share(faults("excluded", "truncated", "missing_file"), 12, 0.17, listed, "curate.ingest")
    assert str(error.value) == (
        "2 of 11 photos rejected (missing_file 1, truncated 1), at most 0.17 allowed. The first is row 4: 4.jpg,"
        f" truncated, why. See {listed}; mend or exclude them, or raise curate.ingest.max_rejected."
    )
    assert listed.read_text().splitlines() == [
        "source,row,photo,path,reason,detail",
        "t.csv,3,1,3.jpg,excluded,why",
        "t.csv,4,1,4.jpg,truncated,why",
        "t.csv,5,1,5.jpg,missing_file,why",
    ]


def test_some_photo_must_be_left(tmp_path):
    with pytest.raises(InputError) as error:
        check_share(faults("excluded", "truncated"), 2, 1, tmp_path / "rejected.csv", "curate.street")
    assert str(error.value) == (
        f"none of the 2 photos can be used (excluded 1, truncated 1). See {tmp_path}/rejected.csv;"
        " check what curate.street names."
    )


def test_a_lost_row_is_a_bug():
    check_total(3, 2, 1)
    with pytest.raises(TableError, match="3 rows were read, but 1 accepted and 1 rejected"):
        check_total(3, 1, 1)
