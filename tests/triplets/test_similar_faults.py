"""`triplets similar` when something fails: the rest is found, nothing is lost, and the next run makes it good."""

import json
import multiprocessing
import os
import signal
import time
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_project import random_vectors, row, write_params, write_project, write_vectors

from core.atomic import alone
from core.engines import LOCAL
from core.errors import InputError
from core.paths import CATALOG, FEATURES, SEAL, SEEN, SIMILAR, SIMILAR_LOCK, TABLE
from core.similarity import Similarity
from core.tables import DESCRIPTORS, Catalog, Seen, Similar, Vectors
from triplets.products import candidates, daily, seen, similar
from triplets.products.families import families
from triplets.products.photos import Photos
from triplets.products.similar import Search, similar_in

FITTED = Similarity(dict.fromkeys(DESCRIPTORS, 1 / 3), dict.fromkeys(DESCRIPTORS, 1.0))


@pytest.fixture
def recommended(project, call):
    assert call("recommend").exit_code == 0
    return project


def written() -> list[bytes]:
    return [path.read_bytes() for path in (SIMILAR, SEEN, SEAL)]


def without(*products: str) -> None:
    """The catalog less some products."""
    catalog = Catalog.read(CATALOG / TABLE)
    catalog.take(~np.isin(catalog.product_id, products)).write(CATALOG / TABLE)


def lose(image_id: str) -> None:
    """The photo's colours have no vector."""
    color = Vectors.read(FEATURES / "color.arrow")
    kept = color.image_id != image_id
    Vectors(color.image_id[kept], color.values[kept], {}).write(FEATURES / "color.arrow")


def damage(image_id: str) -> None:
    """The photo's colours are no histogram."""
    color = Vectors.read(FEATURES / "color.arrow")
    values = color.values.copy()
    values[color.image_id == image_id] = -1
    Vectors(color.image_id, values, {}).write(FEATURES / "color.arrow")


FAULTS = {lose: "has no vector for the image c030-1.", damage: "has values below 0, so it is no histogram."}


def failed(result, fault) -> None:
    assert result.exit_code == 1
    told = FAULTS[fault].replace("has", "the vector of c030-1 has", 1) if fault is damage else FAULTS[fault]
    assert result.stderr.splitlines()[-1] == (
        f"Error: 1 failed, the others are done. women/dresses: {FEATURES / 'color.arrow'}"
        f"{':' if fault is damage else ''} {told} Run dvc repro."
    )


def in_dresses(table: pa.Table) -> list[dict]:
    return [one for one in table.to_pylist() if one["partition"] == "women/dresses"]


def elsewhere(table: pa.Table) -> list[dict]:
    return [one for one in table.to_pylist() if one["partition"] != "women/dresses"]


@pytest.mark.parametrize(("fault", "ways"), [(lose, ["--incremental"]), (damage, ["--incremental"]), (damage, [])])
def test_a_partition_that_fails_keeps_its_lists_and_is_tried_again(recommended, call, fault, ways):
    """Dresses lose a product and one of their vectors; skirts gain one."""
    whole, color = Catalog.read(CATALOG / TABLE), (FEATURES / "color.arrow").read_bytes()
    without("p001")
    assert call("similar").exit_code == 0
    lists, saw = pq.read_table(SIMILAR), pq.read_table(SEEN)
    whole.take(whole.product_id != "p003").write(CATALOG / TABLE)
    call("similar", "--output", "sound.parquet")
    fault("c030-1")
    failed(call("similar", *ways), fault)
    assert in_dresses(pq.read_table(SIMILAR)) == in_dresses(lists)
    assert in_dresses(pq.read_table(SEEN)) == in_dresses(saw)
    assert elsewhere(pq.read_table(SIMILAR)) == elsewhere(pq.read_table("sound.parquet"))
    assert any(one["similar_id"] == "p001" for one in elsewhere(pq.read_table(SIMILAR)))
    failed(call("similar", "--incremental"), fault)  # as long as nobody repairs it
    (FEATURES / "color.arrow").write_bytes(color)
    assert call("similar", "--incremental").exit_code == 0
    updated = written()
    assert call("similar").exit_code == 0
    assert written() == updated


def test_what_fails_in_the_first_run_is_left_out_and_made_good(recommended, call):
    color = (FEATURES / "color.arrow").read_bytes()
    lose("c030-1")
    failed(call("similar"), lose)
    found = pq.read_table(SIMILAR)
    assert set(found["partition"].to_pylist()) == {"women/skirts", "women/tops"}
    assert set(pq.read_table(SEEN)["partition"].to_pylist()) == {"women/skirts", "women/tops"}
    failed(call("similar", "--output", "s.csv"), lose)
    (FEATURES / "color.arrow").write_bytes(color)
    done = call("similar", "--incremental")
    assert "20 products are new, 0 changed, 0 removed; 0 others were asked anew. 1 of 3" in done.stdout
    updated = written()
    assert call("similar").exit_code == 0
    assert written() == updated


