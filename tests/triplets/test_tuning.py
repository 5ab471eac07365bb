"""The page's acts and what it shows, without a browser."""

import csv
import json
import re
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from threading import Thread
from time import sleep

import numpy as np
import pytest
from small_project import catalog_rows, fit, row, write_project

from core.errors import InputError, TableError
from core.paths import FEATURES, NEIGHBORS, SIMILARITY
from core.tables import DESCRIPTORS, Neighbors
from triplets.params import Weights
from triplets.tune import views
from triplets.tune.judging import Judging
from triplets.tune.look import PER_PAGE
from triplets.tune.queries import Query
from triplets.tune.setting import Setting
from triplets.tune.tabs import Tabs
from triplets.tune.tuning import YOURS, Files, Tuning

FILES = Files(Path("params.yaml"), Path("judgements.csv"), Path("weights.yaml"))
HOSTILE = """<script>alert(1)</script>"'&{{value}}${1+1}\u202e"""


@pytest.fixture
def tuning(tmp_path, monkeypatch):
    """Over 60 products of two photos in three partitions."""
    monkeypatch.chdir(tmp_path)
    root = write_project(tmp_path, catalog_rows(60))
    fit(root).write(root / SIMILARITY)
    return Tuning(FILES)


@pytest.fixture
def tab(tuning):
    return tuning.start(Random(1))


