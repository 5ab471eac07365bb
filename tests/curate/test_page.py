"""The report page: its numbers are those of the tables, nothing on it reaches out, and no text breaks it."""

import hashlib
import re
from collections import Counter, defaultdict
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from core.atomic import write_json
from core.errors import TableError
from core.images import encode, write_store
from core.page import seen, share
from core.params import load
from core.photo_params import PhotoParams
from core.tables import NO_SPLIT, SPLITS, Catalog, Measures, Rejected, StreetPairs
from curate import quality
from curate.checks import Reason
from curate.fingerprints import fingerprint
from curate.page.input import Collection, Leak, Leaks, Settings
from curate.page.page import page, write
from curate.page.quality import KINDS, histograms
from curate.page.rejections import ADVICE
from curate.params import (
    DuplicateParams,
    FetchParams,
    IngestParams,
    PseudoWildParams,
    QualityParams,
    SplitParams,
    StreetParams,
)

SAMPLE = Path(__file__).parents[2] / "params.yaml"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></svg><h1>owned</h1>",
    "{{ 7 * 7 }}{% raw %}",
    "https://evil.example/track.png",
    "&lt;b&gt;&amp;amp;",
    "أحمر/صورة.jpg",
    "👗👩‍👩‍👧",
    "Z" * 150,
]
KNOWN_TAGS = {
    *("html", "head", "meta", "link", "title", "style", "body", "header", "main", "section", "nav", "div", "article"),
    *("h1", "h2", "h3", "h4", "p", "a", "ul", "li", "strong", "span", "bdi", "code", "br", "wbr", "i", "img"),
    *("table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "svg", "rect", "line"),
}
NOTHING = Leaks([], 0, 0)


@pytest.fixture(scope="module")
def settings():
    classes = {
        "ingest": IngestParams,
        "street": StreetParams,
        "photos": PhotoParams,
        "fetch": FetchParams,
        "quality": QualityParams,
        "duplicates": DuplicateParams,
        "pseudo_wild": PseudoWildParams,
        "split": SplitParams,
    }
    read = {name: load(SAMPLE, f"curate.{name}", of) for name, of in classes.items()}
    # The planted measures are made for these.
    limits = QualityParams(dark=0.25, blurry=3.0, low_information=3.5, odd_aspect=0.3)
    return Settings(**read | {"quality": limits})


class Page(HTMLParser):
    """What the tests ask of a page: tags, headings, images, links and, per section, its text and tables."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.headings, self.sections = [], [], defaultdict(str)
        self.tables = defaultdict(list)
        self._section, self._heading, self._row, self._cell, self._in_style = "", None, None, None, False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self._in_style = tag in ("style", "title")
        if tag == "br":
            self.handle_data(" ")
        if tag == "section":
            self._section = attrs["id"]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])
            self._heading = self.headings[-1]
        if tag == "tr":
            self._row = []
        if tag in ("td", "th"):
            self._cell = ""

    def handle_endtag(self, tag):
        if re.fullmatch("h[1-6]", tag):
            self._heading = None
        if tag in ("td", "th"):
            self._row.append(" ".join(self._cell.split()))
            self._cell = None
        if tag == "tr":
            self.tables[self._section].append(self._row)
        self._in_style = False

    def handle_data(self, data):
        if self._in_style:
            return
        self.sections[self._section] += data
        if self._heading is not None:
            self._heading[1] += data
        if self._cell is not None:
            self._cell += data

    def of(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    def text(self, section):
        return " ".join(self.sections[section].split())


def number(text):
    return int(text.replace(",", ""))


def photo(seed):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (6, 5, 3), np.uint8)
    return np.kron(small, np.ones((12, 12, 1), np.uint8)) // 2 + rng.integers(0, 100, (72, 60, 3), np.uint8)


def entry(settings, name, pixels, *, content=None, frames=1, **other):
    """One accepted photo, measured as ingest measures it."""
    height, width = pixels.shape[:2]
    measured = quality.measure(pixels, width, height)
    marks = fingerprint(pixels)
    content = content or hashlib.sha256(pixels.tobytes()).hexdigest()
    given = {
        "image_id": name,
        "product_id": f"of {name}",
        "domain": "catalog",
        "gender": "women",
        "category": "tops",
        "partition": "women/tops",
        "pattern": None,
        "split": "train",
        "duplicate_group": content,
        "content_hash": content,
        "width": width,
        "height": height,
        "path": f"photos/{name}",
        "attributes": {},
        "frames": frames,
        "perceptual_hash": marks.perceptual_hash,
        "colors": marks.colors,
        "flags": list(quality.flags(measured, frames, settings.quality)),
        "pixels": pixels,
    }
    return given | {name: getattr(measured, name) for name in ("brightness", "sharpness", "entropy", "aspect")} | other


def fault(row, reason, path="photos/gone.jpg", detail="no such file"):
    return {"source": "table.csv", "row": row, "photo": 1, "path": path, "reason": str(reason), "detail": detail}


def collection(folder, entries, faults=(), pairs=None, original=lambda path: None):
    """Write the files of a collection, and read them."""
    ordered = sorted(entries, key=lambda one: (one["partition"], one["image_id"]))
    Catalog.from_rows(ordered).write(folder / "catalog.parquet")
    Measures.from_rows(ordered).write(folder / "measures.parquet")
    Rejected.from_rows(faults).write(folder / "rejected.parquet")
    write_store(folder / "images.arrow", ((one["image_id"], encode(one["pixels"], 95)) for one in ordered))
    write_json(folder / "report.json", {"rows": len(ordered) + len(faults)})
    if pairs is not None:
        StreetPairs.from_rows(pairs).write(folder / "street_pairs.parquet")
    return Collection.read(folder, original)


def pair(name, pseudo=False):
    box = dict.fromkeys(("left", "top", "width", "height"))
    return {"image_id": name, "product_id": "p", "category": "tops", "split": "train", "pseudo": pseudo} | box


@pytest.fixture
def shop(tmp_path, settings):
    """A catalog with planted copies, flags, hostile names and rejections, and a street collection."""
    entries = []
    for at in range(40):
        pixels = photo(at)
        if at < len(HOSTILE):
            pixels = pixels // (6 + at)  # dark, so that the name is shown
        kind = ("tops", "shoes", "<b>bags</b>")[at % 3 if at < 9 else 0]
        one = {"category": kind, "partition": f"women/{kind}", "split": (*SPLITS, "train", NO_SPLIT)[at % 5]}
        name = HOSTILE[at] if at < len(HOSTILE) else f"p{at:02d}.png"
        entries.append(entry(settings, name, pixels, **one))
    for at in range(10, 15):  # a group per photo, of growing size: exact where even, near where odd
        first = entries[at]
        for copy in range(at - 9):
            pixels = first["pixels"] if at % 2 == 0 else first["pixels"] - first["pixels"] // (9 - copy)
            content = first["content_hash"] if at % 2 == 0 else f"{at}{copy}".rjust(64, "f")
            product = first["product_id"] if at < 13 else f"other {copy}"
            group = {"duplicate_group": first["content_hash"], "product_id": product}
            keep = {name: first[name] for name in ("split", "partition", "category")}
            entries.append(entry(settings, f"copy{copy}-{at}.png", pixels, content=content, **group, **keep))
    entries += [entry(settings, f"{frames}.gif", photo(80 + frames), frames=frames) for frames in (3, 7, 5)]
    entries.append(entry(settings, "strip.png", photo(91)[:10]))
    faults = [fault(row, Reason.MISSING_FILE) for row in range(50, 70)]
    faults += [fault(row, Reason.EXCLUDED, f"out{row}.png", "kind is Skip") for row in range(70, 73)]
    faults += [fault(80 + at, Reason.DUPLICATE_KEY, name, f"row 1 has {name} too") for at, name in enumerate(HOSTILE)]
    catalog = collection(tmp_path / "catalog", entries, faults, original=lambda path: photo(len(path)))
    worn = [entry(settings, f"street{at}", photo(200 + at), domain="street", split="test") for at in range(3)]
    street = collection(tmp_path / "street", worn, [fault(1, Reason.BAD_BOX)], [pair("street0"), pair("street1", True)])
    return [catalog, street]


@pytest.fixture
def html(shop, settings):
    return page(shop, Leaks([], 12, 345), settings)


def test_the_counts_are_those_of_the_tables(shop, html):
    rows = {row[0]: row[1:] for row in Page(html).tables["counts"]}
    table = shop[0].table
    assert rows[""] == ["catalog", "street"]
    assert rows["photos read"] == [str(len(table) + 32), "4"]
    assert rows["accepted photos"] == [str(len(table)), "3"]
    assert rows["rejected"] == ["32", "1"]
    assert rows["products"] == [str(len(set(table.product_id))), "3"]
    assert rows["partitions"] == ["3", "1"]
    assert rows["copies beyond the first of a group"] == ["15", "0"]
    assert rows["flagged photos"] == [str(sum(bool(len(flags)) for flags in shop[0].measures.flags)), "0"]
    assert rows["street photos"] == ["0", "3"]
    assert rows["street photos made from catalog photos"] == ["–", "1"]
    assert rows["pairs of street photo and product"] == ["–", "2"]


def test_every_reason_is_counted_with_its_advice_and_at_most_twelve_examples(html):
    read = Page(html)
    rows = {row[0]: row[1:] for row in read.tables["rejections"][1:]}
    assert {reason: number(row[0]) for reason, row in rows.items()} == {
        "missing_file": 20,
        "excluded": 3,
        "duplicate_key": 9,
        "bad_box": 1,
    }
    assert list(rows) == ["missing_file", "duplicate_key", "excluded", "bad_box"]
    assert rows["missing_file"][2] == ADVICE[Reason.MISSING_FILE].mend
    text = read.text("rejections")
    assert [row for row in range(50, 70) if f"row {row} of table.csv" in text] == list(range(50, 62))
    assert "The first 12:" in text


def test_every_reason_has_advice_and_every_parameter_in_it_exists():
    assert set(ADVICE) == set(Reason)
    params = YAML(typ="safe").load(SAMPLE.read_text())
    named = [name for advice in ADVICE.values() for name in re.findall(r"curate(?:\.\w+)+", advice.mend)]
    assert len(named) > 10
    for name in named:
        value = params
        for key in name.split("."):
            value = value[key]


def test_only_photos_that_can_be_there_are_asked_for(tmp_path, settings):
    asked = []
    faults = [fault(row, reason, f"{reason}.jpg") for row, reason in enumerate(Reason)]
    faults.append(fault(99, Reason.TOO_SMALL, None))
    read = Page(page([collection(tmp_path / "catalog", [], faults, original=asked.append)], NOTHING, settings))
    assert set(asked) == {f"{reason}.jpg" for reason in Reason if ADVICE[reason].photo}
    assert "outside_root.jpg" not in asked
    # None of them could be shown, and each place says why.
    labels = [attrs["aria-label"] for attrs in read.of("span") if attrs.get("role") == "img"]
    assert len(labels) == len(faults)
    assert labels.count("Rejected photo truncated.jpg: truncated") == 1
    assert "no path" in read.text("rejections")
    assert read.of("img") == []


def test_flags_are_counted_and_the_worst_come_first(shop, html, settings):
    read = Page(html)
    flagged = Counter(flag for one in shop for flags in one.measures.flags for flag in flags)
    rows = {row[0]: row[1:] for row in read.tables["flags"][1:]}
    assert {name: number(row[0]) for name, row in rows.items()} == {name: flagged[name] for name in KINDS}
    assert flagged["dark"] >= len(HOSTILE)
    assert (flagged["animated"], flagged["odd_aspect"]) == (3, 1)
    assert rows["dark"][3] == "curate.quality.dark, 0.25"
    shown = [float(score) for score in re.findall(r"brightness (0\.\d+)", read.text("flags"))]
    dark = [value for value in shop[0].measures.brightness.tolist() if value < settings.quality.dark]
    assert shown == [float(f"{value:.3g}") for value in sorted(dark)[:12]]
    assert re.findall(r"(\d) frames", read.text("flags")) == ["7", "5", "3"]


def test_the_flags_are_those_of_curate_quality(settings):
    worst = quality.Quality(0.0, 0.0, 0.0, 0.0, 0.0)
    assert tuple(KINDS) == quality.flags(worst, 2, settings.quality)


def test_groups_are_those_of_the_tables_with_their_distances(shop, html):
    table, measures = shop[0].table, shop[0].measures
    members = defaultdict(list)
    for row, label in enumerate(table.duplicate_group):
        members[label].append(row)
    groups = {label: rows for label, rows in members.items() if len(rows) > 1}
    exact = [label for label, rows in groups.items() if len(set(table.content_hash[rows])) == 1]
    several = [label for label, rows in groups.items() if len(set(table.product_id[rows])) > 1]
    text = Page(html).text("duplicates")
    assert (len(groups), len(exact), len(several)) == (5, 3, 2)
    assert "5 groups hold 20 photos: 3 exact, the bytes being equal, and 2 near" in text
    assert "2 groups of copies across several products." in text
    shown = re.findall(r"(\d+) photos of (one|\d+) products?", text)
    assert shown == [("6", "6"), ("5", "5"), ("4", "one"), ("3", "one"), ("2", "one")]
    for label in set(groups) - set(exact):
        centre = next(row for row in groups[label] if table.content_hash[row] == label)
        bits, delta_e = zip(*(naive_distances(measures, row, centre) for row in groups[label]), strict=True)
        plural = "bit" if max(bits) == 1 else "bits"
        assert max(delta_e) > 5
        said = f"Near: up to {max(bits)} {plural} and ΔE {max(delta_e):.1f} from the centre. Group {label[:12]}"
        assert said in text


def naive_distances(measures, row, centre):
    bits = bin(int(measures.perceptual_hash[row]) ^ int(measures.perceptual_hash[centre])).count("1")
    far = 0.0
    one, other = (list(measures.colors[at]) for at in (row, centre))
    for cell in range(0, 192, 3):
        lightness, a, b = (one[cell + channel] - other[cell + channel] for channel in range(3))
        far = max(far, ((lightness / 2.55) ** 2 + a**2 + b**2) ** 0.5)
    return bits, far


def test_beside_the_largest_groups_stand_the_most_doubtful(tmp_path, settings):
    entries = []
    for at in range(40):
        # Thirteen groups of three exact copies; all others are pairs, the later the more different.
        first = photo(at)
        later = first if at < 13 else np.clip(first.astype(int) + at, 0, 255).astype(np.uint8)
        for copy in range(3 if at < 13 else 2):
            content = f"{at:04d}{copy if at >= 13 else 0}".rjust(64, "0")
            group = f"{at:04d}0".rjust(64, "0")
            pixels = later if copy else first
            entries.append(entry(settings, f"{at}-{copy}", pixels, content=content, duplicate_group=group))
    read = Page(page([collection(tmp_path / "catalog", entries)], NOTHING, settings))
    text = read.text("duplicates")
    largest, doubtful = text.split("The most doubtful of the others")
    assert re.findall(r"(\d) photos of", largest) == ["3"] * 12
    assert re.findall(r"(\d) photos of", doubtful) == ["2"] * 12
    far = [float(value) for value in re.findall(r"up to \d+ bits? and ΔE ([\d.]+)", doubtful)]
    # The hash does not see the light, so the colour decides.
    assert far == sorted(far, reverse=True)
    assert far[0] > settings.duplicates.color_distance


def test_partitions_and_what_is_too_little(shop, html):
    rows = Page(html).tables["partitions"][1:]
    found = {}
    for one in shop:
        for name in set(one.table.partition):
            there = one.table.take(one.table.partition == name)
            splits = [int((there.split == split).sum()) for split in (*SPLITS, NO_SPLIT)]
            found[name, one.name] = [len(there), len(set(there.product_id)), *splits]
    assert len(rows) == len(found) == 4
    for name, _, *numbers in rows:
        of = next(key for key in found if name.startswith(f"{key[0]} {key[1]}"))
        assert [number(value) for value in numbers] == found[of]
        photos, products, _, val, test, _ = found[of]
        assert photos > 0
        assert ("fewer than 10 products" in name) == (products < 10)
        empty = [split for split, count in (("val", val), ("test", test)) if not count]
        assert (f"no {' or '.join(empty)} photos" in name) == bool(empty)
    assert rows[-1][0] == "women/tops street no val photos, fewer than 10 products"


def test_splits_asked_and_reached(shop, html):
    rows = [row for row in Page(html).tables["splits"] if row[0] != "split"]
    table = shop[0].table
    for row, name, asked in zip(rows, (*SPLITS, NO_SPLIT), ("65.0 %", "15.0 %", "20.0 %", "–"), strict=False):
        there = table.split == name
        reached = f"{100 * there.sum() / len(table):.1f} %"
        assert row == [name, str(there.sum()), str(len(set(table.product_id[there]))), asked, reached]
    assert rows[4:] == [
        ["train", "0", "0", "65.0 %", "0.0 %"],
        ["val", "0", "0", "15.0 %", "0.0 %"],
        ["test", "3", "3", "20.0 %", "100.0 %"],
    ]


def test_no_leak_says_what_was_compared(html):
    assert Page(html).text("leaks") == (
        "Leaks None at a hash distance of at most 6 bits and a colour distance of at most ΔE 7."
        " Every test photo compared with every train photo: 12 × 345 = 4,140 comparisons."
    )


def test_leaks_are_said_first_in_red_and_shown_the_closest_first(shop, settings):
    pairs = [Leak("p17.png", f"p{at}.png", at - 17, 1.25) for at in range(37, 17, -1)]
    read = Page(page(shop, Leaks(pairs, 12, 345), settings))
    assert read.headings[0][1].startswith("Not well: ")
    assert "1 test photo has a copy in train." in read.text("")
    assert read.of("div")[0]["class"] == "lines bad"
    assert "20 pairs of a test photo and its copy in train." in read.text("leaks")
    rows = read.tables["leaks"][1:]
    assert rows == [["p17.png", f"p{at}.png", str(at - 17), "1.2"] for at in range(18, 30)]
    assert sum(attrs["alt"] in ("Photo p17.png", "Photo p18.png") for attrs in read.of("img")) >= 13


def test_histograms_have_every_photo_once_and_the_limit(shop, html, settings):
    svgs = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(svgs) == 6
    assert Page(svgs[0]).of("svg")[0]["aria-label"].startswith("Histogram of brightness: from ")
    values = shop[0].measures.brightness
    counts = [0] * 40
    for value in values.tolist():
        counts[min(int(value * 40), 39)] += 1
    wanted = {at * 2.5: count * 100 / max(counts) for at, count in enumerate(counts) if count}
    bars = {float(bar["x"]): float(bar["height"]) for bar in Page(svgs[0]).of("rect")}
    assert bars == pytest.approx(wanted, abs=0.01)
    assert {float(line["x1"]) for line in Page(svgs[0]).of("line")} == {100 * settings.quality.dark}


def test_bars_below_the_limit_are_of_another_colour(tmp_path, settings):
    values = [0.05, 0.249, 0.251, 0.905, 0.91]
    entries = [entry(settings, f"p{at}", photo(at), brightness=value) for at, value in enumerate(values)]
    brightness, sharpness, _ = histograms(collection(tmp_path / "catalog", entries), settings.quality)
    assert [(bar.left, bar.height, bar.flagged) for bar in brightness.bars] == [
        (5.0, 50.0, True),
        (22.5, 50.0, True),
        (25.0, 50.0, False),
        (90.0, 100.0, False),
    ]
    assert (brightness.least, brightness.median, brightness.most) == pytest.approx((0.05, 0.251, 0.91))
    # No value of noise is near the limit, so the scale ends where the values do.
    assert sharpness.upper >= sharpness.median > settings.quality.blurry


def test_parameters_are_shown_as_they_are_written(html):
    rows = dict(Page(html).tables["parameters"][1:])
    assert rows["curate.photos.min_side"] == "32"
    assert rows["curate.ingest.columns.path"] == '"{image}"'
    assert rows["curate.ingest.columns.attributes"] == '["color", "pattern", "silhouette"]'
    assert rows["curate.ingest.rename"] == "{}"
    assert rows["curate.duplicates.hash_distance"] == "6"


def test_hostile_text_is_shown_as_text_and_makes_no_tag(shop, html):
    read = Page(html)
    assert {tag for tag, _ in read.tags} <= KNOWN_TAGS
    assert not [name for _, attrs in read.tags for name in attrs if name.startswith("on")]
    for text in HOSTILE:
        assert " ".join(f"{text} row 1 has {text} too".split()) in read.text("rejections")
        assert f"photos/{text}" in read.text("flags")
        assert f"Rejected photo {text}" in [attrs["alt"] for attrs in read.of("img")]
    assert any(row[0].startswith("women/<b>bags</b>") for row in read.tables["partitions"])


def test_text_that_cannot_be_seen_is_replaced_and_long_text_loses_its_middle():
    assert seen("photo\u202egpj.exe\x00\r\n\u2066") == "photo�gpj.exe����"
    assert seen("👩‍👩‍👧 é") == "👩‍👩‍👧 é"
    assert seen("a" * 200) == "a" * 200
    assert seen("a" * 1_000_000 + "end.jpg") == "a" * 140 + " … " + "a" * 53 + "end.jpg"


def test_nothing_on_the_page_reaches_out(html):
    read = Page(html)
    links = [value for _, attrs in read.tags for name, value in attrs.items() if name in ("src", "href")]
    assert {link[:5] if link.startswith("data:") else link[0] for link in links} == {"data:", "#"}
    assert read.of("script") == []
    style = re.search("<style>(.*?)</style>", html, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    # Should all else fail, the browser refuses.
    assert read.of("meta")[1]["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_links_lead_somewhere(html):
    read = Page(html)
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"][1:] for attrs in read.of("a")} <= set(ids)


def test_headings_are_in_order_and_every_photo_is_told(html):
    read = Page(html)
    levels = [level for level, _ in read.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(text.strip() for _, text in read.headings)
    assert len(read.of("img")) > 40
    for attrs in read.of("img"):
        assert attrs["alt"].strip()
        assert max(int(attrs["width"]), int(attrs["height"])) <= 96


def test_first_lines(tmp_path, shop, settings):
    good = [entry(settings, f"g{at}", photo(at), split=SPLITS[at % 3]) for at in range(30)]
    worn = [entry(settings, f"s{at}", photo(99 + at), domain="street", split=SPLITS[at % 3]) for at in range(30)]
    well = collection(tmp_path / "good", good)
    street = collection(tmp_path / "worn", worn, pairs=[pair("s0")])
    made = collection(tmp_path / "made", worn, pairs=[pair("s0", True)])
    some = Leaks([], 20, 20)

    def lines(*collections, leaks=some):
        read = Page(page(collections, leaks, settings))
        return [line.strip() for line in read.sections[""].split("Counts")[0].splitlines() if line.strip()]

    assert lines(well, street) == [
        "All is well: 60 photos read, 60 accepted (100.0 %), 0 rejected (0.0 %).",
        "No test photo has a copy in train.",
    ]
    assert lines(well) == [
        "No street photos: the share of wild triplets is zero.",
        "All is well: 30 photos read, 30 accepted (100.0 %), 0 rejected (0.0 %).",
        "No test photo has a copy in train.",
    ]
    assert lines(well, made)[1] == "No person took a street photo: all are made from catalog photos."
    assert lines(well, street, leaks=NOTHING)[1] == "No test photo was compared with train: one of the two is empty."
    photos = sum(len(one.table) for one in shop)
    flags = sum(len(flags) for one in shop for flags in one.measures.flags)
    assert lines(*shop) == [
        f"Worth a look: {photos + 33} photos read, {photos} accepted ({100 * photos / (photos + 33):.1f} %),"
        f" 33 rejected ({3300 / (photos + 33):.1f} %).",
        "No test photo has a copy in train.",
        "30 photos rejected that no parameter excludes.",
        f"{flags} flags on photos that were kept.",
        "2 groups of copies across several products.",
        "3 partitions with few products, or without val or test photos.",
    ]


def test_a_share_that_is_not_zero_never_reads_zero():
    assert [share(1, 3), share(0, 0), share(1, 100_000)] == ["33.3 %", "0.0 %", "< 0.1 %"]


def test_empty_collections(tmp_path, settings):
    empty = [collection(tmp_path / "catalog", []), collection(tmp_path / "street", [], pairs=[])]
    read = Page(page(empty, NOTHING, settings))
    assert read.headings[0][1] == "No street photos: the share of wild triplets is zero."
    assert "Not well: 0 photos read, 0 accepted (0.0 %), 0 rejected (0.0 %)." in read.text("")
    assert read.text("rejections") == "Rejections None."
    assert read.text("duplicates") == "Duplicates None: no photo stands twice."
    assert read.text("partitions") == "Partitions None: no photo was accepted."
    assert read.text("quality") == "Quality catalog No photos. street No photos."
    assert read.of("img") == []


def test_lost_photos_leave_their_places(tmp_path, settings):
    dark = [entry(settings, name, photo(1) // 9) for name in ("one", "two")]
    collection(tmp_path / "catalog", dark)
    (tmp_path / "catalog/images.arrow").unlink()
    read = Page(page([Collection.read(tmp_path / "catalog", lambda path: None)], NOTHING, settings))
    assert read.of("img") == []
    assert read.text("flags").count("not in the store") == 2


def test_measures_of_other_photos_are_refused(tmp_path, settings):
    folder = tmp_path / "catalog"
    collection(folder, [entry(settings, "one", photo(1))])
    Measures.from_rows([entry(settings, "two", photo(1))]).write(folder / "measures.parquet")
    with pytest.raises(TableError) as caught:
        Collection.read(folder, lambda path: None)
    assert str(caught.value) == f"{folder}/measures.parquet and catalog.parquet hold other photos. Run dvc repro."


def test_the_same_input_gives_the_same_bytes(tmp_path, shop, html, settings):
    assert page(shop, Leaks([], 12, 345), settings) == html
    write(tmp_path / "report/index.html", shop, Leaks([], 12, 345), settings)
    assert (tmp_path / "report/index.html").read_bytes() == html.encode()
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["index.html"]
    assert str(tmp_path) not in html


def test_the_page_stays_small_however_much_is_wrong(tmp_path, settings):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    bad = {"flags": list(KINDS), "frames": 3}
    entries = [
        entry(
            settings,
            f"{at}{'x' * 2000}",
            noise,
            content=f"{at:064d}",
            duplicate_group=f"{at % 30:064d}",
            partition=f"w/{at}",
            **bad,
        )
        for at in range(600)
    ]
    faults = [fault(row, list(Reason)[row % len(Reason)], detail="y" * 9999) for row in range(2000)]
    catalog = collection(tmp_path / "catalog", entries, faults, original=lambda path: noise)
    leaks = Leaks([Leak(entries[0]["image_id"], one["image_id"], 1, 1.0) for one in entries[1:]], 1, 599)
    html = page([catalog], leaks, settings)
    read = Page(html)
    assert 250 < len(read.of("img")) <= 300
    assert len(html) < 300 * 14_000 + 500_000
    # Two photos at least of every group, and a line for the partitions that are left out.
    strips = re.findall(r'<ul class="strip">(.*?)</ul>', html, re.DOTALL)
    assert [len(Page(strip).of("img")) for strip in strips] == [8] * 8 + [2] * 16
    assert "400 partitions more, not shown." in read.text("partitions")
