"""Whatever stands in a table: every photo that a row names is accepted or rejected, once."""

import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_shop import HEADER, OUT, open_shop, run, written

from core.tables import Catalog, Rejected

# A table with null characters is none, and refused as a whole.
TEXT = st.characters(codec="utf-8", exclude_characters="\0")
NAMES = [f"p{number:02d}" for number in range(12)]
PATHS = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(["gone", "", " ", "../p00", "/etc/hosts", ".", "x" * 300, "p01|p02|gone", "|", "p03|"]),
    st.text(TEXT, max_size=12),
)
CELLS = st.one_of(st.sampled_from(["women", "tops", "sku1", "sku2", "", " ", "Skip"]), st.text(TEXT, max_size=8))
# Some lines have other fields than the header.
LINES = st.lists(
    st.one_of(
        st.tuples(PATHS, CELLS, CELLS, CELLS, CELLS, CELLS),
        st.lists(CELLS, max_size=8).map(tuple),
    ),
    min_size=1,
    max_size=25,
)


def quoted(cell):
    return '"' + cell.replace('"', '""') + '"'


def dirty(lines):
    """The table's text; a line without fields would be no line."""
    rows = [HEADER, *(line or ("",) for line in lines)]
    return "\r\n".join(",".join(quoted(cell) for cell in row) for row in rows) + "\r\n"


def photos_of(line):
    """How many photos a line names; one that names none, or has other fields than the header, counts as one."""
    if len(line) != len(HEADER):
        return 1
    return max(1, sum(bool(part.strip()) for part in line[0].split("|")))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_accepted_and_rejected_are_the_photos_of_the_rows(lines, monkeypatch):
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        open_shop()
        Path("table.csv").write_bytes(dirty(lines).encode())
        done = run(max_rejected=1, exclude={"kind": ["Skip"]}, columns={"separator": "|"})
        if done.exit_code:
            assert done.stderr.startswith("Error: none of the ")
            assert done.stderr.count("\n") == 1
            return
        table, rejected = Catalog.read(OUT / "catalog.parquet"), Rejected.read(OUT / "rejected.parquet")
        report = json.loads(written()["report.json"])
        assert report["table_rows"] == len(lines)
        assert len(table) + len(rejected) == report["rows"] == sum(map(photos_of, lines))
        assert report["accepted"] == len(table) > 0
        assert sum(report["rejected"].values()) == len(rejected)
        assert set(rejected.row) <= set(range(1, len(lines) + 1))
        # A photo is rejected once at most, and a row without a photo in either table does not exist.
        assert len(set(zip(rejected.row, rejected.photo, strict=True))) == len(rejected)
