"""The report of the mix: figures against plain loops, the page against hostile names, files against each other."""

import csv
import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from small_project import catalog_rows, row, street_rows, write_params, write_project

from core.errors import TableError
from core.paths import CATALOG, MINED, MIXED, REPORT, STREET, TABLE, TRIPLETS
from core.tables import KINDS, SPLITS, Catalog, Triplets
from triplets.reports.coded import Coded
from triplets.reports.hubs import POINTS, curves, hubs
from triplets.reports.mined import MinedReport
from triplets.reports.rejections import rejections

HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "https://evil.example/a.png"]


@pytest.fixture
def told(printed):
    """The details of the finished project's report."""
    return json.loads((MIXED / "details.json").read_text())


@pytest.fixture
def mixed(printed):
    return Triplets.read(MIXED / TRIPLETS)


class Page(HTMLParser):
    """The tags of a page, and per section its rows of cells."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.rows = [], {}
        self._section, self._cell = "", None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self._section = dict(attrs)["id"]
            self.rows[self._section] = []
        if tag == "tr":
            self.rows[self._section].append([])
        if tag in ("td", "th"):
            self._cell = ""

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[self._section][-1].append(" ".join(self._cell.split()))
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def of(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def page():
    return Page((MIXED / "report.html").read_text())


def coded(negatives, kind="in_class", split="train"):
    """Triplets of one kind and split with these negatives, by number."""
    negative = np.array(negatives, np.int64)
    here = np.full(len(negative), KINDS.index(kind)), np.full(len(negative), SPLITS.index(split))
    return Coded(np.arange(len(negative)), negative, *here)


def photos():
    """Every photo's partition and split, and whether it is a street photo, by image id and table."""
    return {
        name: {
            image_id: (partition, split, domain == "street")
            for image_id, partition, split, domain in zip(
                table.image_id, table.partition, table.split, table.domain, strict=True
            )
        }
        for name, table in (("catalog", Catalog.read(CATALOG / TABLE)), ("street", Catalog.read(STREET / TABLE)))
    }


def test_what_the_last_rule_of_a_kind_keeps_was_mined(told):
    kept = {one["rule"].split(".")[0]: one["kept"] for one in told["rules"]}
    mined = Counter()
    for split in told["shares"]:
        mined.update({kind: one["mined"] for kind, one in split["kinds"].items()})
    assert {kind: kept[kind] for kind in KINDS} == mined
    assert all(one["seen"] - one["rejected"] == one["kept"] for one in told["rules"])
    assert all(mined.values())


def test_each_rule_sees_what_the_one_before_has_kept():
    counts = {"in_class.considered": 100, "in_class.gap": 30, "in_class.same_product": 5, "in_class.similarity": 20}
    counts |= {"in_class.negative_cap": 3, "in_class.surplus": 40}
    told = [(one.rule, one.seen, one.rejected, one.kept) for one in rejections(counts)]
    assert told == [
        ("in_class.gap", 100, 30, 70),
        ("in_class.same_product", 70, 5, 65),
        ("in_class.similarity", 65, 20, 45),
        ("in_class.negative_cap", 45, 3, 42),
        ("in_class.surplus", 42, 40, 2),
    ]


def test_partitions_are_counted_as_by_loops(told, mixed):
    where, counted = photos(), Counter()
    for kind, split, query in zip(mixed.kind, mixed.split, mixed.query_id, strict=True):
        counted[where["street" if kind == "wild" else "catalog"][query][0], split, kind] += 1
    listed = {
        (one["name"], split, kind): one["mixed"][row][column]
        for one in told["partitions"]
        for row, split in enumerate(SPLITS)
        for column, kind in enumerate(KINDS)
    }
    assert {key: count for key, count in listed.items() if count} == counted
    mined = Triplets.read(MINED / TRIPLETS)
    of_mine = sum(sum(counts[:2]) for one in told["partitions"] for counts in one["mined"])
    assert of_mine == len(mined)


def test_coverage_is_counted_as_by_loops(told, mixed):
    where = photos()
    for one in told["coverage"]:
        asking = [
            image_id
            for image_id, (_, split, street) in where["street" if one["kind"] == "wild" else "catalog"].items()
            if split == one["split"] and (street or one["kind"] != "wild")
        ]
        counts = Counter(mixed.query_id[(mixed.kind == one["kind"]) & (mixed.split == one["split"])])
        assert one["photos"] == len(asking)
        assert one["mixed"] == len(counts) == sum(image_id in counts for image_id in asking)
        if counts:
            ordered = sorted(counts.values())
            assert (one["least"], one["most"]) == (ordered[0], ordered[-1])
            assert one["median"] == pytest.approx(np.median(ordered))
    assert {(one["kind"], one["split"]) for one in told["coverage"]} == {(k, s) for k in KINDS for s in SPLITS}


