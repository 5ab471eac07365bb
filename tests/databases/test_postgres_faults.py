"""A day with PostgreSQL where something goes wrong: what is said, what readers see, and that the next run is right."""

import os
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from dying_line import Line
from lists import failure, publish, rows_of, similar, write
from photo_shop import curate, curated, write_params, write_photos

from core.databases import postgres
from core.paths import SIMILAR
from core.tables import Catalog, Similar

pytestmark = pytest.mark.service

ROOT = str(Path(__file__).parents[2])
TEN = [f"p{number}" for number in range(10)]
TABLE = Path("in/catalog.csv")
QUERY = "SELECT * FROM products ORDER BY n"
HOSTILE = [
    "'; DROP TABLE products; --",
    'say "a, b"',
    "line\nbreak\r\nand\rreturn",
    "\\.",
    "\\N",
    "\\x41 \\u0041",
    "tab\tbed",
    "->> '$.a' @> {\"$ne\": null}",
    "%s %(x)s {} {sku}",
    "=1+1",
    "Ⅷ élégance ☂ 👗 👨‍👩‍👧",
    "‮مرحبا‬",
    "a\u2028b\x85c\x0bd\x1fe",
    "\ufeffmark",
    "NULL",
    "x" * 100_000,
]
NOTES = [*HOSTILE[:-1], "x" * 200_000]  # longer than a key may be, for its index


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_params(str(TABLE))


def held(database):
    return sorted(database.execute(f"SELECT {', '.join(Similar.columns())} FROM similar_products").fetchall())


def expected():
    return [(*row[:6], *(pytest.approx(value) for value in row[6:])) for row in rows_of(Similar.read(SIMILAR))]


def snapshot(rows=QUERY):
    return curate("snapshot", "--from", "postgres", rows)


def test_a_line_that_dies_without_a_word_is_given_up_by_both_ends(server, database, monkeypatch):
    write(similar(TEN))
    publish()
    before, whole = held(database), Similar.batches
    write(similar(TEN, distance=0.2))
    line = Line(server.port)

    def batches(path):
        for batch in whole(path):
            yield batch.slice(0, 5)
            line.die()
            yield batch.slice(5)

    with monkeypatch.context() as patch:
        patch.setenv("PGPORT", str(line.port))
        patch.setattr(Similar, "batches", batches)
        patch.setattr(postgres, "_PATIENCE", postgres._PATIENCE | {"keepalives_idle": 1, "tcp_user_timeout": 500})
        patch.setattr(postgres, "_SERVER", postgres._SERVER.replace("30", "1").replace("10", "1").replace("= 3", "= 1"))
        start = time.monotonic()
        message = failure(publish())
    assert time.monotonic() - start < 5
    assert message.startswith("Error: the connection to PostgreSQL broke: ")
    assert message.endswith("Nothing is half done there. Run it again.")
    assert held(database) == before
    # The server hears no end either, and lets go by itself.
    while "another run publishes" in (said := publish()).stderr:
        assert time.monotonic() - start < 10
        time.sleep(0.1)
    assert said.exit_code == 0
    assert held(database) == expected()
    line.close()


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch):
    write(similar(TEN))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for name, value in (("HOST", "127.0.0.1"), ("PORT", str(silent.getsockname()[1])), ("CONNECT_TIMEOUT", "2")):
            monkeypatch.setenv(f"PG{name}", value)
        assert failure(publish()) == (
            "Error: PostgreSQL cannot be reached: connection timeout expired. Check PGHOST, PGPORT, PGDATABASE, PGUSER"
            " and PGPASSWORD, or PGSERVICE."
        )


def test_a_host_that_is_not_known_is_told_by_its_variable(monkeypatch):
    write(similar(TEN))
    monkeypatch.setenv("PGHOST", "host.invalid")
    message = failure(publish())
    assert message.startswith("Error: PostgreSQL cannot be reached: failed to resolve PGHOST: [Errno ")
    assert message.endswith(". Check PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD, or PGSERVICE.")


def test_a_reader_sees_yesterday_or_today_at_every_moment(server, database):
    write(similar([f"p{number}" for number in range(2000)]))
    publish()
    before, seen, ended = held(database), [], threading.Event()

    def read():
        with server.connect(database.info.dbname) as reader:
            while not ended.is_set():
                seen.append(held(reader))

    write(similar([f"p{number}" for number in range(1, 2001)], distance=0.2))
    reading = threading.Thread(target=read)
    reading.start()
    while not seen:
        time.sleep(0.01)
    assert publish().exit_code == 0
    ended.set()
    reading.join()
    after = held(database)
    assert len(seen) > 1
    assert before != after
    assert all(rows in (before, after) for rows in seen)


