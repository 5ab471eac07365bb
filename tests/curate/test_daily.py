"""Yesterday's catalog and some new rows: only new photos are read, and the bytes are those of a fresh run."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_shop import OUT, good, open_shop, photo, row, run, write_table, written

from core.engines import LOCAL
from core.params import load
from core.paths import FETCHED, PHOTO_CACHE
from core.photo_params import PhotoParams
from curate.cache import PhotoCache
from curate.cli import main
from curate.ingest import ingest
from curate.params import DuplicateParams, FetchParams, IngestParams, QualityParams, SplitParams
from curate.photos import look
from curate.places.roots import Root, open_root
from curate.reading import Reading

PARAMS = Path("params.yaml")


@dataclass
class Listening:
    """A root that writes down what is read from it."""

    root: Root
    log: list[str]

    def __getattr__(self, name):
        return getattr(self.root, name)

    def read(self, path, max_bytes):
        self.log.append(path)
        return self.root.read(path, max_bytes)


def paths_read():
    """The photos whose bytes a run of `curate ingest` reads, in order of path."""
    params, photos = load(PARAMS, "curate.ingest", IngestParams), load(PARAMS, "curate.photos", PhotoParams)
    root = open_root(params.images, load(PARAMS, "curate.fetch", FetchParams), photos.max_bytes, FETCHED)
    listening = Listening(root, [])
    ingest(
        params,
        Reading(listening, PHOTO_CACHE, photos),
        load(PARAMS, "curate.quality", QualityParams),
        load(PARAMS, "curate.duplicates", DuplicateParams),
        load(PARAMS, "curate.split", SplitParams),
        OUT,
        engine=LOCAL,
    )
    return sorted(listening.log)


def kept():
    """How many photos the cache holds."""
    return int(CliRunner().invoke(main, ["cache"]).output.split(": ")[1].split()[0])


@pytest.fixture
def decoded(monkeypatch):
    """The sizes of the files that were decoded."""
    sizes = []

    def listening(data, cut, params):
        sizes.append(len(data))
        return look(data, cut, params)

    monkeypatch.setattr("curate.reading.look", listening)
    return sizes


def age(path, seconds=3600):
    """Make a photo one that was written long ago."""
    was = path.stat().st_mtime - seconds
    os.utime(path, (was, was))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = open_shop()
    for path in Path("photos").iterdir():
        age(path)
    return rows


def fresh():
    """The bytes of a run without a cache."""
    shutil.rmtree("data")
    good(run())
    return written()


def test_only_new_photos_are_read_and_the_bytes_are_those_of_a_fresh_run(shop):
    good(run())
    assert paths_read() == []
    for number in (20, 21):
        Path(f"photos/p{number}.png").write_bytes(photo(number))
    new = [row("p20", "sku9", "men", "shoes"), row("p21", "sku1")]
    write_table([new[0], *shop, new[1]])
    assert paths_read() == ["p20.png", "p21.png"]
    after = written()
    assert after == fresh()


def test_a_rejected_photo_is_not_read_again_either(shop):
    Path("photos/p03.png").write_bytes(photo(3)[:700])
    age(Path("photos/p03.png"))
    _, rejected = good(run(max_rejected=0.5))
    assert rejected.reason.tolist() == ["truncated"]
    assert paths_read() == []


def test_a_touched_photo_is_read_and_not_decoded(shop, decoded):
    good(run())
    assert len(decoded) == 12
    before = written()
    age(Path("photos/p05.png"), 60)
    assert paths_read() == ["p05.png"]
    assert len(decoded) == 12
    assert written() == before


def test_what_is_pruned_during_a_run_is_read_again(shop, monkeypatch):
    """Between the look for what is known and its use another process forgets some of it."""
    good(run())
    before = written()
    outcomes = PhotoCache.outcomes

    def forgetful(self, keys):
        return dict(list(outcomes(self, keys).items())[::2])

    monkeypatch.setattr(PhotoCache, "outcomes", forgetful)
    assert len(paths_read()) == 6
    assert written() == before


def test_a_changed_photo_is_seen(shop):
    old, _ = good(run())
    Path("photos/p05.png").write_bytes(photo(77))
    new, _ = good(run())
    changed = {name for name, a, b in zip(new.image_id, new.content_hash, old.content_hash, strict=True) if a != b}
    assert changed == {"p05.png"}
    assert written() == fresh()


def test_a_photo_just_written_is_read_again(shop):
    # Its next change could fall into the same tick of the clock.
    Path("photos/p05.png").write_bytes(photo(77))
    good(run())
    assert paths_read() == ["p05.png"]


def test_other_parameters_decode_anew(shop):
    good(run())
    text = PARAMS.read_text()
    PARAMS.write_text(text.replace("largest_side: 24", "largest_side: 12"))
    assert len(paths_read()) == 12
    small = written()
    PARAMS.write_text(text)
    assert paths_read() == []
    assert written()["images.arrow"] != small["images.arrow"]


def test_new_copies_of_old_photos_are_not_decoded(shop, decoded):
    good(run())
    shutil.copy("photos/p03.png", "photos/p20.png")
    write_table([*shop, row("p20", "sku9")])
    table, _ = good(run())
    assert len(table) == 13
    assert len(decoded) == 12
    assert kept() == 12
    assert written() == fresh()


def test_pruning_forgets_what_no_collection_has(shop):
    good(run())
    write_table(shop[:5])
    good(run())
    assert kept() == 12
    done = CliRunner().invoke(main, ["cache", "--prune"])
    assert done.output.startswith("data/cache/photos.sqlite: 5 photos, ")
    assert paths_read() == []
    write_table(shop)
    assert len(paths_read()) == 7


def test_pruning_without_a_collection_is_refused(shop):
    good(run())
    shutil.rmtree("data/curated")
    done = CliRunner().invoke(main, ["cache", "--prune"])
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: neither data/curated/catalog nor data/curated/street is there, so every photo would be forgotten."
        " Ingest first.\n",
    )
    assert kept() == 12


def test_a_damaged_cache_is_one_line(shop):
    good(run())
    PHOTO_CACHE.write_bytes(b"no database, but long enough to be taken for one" * 100)
    done = run()
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: data/cache/photos.sqlite cannot be used as the photo cache: file is not a database."
        " Wait where another run writes to it; else remove it, it is made again.\n",
    )
