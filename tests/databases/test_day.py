"""`curate day`: a day of a tiny live catalog, by the commands themselves, into a real database."""

import os
import shutil
import sys
from pathlib import Path

import beside_postgres
import pytest
from click.testing import CliRunner
from lists import failure, publish
from photo_shop import write_params
from ruamel.yaml import YAML

from core.atomic import alone
from core.errors import InputError
from core.paths import CATALOG, CLASSIFIERS, PHOTO_CACHE, REJECTED, SIMILAR, SIMILARITY
from core.tables import Rejected, Similar
from curate.cli import main as curate
from curate.day.steps import live, steps
from features.cli import main as features
from triplets.cli import main as triplets

pytestmark = pytest.mark.service

SAMPLE = Path(__file__).parents[2] / "profiles/sample.yaml"
CLASSIFIER = {
    "trunk": {"name": "MobileNet", "size": 64, "tap": "conv_pw_1_relu"},
    "classes": {"least": 1},
    "head": {"width": 8, "epochs": 1},
    "tune": {"epochs": 0},
}
SMALL = {
    "curate": {
        "sample": {"products": 42, "street_products": 3, "photos": 2, "side": 64},
        "photos": {"min_side": 16, "largest_side": 48},
    },
    "features": {"structure": CLASSIFIER, "pattern": CLASSIFIER, "pattern_sources": {"rendered": 10}},
}
FITTED = [*(folder / "model.keras" for folder in CLASSIFIERS.values()), SIMILARITY]


REFUSED = (
    "{} must hold no address of a database and no password. Put them into the environment: PGHOST, PGDATABASE, PGUSER"
    " and PGPASSWORD, or MONGODB_URI."
)


def merge(old, new):
    for key, value in new.items():
        if isinstance(value, dict):
            merge(old[key], value)
        else:
            old[key] = value


def run(command, *words):
    return CliRunner().invoke(command, list(words))


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory):
    """The folder of a shop whose similar products were found yesterday."""
    folder = tmp_path_factory.mktemp("shop")
    params = YAML(typ="safe").load(SAMPLE.read_text())
    merge(params, SMALL)
    with (folder / "params.yaml").open("w") as file:
        YAML(typ="safe").dump(params, file)
    before = Path.cwd()
    os.chdir(folder)
    for command, words in (
        (curate, ["sample"]),
        (curate, ["ingest"]),
        (curate, ["street"]),
        (features, ["fit", "structure"]),
        (features, ["fit", "pattern"]),
        (features, ["extract"]),
        (triplets, ["recommend", "--engine", "local"]),
        (triplets, ["similar", "--engine", "local"]),
    ):
        done = run(command, *words)
        assert done.exit_code == 0, done.output
    os.chdir(before)
    return folder