def test_two_programs_at_once_leave_the_rows_of_one_of_them(server, database, tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder, distance in zip(folders, (0.2, 0.3), strict=True):
        folder.mkdir()
        os.chdir(folder)
        write(similar([f"p{number}" for number in range(3000)], distance=distance))
    words = [sys.executable, "-c", "from triplets.cli import main; main()", "publish", "--to", "postgres", "t"]
    runs = [
        subprocess.Popen(words, cwd=folder, env=os.environ | {"PYTHONPATH": ROOT}, stderr=subprocess.PIPE, text=True)
        for folder in folders
    ]
    told = [run.communicate()[1] for run in runs]
    for folder, run, said in zip(folders, runs, told, strict=True):
        assert (run.returncode, said) in (
            (0, ""),
            (1, "Error: another run publishes to t. Wait for its end, and run again.\n"),
        ), folder
    assert 0 in {run.returncode for run in runs}
    assert len(database.execute("SELECT DISTINCT distance / rank::real FROM t WHERE rank = 1").fetchall()) == 1
    assert database.execute("SELECT count(*) FROM t").fetchone() == (9000,)


@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
def test_a_view_of_that_name_is_left_as_it_is(database, kind):
    write(similar(TEN))
    publish("other")
    database.execute(f"CREATE {kind} similar_products AS SELECT * FROM other")
    before = held(database)
    write(similar(TEN, distance=0.2))
    assert failure(publish()) == (
        "Error: similar_products is no table, but a view or the like. Publish to another name, or drop it."
    )
    assert held(database) == before


def test_rows_of_a_snapshot_are_of_one_moment(server, database):
    database.execute("CREATE TABLE products AS SELECT n, 'old' AS state FROM generate_series(1, 300) n")

    other = server.connect(database.info.dbname)

    def change():
        busy = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY%' AND wait_event = 'PgSleep'"
        patient = time.monotonic() + 20
        while not other.execute(busy).fetchall() and time.monotonic() < patient:
            time.sleep(0.01)
        other.execute("UPDATE products SET state = 'new'; INSERT INTO products VALUES (0, 'new'), (301, 'new')")
        other.close()

    changing = threading.Thread(target=change)
    changing.start()
    # The server takes its time over every hundredth row.
    done = snapshot("SELECT n, state, pg_sleep(0.4 * (n % 100 = 0)::int) FROM products ORDER BY n")
    changing.join()
    assert done.stdout == f"300 rows in {TABLE}.\n"
    assert TABLE.read_text().splitlines()[1:] == [f'{n},old,""' for n in range(1, 301)]
    assert database.execute("SELECT count(*) FROM products WHERE state = 'new'").fetchone() == (302,)


def test_hostile_text_of_every_column_comes_and_goes_as_it_is(database):
    write_photos()
    params = Path("params.yaml")
    params.write_text(
        params.read_text().replace("image_id: null", "image_id: id").replace("images: photos", "images: .")
    )
    database.execute("CREATE TABLE products (n int, id text, sku text, image text, gender text, category text)")
    database.execute("ALTER TABLE products ADD price text, ADD sold text, ADD note text, ADD added text")
    for number, (text, note) in enumerate(zip(HOSTILE, NOTES, strict=True)):
        database.execute(
            f"INSERT INTO products VALUES ({number}, {', '.join(['%s'] * 9)})",
            [text, text, f"photos/{number % 6}.png", *[text] * 4, note, text],
        )
    assert snapshot().stdout == f"{len(HOSTILE)} rows in {TABLE}.\n"
    curated()
    table = Catalog.read(Path("data/curated/catalog/catalog.parquet"))
    for column in (table.image_id, table.product_id, table.gender, table.category):
        assert sorted(column) == sorted(HOSTILE)
    assert sorted(one["note"] for one in table.attributes) == sorted(NOTES)
    write(*(similar(HOSTILE, partition=text) for text in HOSTILE))
    assert publish().exit_code == 0
    assert held(database) == expected()


def test_a_product_id_that_is_too_long_for_an_index_is_refused(database):
    long = "".join(random.Random(1).choices("abcdefghijklmnop", k=20_000))
    write(similar([long, "b"], length=1))
    message = failure(publish())
    assert message.startswith("Error: PostgreSQL refuses: index row ")
    assert message.endswith(". Mend it, and run again: nothing has changed there.")


DISK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from curate.cli import main
main()
"""


def test_a_full_disk_leaves_the_old_file(database):
    snapshot("SELECT 1 AS n ORDER BY 1")
    before = TABLE.read_bytes()
    query = "SELECT n, repeat('x', 1000) FROM generate_series(1, 1000) n ORDER BY n"
    done = subprocess.run(
        [sys.executable, "-c", DISK, "snapshot", "--from", "postgres", query],
        env=os.environ | {"PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "Error: [Errno 27] File too large\n")
    assert [path.read_bytes() for path in TABLE.parent.iterdir()] == [before]


def test_a_column_that_vanished_from_the_source_leaves_the_catalog(database):
    write_photos()
    database.execute(
        "CREATE TABLE products AS SELECT 1 AS n, 's1' AS sku, '0.png' AS image, 'women' AS gender, 'tops' AS category,"
        " 1 AS price, true AS sold, '' AS note, '2026-01-02' AS added"
    )
    snapshot()
    before = curated()
    database.execute("ALTER TABLE products DROP COLUMN category")
    snapshot()
    assert failure(curate("ingest")) == (
        "Error: curate.ingest.columns.category names the column 'category', but in/catalog.csv has n, sku, image,"
        " gender, price, sold, note, added. Name one of these."
    )
    assert {path.name: path.read_bytes() for path in Path("data/curated/catalog").iterdir()} == before


def test_no_password_stands_in_the_title_of_the_program_or_in_what_the_server_shows(server, database, monkeypatch):
    write(similar(TEN))
    shown, whole = [], Similar.batches

    def batches(path):
        for batch in whole(path):
            yield batch
            shown.append(Path("/proc/self/cmdline").read_bytes().decode())
            with server.connect("postgres") as admin:
                shown.append(str(admin.execute("SELECT * FROM pg_stat_activity").fetchall()))

    monkeypatch.setattr(Similar, "batches", batches)
    assert publish().exit_code == 0
    assert len(shown) == 2
    assert "mildnet-triplets" in shown[1]
    assert not any(os.environ["PGPASSWORD"] in text for text in shown)
