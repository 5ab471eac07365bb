"""`curate snapshot` and `triplets publish` on the MongoDB that MONGODB_URI names, in collections of their own."""

import json
import os
import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest
from lists import failure, publish, rows_of, similar, write
from photo_shop import COLUMNS, ROWS, curate, curated, write_params, write_photos

from core.errors import InputError
from core.paths import SIMILAR
from core.tables import Similar

pytestmark = pytest.mark.service

TEN = [f"p{number}" for number in range(10)]
HOSTILE = ["$where", "a.b", "a\0b", "", " ", "{'$gt': ''}", "line\nbreak", "élégance ☂ 👗", "\u2028"]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    pytest.importorskip("pymongo", reason="pymongo is not installed: pip install 'mildnet-triplets[database]'")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def database():
    """The database; what a test makes in it begins with `name` and is dropped."""
    if "MONGODB_URI" not in os.environ:
        pytest.skip("MONGODB_URI names no server: set it to mongodb://host/database to run this")
    import pymongo

    with pymongo.MongoClient(os.environ["MONGODB_URI"]) as client:
        yield client.get_default_database()


@pytest.fixture
def name(database):
    made = f"test_{uuid4().hex}"
    yield made
    for collection in database.list_collection_names():
        if collection.startswith(made):
            database.drop_collection(collection)


def held(database, name):
    documents = database[name].find()
    return sorted(tuple(document[column] for column in Similar.columns()) for document in documents)


def test_a_run_makes_the_collection_and_a_second_one_leaves_the_same(database, name):
    write(similar(TEN), *(similar(HOSTILE, partition=text) for text in HOSTILE))
    assert publish(name, "mongodb").exit_code == 0
    wanted = rows_of(Similar.read(SIMILAR))
    assert held(database, name) == wanted
    documents = list(database[name].find().sort("_id", 1))
    database[name].create_index("similar_id", name="mine")
    count = len(wanted)
    assert publish(name, "mongodb").stdout == (
        f"{count:,} similar products in {name} of mongodb: {count:,} written, {count:,} removed.\n"
    )
    assert list(database[name].find().sort("_id", 1)) == documents
    assert {"_id_", "mine", "product_id_1_partition_1_rank_1"} == set(database[name].index_information())
    assert [one for one in database.list_collection_names() if one.startswith(name)] == [name]


def test_a_run_that_breaks_in_the_middle_leaves_the_old_documents(database, name, monkeypatch):
    write(similar(TEN))
    publish(name, "mongodb")
    before = held(database, name)
    write(similar(TEN, distance=0.2))
    whole = Similar.batches

    def broken(path):
        for batch in whole(path):
            yield batch.slice(0, 5)
            assert held(database, name) == before
            yield batch.slice(0, 5)  # the same keys again

    monkeypatch.setattr(Similar, "batches", broken)
    assert failure(publish(name, "mongodb")).startswith("Error: MongoDB refuses: ")
    assert held(database, name) == before
    assert [one for one in database.list_collection_names() if one.startswith(name)] == [name]


def test_a_collection_of_something_else_is_left_as_it_is(database, name):
    write(similar(TEN))
    database[name].insert_one({"product_id": "p1", "partition": 3})
    assert failure(publish(name, "mongodb")) == (
        f"Error: {name} holds documents without partition as string. Publish to another collection."
    )
    assert database[name].count_documents({}) == 1


def test_a_view_of_that_name_is_left_as_it_is(database, name):
    write(similar(TEN))
    database.create_collection(name, viewOn=f"{name}_other", pipeline=[])
    database[f"{name}_other"].insert_many(
        dict(zip(Similar.columns(), row, strict=True)) for row in rows_of(similar(TEN))
    )
    before = held(database, name)
    write(similar(TEN, distance=0.2))
    assert failure(publish(name, "mongodb")) == (
        f"Error: {name} is no collection, but a view or the like. Publish to another name, or drop it."
    )
    assert held(database, name) == before
    assert not [one for one in database.list_collection_names() if one.endswith(".partial")]


def test_what_the_collection_demands_of_documents_is_demanded_of_the_new_ones(database, name):
    write(similar(TEN))
    publish(name, "mongodb")
    before = held(database, name)
    database.command("collMod", name, validator={"$jsonSchema": {"required": ["shop"]}})
    write(similar(TEN, distance=0.2))
    assert failure(publish(name, "mongodb")) == (
        "Error: MongoDB refuses: Document failed validation. Mend it, and run again."
    )
    assert held(database, name) == before