@pytest.fixture
def shop(yesterday, tmp_path, monkeypatch, database):
    """A copy of it; the database has yesterday's rows."""
    shutil.copytree(yesterday, tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    assert publish().exit_code == 0
    return database


def held(database):
    return database.execute(
        "SELECT product_id, partition, rank, similar_id FROM similar_products ORDER BY 1, 2, 3"
    ).fetchall()


def expected():
    table = Similar.read(SIMILAR)
    return sorted(zip(table.product_id, table.partition, table.rank.tolist(), table.similar_id, strict=True))


def day(*words):
    return run(curate, "day", "similar_products", "--to", "postgres", *words)


def rows_in_database(database):
    """Put the catalog's rows into a table, and let the day read them there."""
    with Path("data/sample/catalog.csv").open() as file:
        names = file.readline().strip()
        database.execute(f"CREATE TABLE products (n serial, {names.replace(',', ' text, ')} text)")
        with database.cursor() as cursor, cursor.copy(f"COPY products ({names}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(file.read())
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("data/sample/catalog.csv", "data/input/catalog.csv"))
    return "--from", "postgres", "--rows", "SELECT * FROM products ORDER BY n"


def test_a_day_takes_in_what_is_new_and_leaves_what_was_fitted(shop, capfd):
    fitted = [path.read_bytes() for path in FITTED]
    run(curate, "sample", "--days", "1")
    from_database = rows_in_database(shop)
    done = day(*from_database)
    assert done.exit_code == 0, capfd.readouterr().err
    said = [line.strip() for line in done.stdout.splitlines()]
    assert [line.split(" s  ")[1] for line in said if " s  " in line] == [
        "curate snapshot --from postgres -- SELECT * FROM products ORDER BY n",
        "curate ingest",
        "features extract",
        "triplets similar --incremental",
        "triplets publish --to postgres -- similar_products",
    ]
    # Of the new product's two photos one is damaged; another product has one photo anew.
    for line in (
        "84 photos: 83 accepted, 1 rejected (truncated 1)",
        "3 photos were decoded, the others came from data/cache/photos.sqlite",
        "6 vectors were computed, the others came from data/cache/features.sqlite",
        "Look at data/triplets/similar/similar.parquet, or ask similar_products for the list of a product.",
    ):
        assert line in said
    assert [line.split(";")[0] for line in said if line.startswith("Since")] == [
        "Since the last run: 1 products are new, 1 changed, 1 removed"
    ]
    assert Rejected.read(CATALOG / REJECTED).path.tolist() == ["p00042-2.jpg"]
    assert held(shop) == expected()
    products = {row[0] for row in held(shop)}
    assert "p00042" in products
    assert "p00037" not in products
    assert [path.read_bytes() for path in FITTED] == fitted
    # A run that finds all lists finds the same.
    lists = SIMILAR.read_bytes()
    assert run(triplets, "similar", "--engine", "local").exit_code == 0
    assert SIMILAR.read_bytes() == lists
    again = day(*from_database).stdout
    assert "0 photos were decoded" in again
    assert "0 vectors were computed" in again
    assert "0 written, 0 removed" in again


def test_a_step_that_fails_ends_the_day_and_readers_see_what_they_saw(shop, capfd):
    before = held(shop)
    PHOTO_CACHE.write_bytes(b"no database, but long enough to be taken for one" * 100)
    assert failure(day()).startswith("Error: the day is not done: curate ingest failed. ")
    assert capfd.readouterr().err.startswith(
        "Error: data/cache/photos.sqlite cannot be used as the photo cache: file is not a database. "
    )
    PHOTO_CACHE.unlink()
    table = Path("data/sample/catalog.csv")
    table.rename("elsewhere.csv")
    done = day()
    assert failure(done) == (
        "Error: the day is not done: curate ingest failed. What it said stands above. Mend it, and run the day again:"
        " what is done is not done twice."
    )
    assert done.stdout.splitlines()[0].endswith(" s  curate ingest  failed, exit code 1")
    assert "features" not in done.stdout
    assert capfd.readouterr().err == (
        "Error: data/sample/catalog.csv does not exist. Make it, or mend curate.ingest.table.\n"
    )
    assert held(shop) == before


def test_lists_are_published_where_some_were_not_found(shop):
    before = held(shop)
    shop.execute("DELETE FROM similar_products WHERE rank = 1")
    SIMILARITY.write_text("{")
    with pytest.raises(InputError, match=r"^the day is not done: triplets similar failed\. "):
        list(live(steps("similar_products", "postgres", None, None)[2:]))
    assert held(shop) == before


def test_a_day_that_cannot_publish_is_published_by_the_next(shop, monkeypatch):
    before = held(shop)
    shop.execute("DELETE FROM similar_products WHERE rank = 1")
    last = steps("similar_products", "postgres", None, None)[3:]
    with monkeypatch.context() as patch:
        patch.setenv("PGPORT", "9")
        with pytest.raises(InputError, match=r"^the day is not done: triplets publish failed\. "):
            list(live(last))
    list(live(last))
    assert held(shop) == before


def test_a_command_beside_a_server_of_its_own_or_the_one_that_is_named(server, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)
    asked = f"import psycopg, sys; sys.exit(42 + (psycopg.connect().info.port == {server.port}))"
    assert beside_postgres.main([sys.executable, "-c", asked]) == 42
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    assert beside_postgres.main([sys.executable, "-c", asked]) == 43


def test_of_two_days_at_once_the_second_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with alone(Path("data/cache/day.lock"), "day"):
        assert failure(day()) == "Error: another day runs in this folder. Wait for its end, or stop it."


def test_a_query_of_nothing_does_not_bring_back_yesterdays_table(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    write_params("in/catalog.csv")
    done = day("--from", "postgres", "--rows", "")
    assert failure(done).startswith("Error: the day is not done: curate snapshot failed. ")
    assert "curate ingest" not in done.stdout
    assert capfd.readouterr().err.startswith("Error: the query has no ORDER BY, ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--from", "postgres"],
            "--from and --rows go together. Give both, or none to read curate.ingest.table as it is.",
        ),
        (
            ["--from", "mongodb", "--rows", "mongodb://u:hunter2@h/db"],
            REFUSED.format("--rows"),
        ),
        (["--to", "postgres://u:hunter2@h/d"], REFUSED.format("--to")),
        (["--from", "mongodb+srv://u:hunter2@h/d", "--rows", "products"], REFUSED.format("--from")),
        (["--from", "postgres", "--rows", "SELECT 1 -- PGPASSWORD=hunter2"], REFUSED.format("--rows")),
    ],
)
def test_words_that_make_no_day(words, message):
    done = run(curate, "day", "similar_products", "--to", "postgres", *words)
    assert failure(done) == f"Error: {message}"
    assert "hunter2" not in done.output