def test_lists_that_were_made_otherwise_are_kept_but_not_taken_for_todays(recommended, call):
    assert call("similar").exit_code == 0
    color, lists = (FEATURES / "color.arrow").read_bytes(), pq.read_table(SIMILAR)
    write_params(recommended, similar={"products": 4})
    lose("c030-1")
    failed(call("similar", "--incremental"), lose)
    assert in_dresses(pq.read_table(SIMILAR)) == in_dresses(lists)
    assert max(one["rank"] for one in elsewhere(pq.read_table(SIMILAR))) == 4
    assert in_dresses(pq.read_table(SEEN)) == []
    (FEATURES / "color.arrow").write_bytes(color)
    assert "20 products are new" in call("similar", "--incremental").stdout
    updated = written()
    assert call("similar").exit_code == 0
    assert written() == updated


def test_all_partitions_that_fail_are_named(recommended, call):
    catalog = Catalog.read(CATALOG / TABLE)
    for name in ("dresses", "tops"):
        damage(catalog.image_id[catalog.category == name][0])
    told = call("similar").stderr.splitlines()[-1]
    assert told.startswith("Error: 2 failed, the others are done. women/dresses: ")
    assert told.count(" women/") == 2
    before = written()
    damage(catalog.image_id[catalog.category == "skirts"][0])
    result = call("similar")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        f"Error: {FEATURES / 'color.arrow'}: the vector of c000-0 has values below 0, so it is no histogram."
        " Run dvc repro."
    )
    assert written() == before


def hold(held) -> None:
    with alone(SIMILAR_LOCK, "triplets similar"):
        held.set()
        time.sleep(60)


def test_two_runs_at_once_are_one_and_a_line(recommended, call):
    assert call("similar").exit_code == 0
    before = written()
    fork = multiprocessing.get_context("fork")
    held = fork.Event()
    other = fork.Process(target=hold, args=(held,))
    other.start()
    assert held.wait(20)
    result = call("similar", "--incremental")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "Error: another triplets similar runs in this folder. Wait for its end, or stop it."
    )
    assert call("similar", "--output", "s.csv").exit_code == 0  # nobody's files
    os.kill(other.pid, signal.SIGKILL)
    other.join()
    assert call("similar", "--incremental").exit_code == 0
    assert written() == before


def reseal() -> None:
    """As if the last run had left the files as they are now."""
    sealed = json.loads(SEAL.read_text())
    SEAL.write_text(json.dumps(sealed | {path.name: sha256(path.read_bytes()).hexdigest() for path in (SIMILAR, SEEN)}))


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (SIMILAR, lambda table: table.drop_columns(["image_id"])),
        (SEEN, lambda table: table.set_column(1, "product_id", table["product_id"].cast(pa.large_string()))),
    ],
    ids=["lacking", "another type"],
)
def test_files_of_another_version_are_told_and_made_anew(recommended, call, path, change):
    assert call("similar").exit_code == 0
    before = written()
    pq.write_table(change(pq.read_table(path)), path)
    reseal()
    done = call("similar", "--incremental")
    assert done.stdout.splitlines()[0] == f"All lists are found anew: {path} is not of this version."
    assert written() == before


def test_a_catalog_with_other_columns_is_one_line(recommended, call):
    assert call("similar").exit_code == 0
    before = written()
    table = pq.read_table(CATALOG / TABLE)
    pq.write_table(table.rename_columns(["photo", *table.column_names[1:]]), CATALOG / TABLE)
    result = call("similar", "--incremental")
    assert result.exit_code == 1
    told = result.stderr.splitlines()[-1]
    assert told.startswith(f"Error: {CATALOG / TABLE} is no Catalog table of this version; it has photo string, ")
    assert written() == before


def test_a_giant_partition_is_many_tasks_and_the_same_bytes(recommended, call, monkeypatch):
    without("p004", "p033")
    assert call("similar").exit_code == 0
    yesterday = written()
    assert [len(similar.shares(task)) for task in tasks()] == [1, 1, 1]
    monkeypatch.setattr(similar, "_PART", 200)
    monkeypatch.setattr(similar, "_SMALL", 0)
    assert all(len(similar.shares(task)) > 2 for task in tasks())
    assert call("similar", "--workers", "2").exit_code == 0
    assert written() == yesterday
    without("p034")
    assert call("similar", "--workers", "1", "--incremental").exit_code == 0
    updated = written()
    monkeypatch.undo()
    os.chdir(recommended)
    assert call("similar").exit_code == 0
    assert written() == updated


