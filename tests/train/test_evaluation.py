"""`train evaluate` on a tiny project with made-up embeddings: its files, its page and its verdict."""

import contextlib
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from garments import PARAMS, write_project

from core.paths import COLLECTIONS, EMBEDDINGS, EVALUATION, FEATURES, MIXED, SIMILARITY, TABLE, TRIPLETS
from core.tables import Catalog, Triplets, Vectors
from train import systems
from train.cli import main
from train.evaluation import street as protocols
from train.evaluation.evaluate import evaluate
from train.evaluation.numbers import as_metrics
from train.evaluation.sheets import sheets
from train.evaluation.verdict import verdict
from train.params import EvaluateParams
from train.systems import System

HISTORY = "epoch,loss,val_loss,d_positive,d_negative,val_in_class,val_out_of_class,val_wild\n1,0.3,0.4,.5,.6,.7,.8,\n"


HOSTILE = "<img src=x onerror=alert(1)>"


def made(root: Path) -> None:
    """The tiny project after `embed`: the trained network sees colours and categories, the untrained nothing."""
    write_project(root, street=True)
    collections = [root / f"data/curated/{name}/catalog.parquet" for name in ("catalog", "street")]
    photos = Catalog.concat([Catalog.read(path) for path in collections])
    seen = np.array([[pairs["color"] == color for color in ("red", "blue", "green")] for pairs in photos.attributes])
    rng = np.random.default_rng(1)
    trained = np.column_stack([seen, photos.category == "bags"]) + rng.normal(0, 0.5, (len(photos), 4))
    for name, values in (("trained", trained), ("untrained", rng.normal(size=(len(photos), 6)))):
        table = Vectors(photos.image_id, values.astype(np.float32), {"model": "made up"})
        table.write(root / f"data/model/embeddings/{name}.arrow")
    shop = Catalog.read(collections[0])
    changed(
        shop,
        attributes=np.array([{"color": pairs["color"], HOSTILE: "x", "category": "none"} for pairs in shop.attributes]),
    ).write(collections[0])
    fit = root / "data/model/fit"
    fit.mkdir()
    (fit / "history.csv").write_text(HISTORY)
    (fit / "metrics.json").write_text('{"parameters": 1234567}')
    (fit / "model.keras").write_bytes(b"x" * 2_500_000)