def test_photos_without_a_triplet_are_found_by_partition(printed, told):
    where = photos()
    served = set(Triplets.read(MINED / TRIPLETS).query_id)
    for one in told["uncovered"]:
        if one["asking"] == "catalog":
            inside = [i for i, (name, split, _) in where["catalog"].items() if name == one["partition"]]
            assert one["photos"] == len(inside)
            assert one["without"] == sum(image_id not in served for image_id in inside)
    without = sum(one["without"] for one in told["uncovered"] if one["asking"] == "catalog")
    assert without == sum(image_id not in served for image_id in where["catalog"]) > 0
    shares = [one["without"] / one["photos"] for one in told["uncovered"]]
    assert shares == sorted(shares, reverse=True)


def test_hubs_are_counted_as_by_loops(told, mixed):
    assert len(told["hubs"]) == len({(k, s) for k, s in zip(mixed.kind, mixed.split, strict=True)})
    for one in told["hubs"]:
        used = Counter(mixed.negative_id[(mixed.kind == one["kind"]) & (mixed.split == one["split"])])
        assert one["triplets"] == sum(used.values())
        assert one["negatives"] == len(used)
        assert one["most"] == max(used.values()) <= one["cap"]


def test_the_most_used_hundredth_of_the_negatives():
    one_flood = coded([7] * 50 + list(range(100, 250)))
    (found,) = hubs(one_flood, dict.fromkeys(KINDS, 60))
    assert (found.triplets, found.negatives, found.most, found.cap) == (200, 151, 50, 60)
    assert found.top_share == pytest.approx(51 / 200)  # 151 negatives: a hundredth is two of them
    (curve,) = curves(one_flood)
    assert len(curve.shares) == POINTS + 1
    assert (curve.shares[0], curve.shares[-1]) == (0, 1)
    assert curve.shares[1] == pytest.approx((50 + 151 / POINTS - 1) / 200, abs=1e-6)


def test_evenly_used_negatives_make_a_straight_line():
    (curve,) = curves(coded(list(range(100)) * 3))
    assert curve.shares == pytest.approx([place / POINTS for place in range(POINTS + 1)], abs=1e-6)


def test_quantiles_and_histograms_are_those_of_the_table(told, mixed):
    for one in told["quantiles"]:
        values = getattr(mixed, f"{one['pair']}_{one['distance']}")[mixed.kind == one["kind"]]
        for percent, value in one["at"].items():
            assert value == pytest.approx(float(np.percentile(values, int(percent))), abs=1e-4)
    assert len(told["quantiles"]) == 3 * 2 * 4
    for one in told["histograms"]:
        values = mixed.negative_distance[mixed.kind == one["kind"]]
        assert sum(one["shares"]["negative"]) + one["beyond"] == pytest.approx(1, abs=1e-4)
        width = one["upper"] / len(one["shares"]["negative"])
        inside = ((values >= 10 * width) & (values < 20 * width)).mean()
        assert sum(one["shares"]["negative"][10:20]) == pytest.approx(inside, abs=1e-4)


def test_console_page_numbers_and_files_say_the_same(printed, told):
    rows, numbers = page().rows, json.loads((MIXED / "report.json").read_text())
    shown = [[*line[:2], *line[4:]] for line in rows["shares"][1:]]
    for (split, kind), line in zip(((s, k) for s in SPLITS for k in KINDS), shown, strict=True):
        one = next(of for of in told["shares"] if of["split"] == split)["kinds"][kind]
        asked = "–" if one["triplets_asked"] is None else str(one["triplets_asked"])
        assert line == [split, kind.replace("_", "-"), asked, str(one["mined"]), str(one["mixed"])]
        assert numbers[f"{split}_{kind}"] == one["mixed"]
    with (MIXED / "rules.csv").open() as file:
        listed = list(csv.DictReader(file))
    assert [line[1:3] for line in rows["rules"][1:]] == [
        [f"{int(one['seen']):,}", f"{int(one['rejected']):,}"] for one in listed
    ]
    of_mine = [one for one in listed if not one["rule"].startswith("wild")]
    table = [line.split("|")[1:3] for line in printed[1].splitlines() if "triplets.mine" in line or "decides" in line]
    assert [[cell.strip() for cell in line] for line in table] == [
        [one["what"], f"{int(one['rejected']):,}"] for one in of_mine
    ]
    with (MIXED / "partitions.csv").open() as file:
        assert sum(int(line["mixed"]) for line in csv.DictReader(file)) == sum(
            numbers[f"{split}_total"] for split in SPLITS
        )


def test_every_rule_names_a_parameter_that_there_is(told):
    sections = json.loads(Path("params.yaml").read_text())["triplets"]
    named = [name for one in told["rules"] for name in re.findall(r"triplets\.(\w+)\.(\w+)", one["change"])]
    assert len(named) > 8
    assert all(key in sections[section] for section, key in named)


