"""`triplets publish --to postgres`, on a real server: all rows or none, whatever breaks in the middle."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lists import failure, publish, rows_of, similar, write

from core.paths import SIMILAR
from core.tables import Similar
from triplets.published import postgres

pytestmark = pytest.mark.service

ROOT = str(Path(__file__).parents[2])
TEN = [f"p{number}" for number in range(10)]
HOSTILE = [
    "'; DROP TABLE similar_products; --",
    'comma, "quoted"',
    "line\nbreak\r\n",
    "\\.",
    "a\n\\.\nb",
    "\\N",
    "\t",
    "",
    " ",
    "élégance ☂ 👗",
    "\u2028",
    "{a,b}",
    "%s %(x)s {}",
]
BROKEN = "Nothing is half done there. Run it again."


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def held(database, target="similar_products"):
    return sorted(database.execute(f"SELECT {', '.join(Similar.columns())} FROM {target}").fetchall())


def expected():
    # A real is a float of 32 bits, which Python shows with 64.
    return [
        (*row[:6], *(pytest.approx(value, rel=1e-7) for value in row[6:])) for row in rows_of(Similar.read(SIMILAR))
    ]


def in_the_middle(monkeypatch, event):
    """Have `event` happen once, after the first batch of a run was sent."""
    whole, waiting = Similar.batches, [event]

    def batches(path):
        for batch in whole(path):
            yield batch.slice(0, 5)
            if waiting:
                waiting.pop()()
            yield batch.slice(5)

    monkeypatch.setattr(Similar, "batches", batches)


def test_a_run_makes_the_table_and_a_second_one_touches_no_row(database):
    write(similar(TEN), similar(["p1", "x"], partition="men/hats", length=1))
    assert publish().stdout == "32 similar products in similar_products of postgres: 32 written, 0 removed.\n"
    assert held(database) == expected()
    versions = "SELECT ctid, xmin FROM similar_products ORDER BY 1"
    before = database.execute(versions).fetchall()
    assert publish().stdout == "32 similar products in similar_products of postgres: 0 written, 0 removed.\n"
    assert database.execute(versions).fetchall() == before
    key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'similar_products'::regclass"
    assert database.execute(key).fetchall() == [("PRIMARY KEY (product_id, partition, rank)",)]


def test_the_distances_are_the_same_floats(database):
    write(similar(TEN))
    publish()
    query = "SELECT float4send(structure), float4send(pattern), float4send(color) FROM similar_products LIMIT 1"
    table = Similar.read(SIMILAR)
    found = database.execute(query).fetchone()
    assert found == tuple(
        getattr(table, name)[:1].astype(">f4").tobytes() for name in ("structure", "pattern", "color")
    )


def test_only_what_differs_is_written_and_removed(database):
    write(similar(TEN), similar(TEN[:4], partition="men/hats", length=1))
    publish()
    write(similar(TEN[:9]), similar(TEN[:4], partition="men/hats", length=1))
    # p9 goes with its three rows, and six lists of others had it: each loses a row that has its key again.
    assert publish().stdout == "31 similar products in similar_products of postgres: 6 written, 9 removed.\n"
    assert held(database) == expected()
    write(similar([]))
    assert publish().stdout == "0 similar products in similar_products of postgres: 0 written, 31 removed.\n"
    assert held(database) == []


def test_further_columns_indexes_and_views_stay(database):
    write(similar(TEN))
    publish()
    database.execute("ALTER TABLE similar_products ADD COLUMN seen int")
    database.execute("CREATE VIEW first AS SELECT * FROM similar_products WHERE rank = 1")
    write(similar(TEN, distance=0.2))
    assert publish().stdout == "30 similar products in similar_products of postgres: 30 written, 30 removed.\n"
    assert database.execute("SELECT count(*) FROM first").fetchone() == (10,)
    assert held(database) == expected()


def test_hostile_text_in_every_column_arrives_as_it_is(database):
    names = [*HOSTILE, *(f"{name}2" for name in HOSTILE)]
    write(*(similar(names, partition=name) for name in HOSTILE))
    assert publish().exit_code == 0
    assert held(database) == expected()
    assert {row[0] for row in held(database)} == set(HOSTILE)


def test_hostile_names_of_tables_are_quoted(database):
    write(similar(TEN))
    database.execute('CREATE SCHEMA "My Shop"')
    for target, quoted in (("My Shop.order", '"My Shop"."order"'), ('a"; --', '"a""; --"')):
        assert publish(target).exit_code == 0
        assert held(database, quoted) == expected()


@pytest.mark.parametrize("column", ["product_id", "image_id", "partition"])
def test_a_nul_character_names_the_product_and_writes_nothing(database, column):
    write(similar(TEN))
    publish()
    before = held(database)
    table = similar(TEN, distance=0.5)
    values = [f"{value}\0" if row == 17 else value for row, value in enumerate(getattr(table, column))]
    odd = Similar(**{name: getattr(table, name) for name in Similar.columns()} | {column: values})
    odd.write(SIMILAR)
    product = r"p5\x00" if column == "product_id" else "p5"
    assert failure(publish()) == (
        f"Error: the list of the product '{product}' has a NUL character in {column}, which PostgreSQL cannot hold."
        " Mend it in the catalog table."
    )
    assert held(database) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "DROP COLUMN color",
            "similar_products has no column color. Add it as real not null, or publish to another table.",
        ),
        (
            "ALTER COLUMN rank TYPE bigint",
            "similar_products has the column rank as bigint, not integer. Change it, or publish to another table.",
        ),
        (
            "ADD COLUMN shop text NOT NULL DEFAULT 'a'; ALTER TABLE similar_products ALTER COLUMN shop DROP DEFAULT",
            'PostgreSQL refuses: null value in column "shop" of relation "similar_products" violates not-null'
            " constraint. Mend it, and run again: nothing has changed there.",
        ),
    ],
)
def test_a_table_that_changed_since_yesterday_is_left_as_it_is(database, change, message):
    write(similar(TEN))
    publish()
    database.execute(f"ALTER TABLE similar_products {change}")
    before = database.execute("SELECT * FROM similar_products ORDER BY 1, 2, 3").fetchall()
    write(similar(TEN, distance=0.2))
    assert failure(publish()) == f"Error: {message}"
    assert database.execute("SELECT * FROM similar_products ORDER BY 1, 2, 3").fetchall() == before


def test_readers_see_the_old_rows_until_the_end(database, monkeypatch):
    write(similar(TEN))
    publish()
    before, seen = held(database), []
    write(similar(TEN, distance=0.2))
    in_the_middle(monkeypatch, lambda: seen.append(held(database)))
    assert publish().exit_code == 0
    assert seen == [before]
    monkeypatch.undo()
    assert held(database) != before


def test_of_two_runs_at_once_the_second_is_refused(database, monkeypatch):
    write(similar(TEN))
    others = []
    in_the_middle(monkeypatch, lambda: others.append(publish()))
    assert publish().exit_code == 0
    assert failure(others[0]) == ("Error: another run publishes to similar_products. Wait for its end, and run again.")
    assert held(database) == expected()


def test_a_table_that_somebody_holds_is_not_waited_for_without_end(database, monkeypatch):
    write(similar(TEN))
    publish()
    monkeypatch.setattr(postgres, "_PATIENCE", "SET LOCAL lock_timeout = '50ms'")
    with database.transaction():
        database.execute("LOCK TABLE similar_products")
        assert failure(publish()) == (
            "Error: PostgreSQL refuses: canceling statement due to lock timeout. Mend it, and run again: nothing has"
            " changed there."
        )


def test_a_connection_cut_in_the_middle_leaves_the_old_rows(server, database, monkeypatch):
    write(similar(TEN))
    publish()
    before = held(database)
    write(similar(TEN, distance=0.2))
    in_the_middle(monkeypatch, server.terminate)
    message = failure(publish())
    assert message.startswith("Error: the connection to PostgreSQL broke: ")
    assert message.endswith(BROKEN)
    assert held(database) == before
    assert publish().stdout == "30 similar products in similar_products of postgres: 30 written, 30 removed.\n"
    assert held(database) == expected()


KILLED = """
import os, signal
from pathlib import Path
from core.tables import Similar
from triplets.published.postgres import publish
whole = Similar.batches
def batches(path):
    yield from whole(path)
    os.kill(os.getpid(), signal.SIGKILL)