def changed(photos: Catalog, **columns: np.ndarray) -> Catalog:
    """The `photos` with other columns."""
    return Catalog(**{name: getattr(photos, name) for name in Catalog.columns()} | columns)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A judged project, and what the command printed."""
    root = tmp_path_factory.mktemp("finished")
    made(root)
    with contextlib.chdir(root):
        result = CliRunner().invoke(main, ["evaluate"])
    assert result.exit_code == 0, result.output
    return root, result.stdout


@pytest.fixture
def judged(finished: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The judged project as the working folder; gives what was printed."""
    monkeypatch.chdir(finished[0])
    return finished[1]


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project to be judged, as the working folder."""
    made(tmp_path)
    monkeypatch.chdir(tmp_path)


def read() -> tuple[list[System], Catalog, Catalog, Triplets]:
    """What an evaluation reads, in the working folder."""
    collections = (Catalog.read(folder / TABLE) for folder in COLLECTIONS)
    return systems.read(FEATURES, SIMILARITY, EMBEDDINGS), *collections, Triplets.read(MIXED / TRIPLETS)


PLAIN = EvaluateParams((1, 5), 3, 4, 0, 0, 1)


class Page(HTMLParser):
    """What a page holds: the ids, the links inside it, the pictures, and what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.alts: list[str] = []
        self.loads: list[str] = []
        self.headings: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag == "a":
            self.links.append(given["href"] or "")
        if tag in ("img", "svg"):
            self.alts.append(given.get("alt") or given.get("aria-label") or "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.loads += [given[name] or "" for name in ("src", "href") if name in given and tag != "a"]


def test_the_page_is_complete_in_one_file(judged):
    text = (EVALUATION / "report.html").read_text()
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert {link for link in page.links if not link.startswith("#")} == set()
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert all(load.startswith("data:") for load in page.loads)
    assert not re.search("https?://", text)
    assert len(page.alts) > 20
    assert all(page.alts)
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert "1,234,567 parameters; its file takes 2.5 MB" in text
    for name in ("mean over the attributes", "category", "mean over category and attributes"):
        assert re.search(f"<h[34]><bdi>{name}</bdi> <span", text)
    assert "The networks see a street photo cut to the box of its product" in text
    for word in ("within_category", "all_categories", "triplets", "30 queries", "nothing to find and are left out"):
        assert word in text


def test_the_verdict_is_said_first_and_in_the_console(judged):
    lines = judged.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + 6 + 2
    said = lines[len(table) :]
    assert said[0] == "" or said[0].startswith(("Reached", "Not reached", "Not certain"))
    starts = [line.split(":")[0] for line in said if line]
    assert "the category and held-out attributes" in [line for line in said if line][1]
    assert starts[2:7] == ["At least as good as the recommender", *(f"Better than {name}" for name in BESIDE)]
    page = (EVALUATION / "report.html").read_text()
    assert f">{next(line for line in said if line)}</h1>" in page


BESIDE = ("untrained", "structure", "pattern", "color")


def test_the_sheets_mark_what_is_shared(judged):
    catalog = read()[1]
    judgement = evaluate(*read(), PLAIN)
    found = sheets(judgement, catalog, 4, 1)
    assert found.measure.endswith("the mean over the attributes")
    assert set(found.queries) == {"best", "worst", "between"}
    rows = {image_id: row for row, image_id in enumerate(catalog.image_id)}
    best, worst = ([query.score for query in found.queries[name]] for name in ("best", "worst"))
    assert best == sorted(best, reverse=True)
    assert worst == sorted(worst)
    assert min(best) > max(worst)
    assert len({catalog.product_id[rows[query.image_id]] for query in found.queries["best"]}) == 4
    for query in (one for queries in found.queries.values() for one in queries):
        own = values_of(catalog, rows[query.image_id])
        by_attribute: dict[str, list[bool]] = {name: [] for name in own}
        for near in query.found["trained"]:
            other = values_of(catalog, rows[near.image_id])
            assert near.shared == [name for name in sorted(own) if other.get(name) == own[name]]
            assert near.hit == ("all" if len(near.shared) == len(own) else "some" if near.shared else "none")
            for name in set(own) & set(other):
                by_attribute[name].append(other[name] == own[name])
        assert query.score == pytest.approx(np.mean([np.mean(hits) for hits in by_attribute.values() if hits]))


def values_of(catalog: Catalog, row: int) -> dict[str, str]:
    """The attributes of a photo, its pattern among them where it has one."""
    pattern = catalog.pattern[row]
    return catalog.attributes[row] | ({"pattern": pattern} if pattern else {})


def test_without_attributes_the_recommender_is_what_queries_are_ranked_by(judged):
    judged_systems, catalog, street, triplets = read()
    none = np.full(len(catalog), None, object)
    bare = changed(catalog, attributes=np.array([{}] * len(catalog), object), pattern=none)
    judgement = evaluate(judged_systems, bare, street, triplets, PLAIN)
    (line,) = verdict(judgement)
    assert line.text == (
        "No verdict: no test photo and its neighbours have an attribute. Name some in curate.ingest.columns.attributes."
    )
    numbers = as_metrics(judgement)
    assert "mean_attributes" not in numbers["systems"]["trained"]
    assert numbers["differences"] == numbers["chance"].get("attributes", {}) == {}
    found = sheets(judgement, bare, 2, 1)
    nearest = {one.system: one.found for one in judgement.evaluations}
    test = np.flatnonzero(bare.split == "test")
    for query in found.queries["best"]:
        place = [bare.image_id[row] for row in test].index(query.image_id)
        shared = set(nearest["trained"][place]) & set(nearest["recommender"][place])
        assert query.score == pytest.approx(len(shared) / 3)
        assert [near.hit == "all" for near in query.found["trained"]] == [
            row in shared for row in nearest["trained"][place]
        ]
        assert all(near.hit == "all" for near in query.found["recommender"])


def test_a_hostile_name_stays_text(judged):
    text = (EVALUATION / "report.html").read_text()
    assert HOSTILE not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_no_test_photo_is_named(before):
    table = COLLECTIONS[0] / TABLE
    photos = Catalog.read(table)
    photos.take(photos.split != "test").write(table)
    message = "Error: no catalog photo is of the split test. Raise curate.split.test or add products."
    assert failed() == message


def test_a_triplet_of_a_lost_photo_is_named(before):
    table = COLLECTIONS[0] / TABLE
    photos = Catalog.read(table)
    lost = np.flatnonzero(photos.split == "test")[0]
    photos.take(np.arange(len(photos)) != lost).write(table)
    message = f"Error: a test triplet names {photos.image_id[lost]}, which is no test photo now. Run dvc repro."
    assert failed() == message


def failed() -> str:
    result = CliRunner().invoke(main, ["evaluate"])
    assert result.exit_code == 1
    assert not EVALUATION.exists()
    return result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("neighbors: 3", "neighbors: 0", "neighbors must be at least 1. Received: 0"),
        ("map: 20", "map: -1", "map must be at least 0. Received: -1"),
        ("resamples: 50", "resamples: -5", "resamples must be at least 0. Received: -5"),
    ],
)
def test_impossible_parameters_of_the_evaluation_are_named(before, old, new, message):
    Path("params.yaml").write_text(PARAMS.replace(old, new))
    assert failed() == f"Error: params.yaml: train.evaluate: {message}"