def judged():
    with Path("judgements.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


class Seen(HTMLParser):
    """The tags of a piece of HTML, and the text between them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = set(), ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data):
        self.text += data


def ids(column):
    return [card.photo.image_id for card in column.cards]


def test_the_first_tab_shows_what_triplets_neighbors_says(printed):
    tuning = Tuning(FILES)
    tab = tuning.start(Random(1))
    for name in ("c000-0", "c031-1", "c059-0"):
        tab = tuning.pick(tab, name)
        yours, present = tuning.columns(tab)
        known = Neighbors.read(NEIGHBORS, query_id=[name], rank=range(1, 11))
        assert ids(yours) == ids(present) == known.neighbor_id.tolist()
        np.testing.assert_allclose([card.distance for card in yours.cards], known.distance, rtol=1e-4)
        weights = tuning.opened().similarity.weights
        for place, card in enumerate(yours.cards):
            parts = {part: weights[part] * getattr(known, part)[place] ** 2 for part in DESCRIPTORS}
            expected = {part: value / sum(parts.values()) for part, value in parts.items()}
            assert card.shares == pytest.approx(expected, rel=1e-3)
            assert (card.rank, card.moved) == (place + 1, 0)


def test_sliders_change_the_order_and_tell_who_moved(tuning, tab):
    turned = tuning.turn(tab, {"structure": 0.0, "pattern": 0.0, "color": 0.7})
    yours, present = tuning.columns(turned)
    assert (yours.title, present.title) == (YOURS, "params.yaml")
    assert yours.weights == {"structure": 0, "pattern": 0, "color": 1}
    assert ids(yours) != ids(present)
    for card in yours.cards:
        there = ids(present).index(card.photo.image_id) if card.photo.image_id in ids(present) else None
        assert card.moved == (None if there is None else there - card.rank + 1)
        assert card.shares == pytest.approx({"structure": 0, "pattern": 0, "color": 1})
    assert tuning.sliders(turned) == {"structure": 0, "pattern": 0, "color": 0.7}
    assert ids(tuning.columns(tab)[0]) == ids(present)


def test_all_weights_at_0_are_refused(tuning, tab):
    with pytest.raises(InputError, match="all weights are 0"):
        tuning.turn(tab, dict.fromkeys(DESCRIPTORS, 0.0))
    with pytest.raises(InputError, match="a weight is no number"):
        tuning.turn(tab, dict.fromkeys(DESCRIPTORS, float("nan")))


def test_a_category_may_have_weights_of_its_own(tuning, tab):
    assert not tuning.has_own(tab)
    own = tuning.turn(tuning.scope(tab, True), {"structure": 1.0, "pattern": 0.0, "color": 0.0})
    assert own.setting.category_weights == {"dresses": Weights(1.0, 0.0, 0.0)}
    assert own.setting.weights == tab.setting.weights
    assert tuning.has_own(own)
    assert tuning.columns(own)[0].weights["structure"] == 1
    elsewhere = tuning.pick(own, "c001-0")
    assert tuning.opened().catalog.category[tuning.opened().find("c001-0")] == "skirts"
    assert tuning.columns(elsewhere)[0].weights == pytest.approx(asdict(tab.setting.weights))
    assert tuning.sliders(elsewhere) == asdict(tab.setting.weights)
    dropped = tuning.drop(own)
    assert dropped.setting == tab.setting
    assert not dropped.own


def test_weights_above_1_fit_on_the_sliders(tuning, tab):
    wide = tuning.take(tab, Setting(Weights(6.0, 3.0, 1.0), {}))
    assert tuning.sliders(wide) == pytest.approx({"structure": 0.6, "pattern": 0.3, "color": 0.1})


def test_a_product_or_a_photo_is_picked_by_its_id_and_back_goes_back(tuning, tab):
    first = tab.query
    by_photo = tuning.pick(tab, "c031-1")
    by_product = tuning.pick(by_photo, " p010 ")
    assert (by_photo.query, by_product.query) == (Query("c031-1"), Query("c010-0"))
    assert by_product.partition == "women/skirts"
    again = tuning.back(by_product)
    assert (again.query, tuning.back(again).query, tuning.back(tuning.back(again)).query) == (
        Query("c031-1"),
        first,
        first,
    )
    with pytest.raises(InputError, match=re.escape("the catalog has no photo and no product 'nothing'.")):
        tuning.pick(tab, "nothing")


def test_the_gallery_has_every_product_once(tuning, tab):
    seen = []
    shown = tuning.gallery(tab)
    for _ in range(shown.pages):
        shown = tuning.gallery(tab)
        assert len(shown.photos) <= PER_PAGE
        seen += [photo.product_id for photo in shown.photos]
        tab = tuning.leaf(tab, 1)
    assert sorted(seen) == sorted({f"p{number:03}" for number in range(0, 60, 3)})
    assert tuning.gallery(tuning.leaf(tab, -99)).page == 0
    elsewhere = tuning.place(tab, "women/tops")
    assert tuning.query(elsewhere).partition == "women/tops"
    with pytest.raises(InputError, match="no partition men/hats any more"):
        tuning.place(tab, "men/hats")
    assert tuning.query(tuning.at_random(elsewhere, Random(5))).partition == "women/tops"


def test_a_partition_of_one_product_says_why_nothing_is_near(tuning, tmp_path):
    write_project(tmp_path, [*catalog_rows(60), row("hat", category="hats")])
    tab = tuning.pick(tuning.start(Random(1)), "hat")
    assert [column.cards for column in tuning.columns(tab)] == [[], []]
    html = views.columns("v", tuning.columns(tab), "women/hats", set())
    assert html.count("There is no photo of another product in <bdi>women/hats</bdi>") == 2


def test_tables_that_were_written_anew_are_read_anew(tuning, tab, tmp_path):
    before = tuning.opened()
    assert tuning.opened() is before
    write_project(tmp_path, catalog_rows(30))
    after = tuning.opened()
    assert len(after.catalog) == 60
    assert after.version != before.version
    gone = replace(tab, query=Query("c059-0"))
    with pytest.raises(InputError, match="no photo and no product 'c059-0'"):
        tuning.columns(gone)
    assert tuning.columns(tuning.pick(gone, "c000-0"))
    # A run that removes a table and writes it anew later does not stop the page; one that was started meanwhile waits.
    (tmp_path / FEATURES / "color.arrow").unlink()
    assert tuning.opened() is after
    with pytest.raises(TableError, match=r"color\.arrow does not exist"):
        Tuning(FILES).check()


def test_a_file_that_is_no_photo_asks_nothing(tuning, tab, tmp_path):
    params = json.loads(Path("params.yaml").read_text())
    limits = {
        "min_side": 8,
        "max_bytes": 100_000,
        "max_pixels": 10**6,
        "min_range": 0,
        "largest_side": 64,
        "quality": 90,
    }
    Path("params.yaml").write_text(json.dumps({**params, "curate": {"photos": limits}}))
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no photo")
    with pytest.raises(InputError, match=r"broken\.jpg is no photo to use"):
        tuning.upload(tab, broken)


def test_judgements_are_on_disk_before_the_next_question(tuning, tab):
    judging = Judging(tuning)
    assert judging.counted() == "No judgement yet. Each answer is added to judgements.csv at once."
    with pytest.raises(InputError, match="no pair is asked about"):
        judging.answer(tab, None, "a", "Ann")
    turned = tuning.turn(tab, {"structure": 0.0, "pattern": 0.0, "color": 1.0})
    asked = judging.ask(turned, False)
    first = asked.questions[0]
    one, other = (ids_by(tuning, turned, side, first) for side in range(2))
    assert one == (not other)  # the settings order the pair differently
    answered = judging.answer(asked, first, "b", "Ann")
    assert judging.answer(answered, first, "a", "Ann") is answered  # a second click on what was shown
    passed = judging.answer(answered, answered.questions[0], None, None)
    rows = judged()
    assert [(told["query"], told["a"], told["b"], told["closer"], told["who"]) for told in rows] == [
        (first.query, first.a, first.b, "b", "Ann")
    ]
    assert (len(answered.questions), len(passed.questions)) == (len(asked.questions) - 1, len(asked.questions) - 2)
    assert judging.counted() == "1 judgement in judgements.csv."


def ids_by(tuning, tab, side, question):
    """Whether a setting has a closer than b."""
    asked = tuning.asked(replace(tab, query=Query(question.query)))
    found = asked.nearest(tuning.similarities(tab)[side], 10**6)
    order = [str(tuning.opened().catalog.image_id[row]) for row in found.rows]
    return order.index(question.a) < order.index(question.b)


def test_equal_settings_ask_what_tells_most_and_a_partition_can_be_chosen(tuning, tab):
    judging = Judging(tuning)
    asked = judging.ask(tuning.place(tab, "women/tops"), True)
    assert asked.questions
    row_of = tuning.opened().find
    partitions = {
        tuning.opened().catalog.partition[row_of(name)] for one in asked.questions for name in asdict(one).values()
    }
    assert partitions == {"women/tops"}


def test_a_neighbour_is_marked_as_wrong_once(tuning, tab):
    judging = Judging(tuning)
    names = ids(tuning.columns(tab)[0])
    marked = judging.mark(tab, 0, names[0], "Bo")
    marked = judging.mark(marked, 0, names[1], None)
    assert judging.mark(marked, 0, names[1], "Bo") is marked
    rows = judged()
    closer = [told[told["closer"]] for told in rows]
    further = [told["b" if told["closer"] == "a" else "a"] for told in rows]
    assert (closer, further) == ([names[1], names[2]], [names[0], names[1]])
    assert marked.marked == {(tab.query.name, names[0]), (tab.query.name, names[1])}
    with pytest.raises(InputError, match="this query was uploaded"):
        judging.mark(replace(tab, query=Query("1", uploaded=True)), 0, names[0], "Bo")


def test_names_of_the_page_are_no_names_of_settings(tuning, tab):
    for name in ("Yours", " params.yaml ", "color alone"):
        with pytest.raises(InputError, match="is what the page calls another setting"):
            tuning.keep(tab, name)
    tuning.keep(tuning.turn(tab, {"structure": 0.0, "pattern": 1.0, "color": 0.0}), "mine")
    assert list(tuning.settings()) == ["params.yaml", "mine"]
    Path("weights.yaml").write_text(Path("weights.yaml").read_text().replace("mine", "params.yaml"))
    assert tuning.settings()["params.yaml"] == tab.setting


def test_what_was_marked_as_wrong_is_not_compared_with_its_own_product(tuning, tab):
    catalog = tuning.opened().catalog
    names = ids(tuning.columns(tab)[0])
    product = {name: catalog.product_id[tuning.opened().find(name)] for name in names}
    for name in names:
        Path("judgements.csv").unlink(missing_ok=True)
        Judging(tuning).mark(tab, 0, name, "Bo")
        (told,) = judged()
        assert told["b"] == name
        assert product[told["a"]] != product[name]


def test_a_file_of_judgements_that_cannot_be_read_stops_nothing_else(tuning, tab):
    judging = Judging(tuning)
    Path("judgements.csv").write_text("query,a,b,closer,who,when\ngone,c000-0,c003-0,a,Bo,\n")
    with pytest.raises(InputError, match="the catalog lacks the image 'gone'"):
        judging.counted()
    asked = judging.ask(tab, False)
    judging.answer(asked, asked.questions[0], "a", "Ann")
    assert len(judged()) == 2
    Path("judgements.csv").write_text("")
    assert judging.counted().startswith("No judgement yet.")


def test_turns_of_a_slider_are_not_lost_beside_a_slow_act(tab):
    tabs = Tabs()
    key = tabs.open(replace(tab, page=0))

    def slowly(of):
        sleep(0.01)
        return replace(of, page=of.page + 1)

    threads = [Thread(target=tabs.change, args=(key, slowly)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tabs.now(key).page == 20
    with pytest.raises(InputError, match="does not know this page any more"):
        tabs.now(None)


def test_a_setting_beside_that_is_no_longer_kept_is_named(tuning, tab):
    with pytest.raises(InputError, match="the setting mine is no longer kept"):
        tuning.columns(tuning.put_beside(tab, "mine"))


def test_what_a_catalog_says_never_becomes_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [row(f"{HOSTILE}{number}", category=HOSTILE, attributes={HOSTILE: HOSTILE}) for number in range(6)]
    fit(write_project(tmp_path, rows)).write(tmp_path / SIMILARITY)
    tuning = Tuning(FILES)
    tab = tuning.start(Random(1))
    shown = tuning.columns(tab)
    html = [
        views.query("v", tuning.query(tab), tab.query),
        views.gallery("v", tuning.gallery(tab), tab.query),
        views.columns("v", shown, tab.partition, {shown[0].cards[0].photo.image_id}),
        views.message(HOSTILE, bad=True),
        views.difference(f"+{HOSTILE}", HOSTILE),
        views.told(HOSTILE),
        views.progress(1, 2, HOSTILE, HOSTILE),
    ]
    for piece in map(Seen, html):
        assert not piece.tags & {"script", "style", "iframe"}
        assert "\u202e" not in piece.text
    assert "<script>alert(1)</script>" in Seen(html[0]).text
