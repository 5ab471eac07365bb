"""The judgements' file: what is read, what is refused with its row, and rows that are added."""

import csv
import multiprocessing
import resource
import signal
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from small_project import row

from core.errors import InputError
from core.paths import CATALOG, TABLE
from core.tables import Catalog
from triplets.cli import main
from triplets.judged.judgements import Judgement, Judgements, append

HEADER = "query,a,b,closer,who,when\n"
PATH = Path("j.csv")


@pytest.fixture
def catalog(tmp_path, monkeypatch):
    """Four dresses and a top; the working folder."""
    monkeypatch.chdir(tmp_path)
    return Catalog.from_rows([*(row(f"d{number}") for number in range(4)), row("t0", category="tops")])


def read(catalog, text: str | bytes) -> Judgements:
    PATH.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Judgements.read(PATH, catalog)


def test_rows_are_read_as_rows_of_the_catalog(catalog):
    found = read(catalog, HEADER + "d0,d1,d2,a,Ann,\n\nd3,d2,d0,b,Bo,2026-01-01\n")
    ids = catalog.image_id
    assert ids[found.query].tolist() == ["d0", "d3"]
    assert ids[found.a].tolist() == ["d1", "d2"]
    assert ids[found.b].tolist() == ["d2", "d0"]
    assert found.a_closer.tolist() == [True, False]
    assert (len(found), found.people, found.repeated) == (2, 2, 0)


def test_two_people_count_twice_and_a_row_sent_twice_once(catalog):
    found = read(catalog, HEADER + "d0,d1,d2,a,Ann,1\nd0,d1,d2,a,Bo,1\nd0,d1,d2,a,Ann,2\nd0,d1,d2,a,Ann,1\n")
    assert (len(found), found.people, found.repeated) == (3, 2, 1)


def test_other_columns_orders_marks_and_line_ends_are_read(catalog):
    found = read(catalog, '\ufeffwhen,note,closer,who,a,b,query\r\n,"x\ny",b,Zoë,d1,d2,d0\r\n'.encode())
    assert catalog.image_id[found.query].tolist() == ["d0"]
    assert not found.a_closer[0]


def test_a_header_alone_holds_no_judgements(catalog):
    assert len(read(catalog, HEADER)) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "j.csv is empty. Its first row must be query,a,b,closer,who,when."),
        (" \n", "j.csv is empty. Its first row must be query,a,b,closer,who,when."),
        (
            "query,a,b,who,when\n",
            "j.csv must have the column closer once. Its first row must be query,a,b,closer,who,when.",
        ),
        (
            "query,a,a,b,closer,who,when\n",
            "j.csv must have the column a once. Its first row must be query,a,b,closer,who,when.",
        ),
        (
            HEADER + "d0,d1,d2,a,,\nd0,d1,gone,a,,\n",
            "j.csv, row 3: the catalog lacks the image 'gone' (b). Mend it or remove the row.",
        ),
        (
            HEADER + "d0,d1,t0,a,,\n",
            "j.csv, row 2: the photos are of different partitions: query in women/dresses, a in women/dresses,"
            " b in women/tops. Only photos of one are compared; remove the row.",
        ),
        (
            HEADER + "t0,d1,d2,a,,\n",
            "j.csv, row 2: the photos are of different partitions: query in women/tops, a in women/dresses,"
            " b in women/dresses. Only photos of one are compared; remove the row.",
        ),
        (HEADER + "d0,d1,d1,a,,\n", "j.csv, row 2: a and b are the same photo, d1. Name three different photos."),
        (
            HEADER + "d0,d1,d0,a,,\n",
            "j.csv, row 2: the query d0 is also a photo to choose from. Name three different photos.",
        ),
        (HEADER + "d0,d1,d2,A,,\n", "j.csv, row 2: closer must be a or b. Received: 'A'"),
        (HEADER + "d0,d1,d2,a\n", "j.csv, row 2: it has 4 cells, the header has 6. Mend or remove it."),
        (HEADER + 'd0,d1,d2,a,"Ann,\n', "j.csv, row 2: unexpected end of data. Mend it."),
        (HEADER + "d0,d1,d2,a,A\0,\n", "j.csv holds a NUL byte in line 2. Mend it."),
        (
            HEADER.encode() + b"d0,d1,d2,a,\xff,\n",
            "j.csv is not UTF-8: 'utf-8' codec can't decode byte 0xff in position 37: invalid start byte."
            " Save it as UTF-8.",
        ),
    ],
)
def test_bad_files_are_refused_in_a_line(catalog, text, message):
    with pytest.raises(InputError) as error:
        read(catalog, text)
    assert str(error.value) == message


def test_a_missing_file_is_told(catalog):
    with pytest.raises(InputError) as error:
        Judgements.read(PATH, catalog)
    assert str(error.value) == "j.csv does not exist. Name a CSV with the columns query, a, b, closer, who, when."


def test_what_is_added_is_read(catalog):
    append(PATH, Judgement("d0", "d1", "d2", "a", "Ann", "now"))
    append(PATH, Judgement("d1", "d3", "d2", "b", "Bo", ""))
    assert PATH.read_text() == HEADER + "d0,d1,d2,a,Ann,now\nd1,d3,d2,b,Bo,\n"
    assert len(Judgements.read(PATH, catalog)) == 2