def tasks():
    search = search_of(Catalog.read(CATALOG / TABLE), 10)
    return search.tasks(np.ones(len(search.places), np.bool_), np.zeros(len(search.places), np.float32))


def search_of(catalog: Catalog, k: int) -> Search:
    photos = Photos.of(catalog)
    return Search.of(photos, families(photos, None), FEATURES, FITTED, k, LOCAL)


def short_of_memory(task):
    """A worker that is too small for the first products."""
    if 0 in task.asked:
        raise MemoryError
    return similar_in(task)


def test_a_partition_of_which_a_part_fails_has_failed(recommended, call, monkeypatch):
    without("p004")
    assert call("similar").exit_code == 0
    before = written()
    without("p007")  # of skirts
    monkeypatch.setattr(similar, "_PART", 200)
    monkeypatch.setattr(similar, "similar_in", short_of_memory)
    result = call("similar")
    assert result.exit_code == 1  # all of them
    assert written() == before
    search = search_of(Catalog.read(CATALOG / TABLE), 3)
    asked = np.ones(len(search.places), np.bool_)
    asked[search.places.edges[:2]] = False  # the first ones of dresses and skirts
    assert [found.number for found in similar.similar(search, asked)] == [0, 1]
    assert [(one.task, type(one.error)) for one in search.failed] == [("women/tops", InputError)]


def test_a_part_has_as_many_products_as_a_worker_may_look_at(recommended, monkeypatch):
    (task, *_) = tasks()
    assert [len(some) for some in similar.shares(task)] == [20]
    monkeypatch.setattr(similar, "_PART", 7 * 40)
    assert [some.tolist() for some in similar.shares(task)] == [[*range(7)], [*range(7, 14)], [*range(14, 20)]]
    monkeypatch.setattr(similar, "_PART", 1)
    assert len(similar.shares(task)) == 20


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.sampled_from(
    [
        "'",
        '"',
        "\n",
        "\r\n",
        "\0",
        "a\0b",
        "\u202eabc",
        "👗🏽",
        "=1+1",
        " ",
        "é",
        "e\u0301",
        "x" * 3000,
        "../..",
        "None",
    ]
)


@settings(max_examples=15, deadline=None)
@given(
    products=st.lists(NAMES, min_size=4, max_size=9, unique=True),
    partitions=st.lists(NAMES, min_size=1, max_size=2, unique=True),
    gone=st.integers(0, 3),
)
def test_hostile_names_are_names(tmp_path_factory, products, partitions, gone):
    root, here = tmp_path_factory.mktemp("hostile"), os.getcwd()  # noqa: PTH109 - a path as text
    rows = [
        row(f"{name}{partition}", product_id=name, partition=partition, category=partition, path=name)
        for name in products
        for partition in partitions
    ]
    rows = list({one["image_id"]: one for one in rows}.values())
    vectors = random_vectors(len(rows))
    catalog = Catalog.from_rows(sorted(rows, key=lambda one: (one["partition"], one["image_id"])))
    os.chdir(root)
    try:
        write_vectors(FEATURES, [one["image_id"] for one in rows], vectors)
        made = seen.made_by(3, FITTED)
        daily.write_all(search_of(catalog.take(catalog.product_id != products[gone]), 3), made)
        daily.bring_up_to_date(search_of(catalog, 3), seen.read(made)[0], made)
        updated = written()
        daily.write_all(search_of(catalog, 3), made)
        assert written() == updated
        assert set(Seen.read(SEEN).product_id) == {one["product_id"] for one in rows}
        assert set(Similar.read(SIMILAR).partition) <= set(partitions)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("few", [1, 10**6])
def test_vectors_that_are_read_and_not_held_give_the_same_bytes(tmp_path, monkeypatch, few):
    rows = [row(f"i{number:02}", product_id=f"p{number // 2:02}") for number in range(40)]
    write_project(tmp_path, rows)
    monkeypatch.chdir(tmp_path)
    catalog, made = Catalog.read(CATALOG / TABLE), seen.made_by(3, FITTED)
    daily.write_all(search_of(catalog, 3), made)
    before = written()
    monkeypatch.setattr(candidates, "_FEW", few)
    monkeypatch.setattr(candidates, "_CELLS", 200)
    daily.write_all(search_of(catalog, 3), made)
    assert written() == before