def test_the_hash_in_a_row_can_be_looked_up(told, mixed):
    known = {one["hash"]: one for one in told["made_by"]}
    sections = json.loads(Path("params.yaml").read_text())["triplets"]
    for kind in KINDS:
        (hashed,) = set(mixed.params[mixed.kind == kind])
        assert known[hashed]["section"] == ("triplets.mix" if kind == "wild" else "triplets.mine")
        assert known[hashed]["params"] == sections[known[hashed]["section"].split(".")[1]]
    parameters = dict(page().rows["parameters"][1:])
    assert parameters["triplets.mine.gap"] == "6"
    assert parameters["similarity.weights.structure"] == "0.4"


def test_the_page_shows_rows_that_explain_finds(printed, mixed):
    html = (MIXED / "report.html").read_text()
    rows = [int(found) for found in re.findall(r"<h4>Row (\d+) ", html)]
    assert len(rows) == 3 * 6
    images = Page(html).of("img")
    alts = [image["alt"] for image in images]
    for place, number in enumerate(rows):
        ids = [getattr(mixed, f"{part}_id")[number - 1] for part in ("query", "positive", "negative")]
        assert alts[3 * place : 3 * place + 3] == [f"Photo {image_id}" for image_id in ids]
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in images)


def test_nothing_on_the_page_reaches_out(printed):
    found = page()
    for _, attrs in found.tags:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            assert attrs.get(name, "#").startswith(("#", "data:"))
    assert not {tag for tag, _ in found.tags} & {"script", "iframe", "object", "form", "base"}
    assert "url(" not in (MIXED / "report.html").read_text()
    anchors = {attrs["href"] for attrs in found.of("a")}
    assert anchors <= {f"#{attrs['id']}" for attrs in found.of("section")}


def test_hostile_names_are_shown_as_text(tmp_path, monkeypatch, pipeline):
    monkeypatch.chdir(tmp_path)
    names = dict(zip(("dresses", "skirts", "tops"), HOSTILE, strict=False))
    rows = catalog_rows(60)
    for number, one in enumerate(rows):
        category = names[one["category"]]
        one |= {"category": category, "partition": f"women/{category}", "image_id": f"{number} {HOSTILE[number % 4]}"}
    write_project(tmp_path, rows, *street_rows(30))
    pipeline()
    html = (MIXED / "report.html").read_text()
    found = page()
    assert not found.of("script")
    assert all("onerror" not in attrs for _, attrs in found.tags)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7 * 7 }}" in html
    assert f"women/{HOSTILE[0]}" in [line[0] for line in found.rows["partitions"]]


def test_many_partitions_leave_the_page_small(tmp_path, monkeypatch, pipeline):
    monkeypatch.chdir(tmp_path)
    kinds = tuple(f"kind {number:03}" for number in range(60))
    write_project(tmp_path, catalog_rows(60 * 4, photos=1, categories=kinds), *street_rows(10))
    write_params(tmp_path, mine={"gap": 0}, mix={"totals": {"train": 50, "val": 5, "test": 5}})
    pipeline()
    found = page()
    assert len(found.rows["partitions"]) == 1 + 40
    assert "And 22 partitions more." in " ".join((MIXED / "report.html").read_text().split())
    with (MIXED / "partitions.csv").open() as file:
        assert len({line["partition"] for line in csv.DictReader(file)}) == 62


def test_a_partition_without_a_triplet_is_told_first(tmp_path, monkeypatch, pipeline):
    monkeypatch.chdir(tmp_path)
    rows = [*catalog_rows(60), row("alone", category="gloves")]
    write_project(tmp_path, rows, *street_rows(30))
    pipeline()
    html = (MIXED / "report.html").read_text()
    assert '<li class="look"><a href="#coverage">1 partition without a triplet.</a></li>' in html
    assert ["women/gloves", "catalog", "1", "1", "100.0 %"] in page().rows["coverage"]


def test_without_wild_triplets_the_plots_have_empty_columns(tmp_path, monkeypatch, pipeline):
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, catalog_rows(60))
    pipeline()
    for name, column in (("distances", "wild_positive"), ("hubs", "wild")):
        with (MIXED / f"{name}.csv").open() as file:
            assert {line[column] for line in csv.DictReader(file)} == {""}
    told = json.loads((MIXED / "details.json").read_text())
    assert {one["kind"] for one in told["hubs"]} <= {"in_class", "out_of_class"}


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("{}", "'rules'"),
        ("[1]", "list indices must be integers or slices, not str"),
        ('{"rules": {}, "made_by": {"section": 1, "hash": "", "rules": "", "params": {}}}', "'similarity'"),
    ],
)
def test_a_report_of_mine_that_is_none_is_refused(finished, tmp_path, text, end):
    shutil.copytree(finished[0], tmp_path, dirs_exist_ok=True)
    path = tmp_path / MINED / REPORT
    path.write_text(text)
    with pytest.raises(TableError) as caught:
        MinedReport.read(path)
    assert str(caught.value).startswith(f"{path} is no report of triplets mine: ")
    assert str(caught.value).endswith(f"{end}. Run dvc repro.")