def test_a_reader_sees_yesterday_or_today_at_every_moment(database, name):
    write(similar([f"p{number}" for number in range(300)]))
    publish(name, "mongodb")
    before, seen, ended = held(database, name), [], threading.Event()

    def read():
        while not ended.is_set():
            # More than one batch of a cursor would end with an error where another collection takes the place.
            seen.append(sorted(one["distance"] for one in database[name].find(batch_size=5000)))

    write(similar([f"p{number}" for number in range(300)], distance=0.2))
    reading = threading.Thread(target=read)
    reading.start()
    while not seen:
        time.sleep(0.01)
    assert publish(name, "mongodb").exit_code == 0
    ended.set()
    reading.join()
    after = held(database, name)
    assert len(seen) > 1
    assert all(rows in (sorted(row[6] for row in before), sorted(row[6] for row in after)) for rows in seen)


def test_documents_of_a_snapshot_are_of_one_moment(database, name, monkeypatch):
    if "setName" not in database.command("hello"):
        pytest.skip("this server stands alone, and keeps no moment")
    database[name].insert_many({"_id": number, "state": "old"} for number in range(1000))
    write_params("in/catalog.jsonl")

    def changing(documents, **_):
        for place, document in enumerate(documents):
            if place == 1:
                database[name].update_many({}, {"$set": {"state": "new"}})
                database[name].insert_one({"_id": 1000, "state": "new"})
            yield document

    monkeypatch.setattr("tqdm.tqdm", changing)
    assert curate("snapshot", "--from", "mongodb", name).stdout == "1,000 rows in in/catalog.jsonl.\n"
    assert Path("in/catalog.jsonl").read_text().count('"old"') == 1000


def test_a_catalog_of_json_lines_and_one_of_the_database_have_the_same_bytes(database, name):
    table = Path("in/catalog.jsonl")
    write_params(str(table))
    write_photos()
    documents = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
    table.parent.mkdir()
    table.write_text("".join(json.dumps(one) + "\n" for one in documents))
    wanted = curated()
    database[name].insert_many({"_id": place} | one for place, one in reversed(list(enumerate(documents))))
    assert curate("snapshot", "--from", "mongodb", name).stdout == f"7 rows in {table}.\n"
    assert curated() == wanted
    assert failure(curate("snapshot", "--from", "mongodb", f"{name}_none")) == (
        f"Error: {database.name} has no collection '{name}_none'. Name one of its collections."
    )


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (None, "MONGODB_URI is not set. Set it to mongodb://user:password@host/database."),
        *(
            (
                address,
                "MONGODB_URI is no address with a database. Set it to mongodb://user:password@host/database.",
            )
            for address in (
                "mongodb://u:hunter2@h",
                "mongodb://u:hunter2@h:port/db",
                "hunter2",
                "mongodb://u:hu@nter2@h/d",
            )
        ),
    ],
)
def test_an_address_that_is_none_is_refused_and_not_shown(monkeypatch, address, message):
    write(similar(TEN))
    monkeypatch.delenv("MONGODB_URI", raising=False)
    if address:
        monkeypatch.setenv("MONGODB_URI", address)
    done = publish(to="mongodb")
    assert failure(done) == f"Error: {message}"
    assert "hunter2" not in done.output


def test_a_server_that_is_not_there_is_one_line_without_the_password(monkeypatch):
    from core.databases import mongodb

    write(similar(TEN))
    monkeypatch.setattr(mongodb, "_PATIENCE", 100)
    monkeypatch.setenv("MONGODB_URI", "mongodb://u:hunter2@127.0.0.1:9/db")
    done = publish(to="mongodb")
    assert failure(done) == (
        "Error: MongoDB cannot be reached: 127.0.0.1:9: [Errno 111] Connection refused."
        " Check MONGODB_URI and the server, and run again."
    )
    assert "hunter2" not in done.output


def test_a_document_that_cannot_be_read_is_one_line(monkeypatch):
    import bson

    from core.databases.mongodb import database

    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:9/db")
    sent = bson.encode({"note": "text"}).replace(b"text", b"te\xff\xfe")
    with (
        pytest.raises(InputError, match=r"^MongoDB has a document that cannot be read: .*0xff.*\. Mend it there\.$"),
        database(),
    ):
        bson.decode(sent)