def test_a_row_that_was_cut_off_does_not_run_into_the_next(catalog):
    PATH.write_text(HEADER + "d0,d1")
    append(PATH, Judgement("d0", "d1", "d2", "a", "Ann", "now"))
    assert PATH.read_text() == HEADER + "d0,d1\nd0,d1,d2,a,Ann,now\n"


def test_a_row_is_added_in_the_order_of_the_files_columns(catalog):
    PATH.write_text("when,note,closer,who,a,b,query\n")
    append(PATH, Judgement("d0", "d1", "d2", "a", "Ann", "now"))
    assert PATH.read_text().splitlines()[1] == "now,,a,Ann,d1,d2,d0"


@pytest.mark.parametrize(
    ("who", "kept"),
    [
        ('"; DROP,\r\nd0,d1,d2,a', '"; DROP, d0,d1,d2,a'),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("  @x\0\u202e\ud800", "'@x"),
        ("z" * 999, "z" * 200),
        ("Zoë 🍐", "Zoë 🍐"),
    ],
)
def test_hostile_text_stays_one_harmless_cell(catalog, who, kept):
    append(PATH, Judgement("d0", "d1", "d2", "a", who, who))
    with PATH.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file))[1:] == [["d0", "d1", "d2", "a", kept, kept]]
    assert len(Judgements.read(PATH, catalog)) == 1


def test_what_is_no_judgement_is_not_added(catalog):
    with pytest.raises(InputError, match="closer must be a or b"):
        append(PATH, Judgement("d0", "d1", "d2", "c", "", ""))
    PATH.write_text("photo,label\n")
    with pytest.raises(InputError, match="must have the column query once"):
        append(PATH, Judgement("d0", "d1", "d2", "a", "", ""))
    assert PATH.read_text() == "photo,label\n"


def add_some(who: str) -> None:
    for number in range(20):
        append(PATH, Judgement("d0", "d1", "d2", "a", who, str(number)))


def test_two_processes_add_at_once(catalog):
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=add_some, args=(who,)) for who in ("Ann", "Bo")]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert PATH.read_text().count(HEADER) == 1
    assert len(Judgements.read(PATH, catalog)) == 40
    assert np.all(Judgements.read(PATH, catalog).a_closer)


def test_a_form_is_asked_filled_in_and_read(finished, tmp_path, monkeypatch):
    monkeypatch.chdir(finished[0])
    form = tmp_path / "ann.csv"
    done = CliRunner().invoke(main, ["ask", "--pairs", "20", "--who", "=Ann", "--output", str(form)])
    assert done.exit_code == 0, done.output
    with form.open(newline="") as file:
        asked = list(csv.DictReader(file))
    assert f"{len(asked)} questions in {form}." in done.stdout
    assert 10 < len(asked) <= 20
    catalog = Catalog.read(CATALOG / TABLE)
    product = dict(zip(catalog.image_id, catalog.product_id, strict=True))
    partition = dict(zip(catalog.image_id, catalog.partition, strict=True))
    for question in asked:
        three = [question[name] for name in ("query", "a", "b")]
        assert len({product[image_id] for image_id in three}) == 3
        assert len({partition[image_id] for image_id in three}) == 1
        assert (question["closer"], question["who"], question["when"]) == ("", "'=Ann", "")
    with Image.open(form.with_suffix(".png")) as picture:
        assert picture.size[0] > 1000
    found = Judgements.read(form, catalog)
    assert (len(found), found.unanswered) == (0, len(asked))
    text = form.read_text().replace(",,'=Ann", ",b,'=Ann", 3)
    form.write_text(text)
    found = Judgements.read(form, catalog)
    assert (len(found), found.unanswered, found.a_closer.any()) == (3, len(asked) - 3, False)
    again = CliRunner().invoke(main, ["ask", "--output", str(form)])
    assert again.exit_code == 1
    assert again.stderr.splitlines()[-1] == (
        f"Error: {form} exists, and may hold answers. Name another file by --output."
    )
    assert form.read_text() == text


def test_a_form_has_a_name_of_its_own(finished, monkeypatch):
    monkeypatch.chdir(finished[0])
    done = CliRunner().invoke(main, ["ask", "--output", "form.png"])
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == (
        "Error: form.png must end in .csv: the photos are drawn beside it. Name another file by --output."
    )
    assert not Path("form.png").exists()


def test_a_row_for_which_there_is_no_room_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "j.csv"
    append(path, Judgement("q", "a", "b", "a", "Ann", ""))
    before = path.read_bytes()
    child = multiprocessing.get_context("fork").Process(target=append_with_little_room, args=(path, len(before) + 9))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert path.read_bytes() == before
    append(path, Judgement("q", "a", "b", "b", "Bo", ""))
    assert path.read_bytes() == before + b"q,a,b,b,Bo,\n"


def append_with_little_room(path, size):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    with pytest.raises(OSError, match="File too large"):
        append(path, Judgement("q", "a", "b", "a", "Ann" * 30, ""))
