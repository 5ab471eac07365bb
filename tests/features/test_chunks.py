"""What the cache lacks is computed chunk by chunk: once, kept as it comes, and a fault costs its own photos alone."""

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from damaged import damage
from sections import write_params

from core.engines import LOCAL, Engine
from core.errors import TableError
from core.tables import Catalog
from features import on_disk
from features.cache import FeatureCache
from features.chunks import Collected, Job, complete
from features.cli import main
from features.kept import kept

CATALOG = Path("data/curated/catalog")
STORE = CATALOG / "images.arrow"


def loaded(path):
    """What a worker loads; each time leaves a mark."""
    (Path("marks") / f"{os.getpid()}-{len(list(Path('marks').glob(f'{os.getpid()}-*')))}").touch()
    return float(path.read_text())


def means(weights, store, image_id, *, fault=None):
    """A vector per photo, and a line in a log for each that is computed."""
    if fault is not None and "catalog-007" in image_id:
        raise fault
    factor = kept(loaded, weights)
    values = np.stack([store[image].mean(axis=(0, 1)) * factor for image in image_id])
    with Path("log").open("a") as log:
        log.write("".join(f"{image}\n" for image in image_id))
    return [values.astype(np.float32)]


@pytest.fixture
def weights(project):
    Path("marks").mkdir()
    path = project / "weights"
    path.write_text("0.5")
    return path


def vectors(engine, weights, **options):
    catalog = Catalog.read(CATALOG / "catalog.parquet")
    photos = Collected.of(catalog.image_id, catalog.partition, [STORE])
    with FeatureCache(Path("features.sqlite")) as cache:
        complete([Job("means", [("m", 3)], partial(means, weights, **options), 8)], photos, cache, engine=engine)
        return cache.fetch("m", photos.keys, np.empty((len(photos.keys), 3), np.float32))


def computed():
    return sorted(Path("log").read_text().split())


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_loads_once_and_no_photo_is_computed_twice(weights, workers):
    found = vectors(Engine(workers=workers), weights)
    marks = [path.name.split("-") for path in Path("marks").iterdir()]
    assert 1 <= len(marks) <= workers
    assert {number for _, number in marks} == {"0"}
    assert computed() == [f"catalog-{number:03}" for number in range(90)]
    Path("features.sqlite").unlink()
    np.testing.assert_array_equal(found, vectors(LOCAL, weights))


def test_what_a_stopped_run_has_got_is_kept(weights):
    with pytest.raises(RuntimeError):
        vectors(LOCAL, weights, fault=RuntimeError("stopped"))
    before = computed()
    assert 0 < len(before) < 90
    vectors(LOCAL, weights)
    assert computed() == [f"catalog-{number:03}" for number in range(90)]


def test_a_chunk_that_lacks_memory_is_told_and_the_others_are_kept(weights):
    with pytest.raises(TableError) as raised:
        vectors(LOCAL, weights, fault=MemoryError())
    assert str(raised.value) == (
        "1 failed, the others are done. the chunk catalog-007 to catalog-028 needs more memory than a worker has."
        " Lower --workers, or raise spark.executor.pyspark.memory on Spark."
    )
    assert len(computed()) == 82
    vectors(LOCAL, weights)
    assert len(computed()) == 90


def test_a_partition_without_a_readable_photo_is_named_and_the_rest_is_described(project):
    write_params()

    def extract():
        return CliRunner().invoke(main, ["extract", "color", "--workers", "1"])

    assert extract().exit_code == 0
    wanted = Path("data/features/color.arrow").read_bytes()
    for path in ("data/features/color.arrow", "data/cache/features.sqlite"):
        Path(path).unlink()
    catalog = Catalog.read(CATALOG / "catalog.parquet")
    whole = STORE.read_bytes()
    damage(STORE, [*catalog.image_id[catalog.partition == "women/round"], "catalog-001"])
    result = extract()
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: 2 failed, the others are done. women/round: 30 of its 34 photos cannot be read: the stored photo of"
        " catalog-000 is damaged. Remove the store and run dvc repro. women/square: 1 of its 34 photos cannot be read:"
        " the stored photo of catalog-001 is damaged. Remove the store and run dvc repro.\n"
    )
    assert list(Path("data/features").iterdir()) == []
    with FeatureCache(Path("data/cache/features.sqlite")) as cache:
        assert cache.count() == 102 - 31
    STORE.write_bytes(whole)
    assert extract().exit_code == 0
    assert Path("data/features/color.arrow").read_bytes() == wanted


@pytest.mark.parametrize("count", [0, 5])
def test_an_array_on_disk_leaves_no_file(tmp_path, count):
    values = on_disk.empty(count, 3, tmp_path / "new")
    values[:] = 1
    assert values.shape == (count, 3)
    assert values.dtype == np.float32
    assert list((tmp_path / "new").iterdir()) == []
