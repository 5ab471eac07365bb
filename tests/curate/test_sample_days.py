"""Days at the sample's shop: what they change, and that nothing changes twice."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from core.decoding import decode
from core.engines import LOCAL
from core.errors import InputError, PhotoError
from curate.params import SampleParams
from curate.sample import render_sample
from curate.sample_days import live_through

PARAMS = SampleParams(products=15, street_products=0, photos=2, side=64, seed=7)


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "sample"
    render_sample(PARAMS, folder, LOCAL)
    return folder


def rows(folder: Path) -> list[list[str]]:
    return list(csv.reader((folder / "catalog.csv").read_text().splitlines()))


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (folder / "images").iterdir()}


def test_a_day_has_a_new_product_one_that_leaves_and_one_photographed_anew(shop):
    table, before = rows(shop), files(shop)
    (day,) = live_through(1, PARAMS, shop)
    after = files(shop)
    # 37 modulo 15 is 7.
    assert (list(day.new), day.gone, day.anew) == ([15], 7, 8)
    new = [row for row in rows(shop) if row not in table]
    assert rows(shop) == [row for row in table if row[1] != "p00007"] + new
    assert [row[:2] for row in new] == [["p00015-1.jpg", "p00015"], ["p00015-2.jpg", "p00015"]]
    assert {name for name in after if after[name] != before.get(name)} == {
        "p00008-1.jpg",
        "p00015-1.jpg",
        "p00015-2.jpg",
    }
    assert decode(after["p00008-1.jpg"][0], max_pixels=10**6).pixels.shape == (64, 64, 3)
    with pytest.raises(PhotoError, match=r"^truncated"):
        decode(after["p00015-2.jpg"][0], max_pixels=10**6)


def test_a_new_product_is_one_of_a_larger_sample(shop, tmp_path):
    live_through(1, PARAMS, shop)
    render_sample(replace(PARAMS, products=16), tmp_path / "larger", LOCAL)
    assert rows(shop)[-2:] == rows(tmp_path / "larger")[-2:]
    assert files(shop)["p00015-1.jpg"][0] == files(tmp_path / "larger")["p00015-1.jpg"][0]


def test_a_day_again_writes_no_photo_and_two_days_begin_with_the_first(shop):
    live_through(1, PARAMS, shop)
    table, before = rows(shop), files(shop)
    live_through(1, PARAMS, shop)
    assert (rows(shop), files(shop)) == (table, before)
    live_through(2, PARAMS, shop)
    assert rows(shop) == [row for row in table if row[1] != "p00014"] + rows(shop)[-2:]
    assert {row[1] for row in rows(shop)[-2:]} == {"p00016"}
    assert all(files(shop)[name] == before[name] for name in before if name != "p00000-1.jpg")


def test_days_that_have_passed_do_not_come_back(shop):
    live_through(2, PARAMS, shop)
    table, before = rows(shop), files(shop)
    with pytest.raises(InputError) as caught:
        live_through(1, PARAMS, shop)
    assert str(caught.value) == (
        f"{shop}/catalog.csv: 2 days have passed there already. Give --days 2 or more, or render it anew by curate"
        " sample."
    )
    assert (rows(shop), files(shop)) == (table, before)
    render_sample(PARAMS, shop, LOCAL)
    assert len(live_through(1, PARAMS, shop)) == 1


def test_days_need_the_shop_of_the_parameters(shop, tmp_path):
    with pytest.raises(InputError, match=r"none/catalog\.csv does not exist\. Run curate sample first, "):
        live_through(1, PARAMS, tmp_path / "none")
    with pytest.raises(InputError, match=r"^a shop of 1 products has no days. Raise curate.sample.products.$"):
        live_through(1, replace(PARAMS, products=1), shop)
    with pytest.raises(InputError, match=r"is not what curate.sample describes. Run curate sample first, without"):
        live_through(1, replace(PARAMS, products=20), shop)