def test_two_runs_give_the_same_bytes(judged):
    first = {path.name: path.read_bytes() for path in EVALUATION.iterdir()}
    assert CliRunner().invoke(main, ["evaluate"]).stdout == judged
    assert {path.name: path.read_bytes() for path in EVALUATION.iterdir()} == first


def test_a_network_that_says_the_same_of_all_is_judged(judged):
    """Every distance a tie: a half of the triplets, last among the products, no interval that is no number."""
    judged_systems, *tables = read()
    judged_systems[-1] = System.plain("trained", lambda image_ids: np.ones((len(image_ids), 4), np.float32))
    numbers = as_metrics(evaluate(judged_systems, *tables, PLAIN))["systems"]["trained"]
    assert set(numbers["triplet_accuracy"].values()) == {0.5}
    assert set(numbers["ties"].values()) == {1.0}
    assert numbers["street_to_shop"]["within_category"]["hit_rate@5"] == 0


def test_inside_a_category_a_system_has_its_own_distance(judged):
    judged_systems, catalog, street, triplets = read()
    ids = np.concatenate([catalog.image_id, street.image_id])
    rng = np.random.default_rng(8)
    everywhere, within = (
        dict(zip(ids, rng.normal(size=(len(ids), 3)).astype(np.float32), strict=True)) for _ in range(2)
    )
    teacher = System(
        "recommender",
        lambda image_ids: np.array([everywhere[one] for one in image_ids]),
        lambda image_ids, category: np.array([within[one] for one in image_ids]),
    )
    judgement = evaluate([teacher, judged_systems[-1]], catalog, street, triplets, PLAIN)
    numbers = as_metrics(judgement)["systems"]
    right: dict[str, list[bool]] = {}
    for row in np.flatnonzero(triplets.split == "test"):
        space = everywhere if triplets.kind[row] == "out_of_class" else within
        query, near, far = (space[getattr(triplets, f"{part}_id")[row]] for part in ("query", "positive", "negative"))
        right.setdefault(triplets.kind[row], []).append(
            bool(np.linalg.norm(query - near) < np.linalg.norm(query - far))
        )
    shares = {kind: np.mean(found) for kind, found in right.items()}
    assert numbers["recommender"]["triplet_accuracy"] == pytest.approx(shares)
    own, trained = (one.found.tolist() for one in judgement.evaluations)
    shared = [len(set(one) & set(other)) / 3 for one, other in zip(own, trained, strict=True)]
    assert numbers["trained"]["overlap"] == pytest.approx(np.mean(shared))
    assert 0 < np.mean(shared) < 1
    ranked = protocols.within_category(street, lambda rows: np.array([within[one] for one in street.image_id[rows]]))
    hits = ranked.rank[ranked.rank > 0] == 1
    assert numbers["recommender"]["street_to_shop"]["within_category"]["hit_rate@1"] == pytest.approx(hits.mean())
    ranked = protocols.all_categories(street, lambda rows: teacher.vectors(street.image_id[rows]))
    mean = np.mean(1 / ranked.rank[ranked.rank > 0])
    assert numbers["recommender"]["street_to_shop"]["all_categories"]["map"] == pytest.approx(mean)
