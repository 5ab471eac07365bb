"""`curate snapshot --from postgres`: the same catalog as from a CSV file, and the old file where anything breaks."""

import csv
from pathlib import Path

import pytest
from lists import failure
from photo_shop import COLUMNS, ROWS, curate, curated, write_params, write_photos

from curate.sources import Source

pytestmark = pytest.mark.service

TABLE = Path("in/catalog.csv")
QUERY = "SELECT * FROM products ORDER BY added, image;"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_params(str(TABLE))


@pytest.fixture
def shop(database):
    """The rows, in another order than the query's."""
    database.execute(
        "CREATE TABLE products (sku text, image text, gender text, category text, price float8, added date, sold bool,"
        " note text)"
    )
    with database.cursor() as cursor:
        cursor.executemany(f"INSERT INTO products VALUES ({', '.join(['%s'] * len(COLUMNS))})", ROWS[::-1])
    return database


def snapshot(rows=QUERY, kind="postgres"):
    return curate("snapshot", "--from", kind, rows)


def test_a_catalog_of_csv_and_one_of_the_database_have_the_same_bytes(shop):
    write_photos()
    TABLE.parent.mkdir()
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        # PostgreSQL's words for true and false are t and f.
        cells = [["ft"[value] if isinstance(value, bool) else value for value in row] for row in ROWS]
        csv.writer(file).writerows([COLUMNS, *cells])
    wanted = curated()
    TABLE.unlink()
    assert snapshot().stdout == f"7 rows in {TABLE}.\n"
    assert curated() == wanted
    assert {"catalog.parquet", "rejected.parquet", "images.arrow"} < set(wanted)


def test_two_snapshots_of_the_same_rows_have_the_same_bytes(shop, monkeypatch):
    snapshot()
    before = TABLE.read_bytes()
    shop.execute("UPDATE products SET note = note")
    monkeypatch.setenv("PGTZ", "America/New_York")
    monkeypatch.setenv("PGDATESTYLE", "German")
    snapshot()
    assert TABLE.read_bytes() == before
    assert b"2026-01-02" in before


def test_times_are_in_utc_whatever_the_server_is_set_to(database):
    # The server's own zone is that of Tokyo.
    snapshot(
        snapshot(
            "SELECT timestamptz '2026-01-02 03:04:05+01' AS at, interval '1 day 2 hours' AS took WHERE 'ab' LIKE '%b'"
            " ORDER BY 1 -- {one} row"
        )
    )
    assert TABLE.read_text() == "at,took\n2026-01-02 02:04:05+00,1 day 02:00:00\n"


def test_lists_are_joined_by_the_query(database):
    snapshot("SELECT array_to_string(ARRAY['a.jpg', 'b.jpg'], '|') AS photos ORDER BY 1")
    assert list(Source(TABLE).rows(["photos"])) == [{"photos": "a.jpg|b.jpg"}]


def test_many_rows_are_never_held_in_memory(database):
    import tracemalloc

    snapshot("SELECT 1 AS a ORDER BY 1")
    tracemalloc.start()
    assert snapshot("SELECT n, repeat('x', 1000) AS text FROM generate_series(1, 20000) n ORDER BY n").exit_code == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert TABLE.stat().st_size > 20e6
    assert peak < 4e6


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT * FROM products",
            "the query has no ORDER BY, so that its rows may come in another order tomorrow. Order them by when they"
            " were added.",
        ),
        (
            "SELECT * FROM nothing ORDER BY 1",
            'PostgreSQL refuses: relation "nothing" does not exist. Mend it, and run again: nothing has changed there.',
        ),
        (
            "DELETE FROM products RETURNING sku /* ORDER BY */",
            "PostgreSQL refuses: cannot execute DELETE in a read-only transaction. Mend it, and run again: nothing has"
            " changed there.",
        ),
        (
            "SELECT 1 / (price - 3) FROM products ORDER BY added",
            "PostgreSQL refuses: division by zero. Mend it, and run again: nothing has changed there.",
        ),
        (
            "postgresql://u:hunter2@h/db",
            "ROWS must hold no address of a database and no password. Put them into the environment: PGHOST,"
            " PGDATABASE, PGUSER and PGPASSWORD, or MONGODB_URI.",
        ),
        (
            "SELECT 1 ORDER BY 1 -- PGPASSWORD=hunter2",
            "ROWS must hold no address of a database and no password. Put them into the environment: PGHOST,"
            " PGDATABASE, PGUSER and PGPASSWORD, or MONGODB_URI.",
        ),
    ],
)
def test_what_cannot_be_read_leaves_the_old_file(shop, query, message):
    snapshot()
    before = TABLE.read_bytes()
    done = snapshot(query)
    assert failure(done) == f"Error: {message}"
    assert "hunter2" not in done.output
    assert [path.read_bytes() for path in TABLE.parent.iterdir()] == [before]
    assert shop.execute("SELECT count(*) FROM products").fetchone() == (len(ROWS),)


def test_a_connection_cut_in_the_middle_leaves_the_old_file(server, shop):
    snapshot()
    before = TABLE.read_bytes()
    # The query ends its own connection, once many rows have been sent.
    query = (
        "SELECT n, repeat('x', 1000), CASE n WHEN 90000 THEN pg_terminate_backend(pg_backend_pid()) END"
        " FROM generate_series(1, 100000) n ORDER BY n"
    )
    message = failure(snapshot(query.replace(" ORDER BY n", " /* ORDER BY n */")))
    assert message.startswith("Error: the connection to PostgreSQL broke: ")
    assert message.endswith("Nothing is half done there. Run it again.")
    assert [path.read_bytes() for path in TABLE.parent.iterdir()] == [before]


def test_the_ending_of_the_table_must_be_that_of_the_format():
    write_params("in/catalog.parquet")
    assert failure(snapshot()) == (
        "Error: curate.ingest.table must end in .csv for rows of postgres. Received: in/catalog.parquet"
    )
    write_params("in/catalog.csv")
    assert failure(snapshot("products", "mongodb")) == (
        "Error: curate.ingest.table must end in .jsonl for rows of mongodb. Received: in/catalog.csv"
    )


def test_the_sample_is_not_overwritten():
    write_params("data/sample/catalog.csv")
    assert failure(snapshot()) == (
        "Error: data/sample/catalog.csv is the rendered sample. Name a file of your own in curate.ingest.table."
    )


def test_an_address_as_the_database_is_refused_and_not_shown():
    done = snapshot(kind="postgresql://u:hunter2@h/db")
    assert failure(done).startswith("Error: --from must hold no address of a database and no password. ")
    assert "hunter2" not in done.output


def test_an_address_as_the_table_is_refused_and_its_password_not_shown():
    write_params("postgresql://u:hunter2@h/db?table=products")
    done = curate("ingest")
    assert failure(done) == (
        "Error: params.yaml: curate.ingest: table must be a file, no address. Run curate snapshot to make one of a"
        " database's rows."
    )
    assert "hunter2" not in done.output