Similar.batches = batches
publish(Path("data/triplets/similar/similar.parquet"), "similar_products")
"""


def test_a_killed_run_leaves_the_old_rows_and_holds_up_no_other(database):
    write(similar(TEN))
    publish()
    before = held(database)
    write(similar(TEN, distance=0.2))
    killed = subprocess.run([sys.executable, "-c", KILLED], env=os.environ | {"PYTHONPATH": ROOT}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert held(database) == before
    while database.execute("SELECT 1 FROM pg_stat_activity WHERE application_name = 'mildnet-triplets'").fetchall():
        time.sleep(0.01)
    assert publish().exit_code == 0
    assert held(database) == expected()


def test_a_server_that_crashes_in_the_middle_leaves_the_old_rows(server, database, monkeypatch):
    write(similar(TEN))
    publish()
    before, name = held(database), database.info.dbname
    write(similar(TEN, distance=0.2))
    in_the_middle(monkeypatch, server.stop)
    broken = failure(publish())
    away = failure(publish())
    server.start()
    assert broken.startswith("Error: the connection to PostgreSQL broke: ")
    assert broken.endswith(BROKEN)
    assert away.startswith("Error: PostgreSQL cannot be reached: ")
    assert "Connection refused" in away
    with server.connect(name) as again:
        assert held(again) == before
        assert publish().exit_code == 0
        assert held(again) == expected()


def test_rows_that_stand_twice_in_a_table_without_a_key_are_put_right(database):
    write(similar(TEN))
    publish()
    database.execute("ALTER TABLE similar_products DROP CONSTRAINT similar_products_pkey")
    database.execute("INSERT INTO similar_products SELECT * FROM similar_products WHERE product_id = 'p3'")
    assert publish().exit_code == 0
    assert held(database) == expected()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PGPASSWORD", "Wr0ng-Pa55", 'FATAL: password authentication failed for user "shop owner"'),
        ("PGDATABASE", "none", 'FATAL: database "none" does not exist'),
    ],
)
def test_what_the_server_refuses_is_one_line_without_the_password(server, database, monkeypatch, name, value, said):
    write(similar(TEN))
    monkeypatch.setenv(name, value)
    done = publish()
    assert failure(done) == (
        f'Error: PostgreSQL cannot be reached: connection failed: connection to server at "127.0.0.1", port'
        f" {server.port} failed: {said}. Check PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD, or PGSERVICE."
    )
    assert "Wr0ng" not in done.output + str(done.exception.__context__)
    assert server.environment()["PGPASSWORD"] not in done.output


def test_a_user_without_rights_is_refused(server, database, monkeypatch):
    write(similar(TEN))
    publish()
    before = held(database)
    database.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'; GRANT SELECT ON similar_products TO guest")
    monkeypatch.setenv("PGUSER", "guest")
    monkeypatch.setenv("PGPASSWORD", "guest")
    write(similar(TEN, distance=0.2))
    try:
        assert failure(publish()) == (
            "Error: PostgreSQL refuses: permission denied for table similar_products. Mend it, and run again: nothing"
            " has changed there."
        )
        assert held(database) == before
        # Rights on the rows are enough, where the table is there.
        database.execute("GRANT INSERT, DELETE ON similar_products TO guest")
        assert publish().exit_code == 0
    finally:
        database.execute("DROP OWNED BY guest; DROP ROLE guest")


@pytest.mark.parametrize(
    "target",
    [
        "postgresql://u:hunter2@h/db",
        "postgres://u:hunter2@h",
        "postgresql+psycopg://u:hunter2@h/shop",
        "u://u:hunter2@h",
        "password=hunter2",
        "PGPASSWORD=hunter2",
    ],
)
def test_a_password_in_the_target_is_refused_and_not_shown(target):
    done = publish(target)
    assert failure(done) == (
        "Error: TARGET must hold no address of a database and no password. Put them into the environment: PGHOST,"
        " PGDATABASE, PGUSER and PGPASSWORD, or MONGODB_URI."
    )
    assert "hunter2" not in done.output


def test_an_address_as_the_database_is_refused_and_not_shown():
    done = publish(to="postgres://u:hunter2@h/d")
    assert failure(done) == (
        "Error: --to must hold no address of a database and no password. Put them into the environment: PGHOST,"
        " PGDATABASE, PGUSER and PGPASSWORD, or MONGODB_URI."
    )
    assert "hunter2" not in done.output


@pytest.mark.parametrize("target", ["a.b.c", "a.", ".a"])
def test_a_target_of_another_form_is_refused(database, target):
    write(similar(TEN))
    assert failure(publish(target)) == f"Error: the target must be table or schema.table. Received: {target}"


def test_without_similar_products_nothing_is_asked_of_the_server(monkeypatch):
    monkeypatch.setenv("PGHOST", "none.invalid")
    assert failure(publish()) == f"Error: {SIMILAR} does not exist. Run the stage that writes it: dvc repro."
