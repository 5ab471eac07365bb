"""Killed at any moment and started again, ingest ends with the same bytes as if it had never been."""

import multiprocessing
import os
import random
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_shop import OUT, photo, row, run, write_table, written

from curate import reading
from curate.cli import main

PHOTOS = 120


def ingest_in(folder, workers):
    os.chdir(folder)
    reading._FEW = 0  # also so few photos are worth a pool
    CliRunner().invoke(main, ["ingest", "--workers", str(workers)])


def started(folder, workers):
    """The command in a process of its own, whose modules are loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["curate.cli", "curate.ingest", "test_kill"])
    process = context.Process(target=ingest_in, args=(folder, workers))
    process.start()
    return process


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    rows = []
    for number in range(PHOTOS):
        Path(f"photos/p{number:03d}.png").write_bytes(photo(number % 100))
        rows.append(row(f"p{number:03d}", f"sku{number // 2}", kind=f"kind {number % 3}"))
    Path("photos/p007.png").write_bytes(photo(7)[:500])
    write_table(rows)
    return tmp_path


@pytest.mark.parametrize(("workers", "kills"), [(1, 25), (2, 5)])
def test_killed_at_random_moments(shop, workers, kills):
    done = run(workers, max_rejected=0.1)
    assert done.exit_code == 0, done.output
    undisturbed = written()
    started(shop, workers).join()  # the server starts with the first
    shutil.rmtree("data")
    start = time.perf_counter()
    started(shop, workers).join()
    whole = time.perf_counter() - start
    assert written() == undisturbed
    rng = random.Random(1)
    killed = 0
    for _ in range(kills):
        if rng.random() < 0.5:
            shutil.rmtree("data", ignore_errors=True)
        process = started(shop, workers)
        time.sleep(rng.uniform(0, whole))
        killed += process.is_alive()
        process.kill()
        process.join()
        # What a reader finds is whole: of the run before, or of this one.
        if OUT.exists():
            assert set(written()) == set(undisturbed)
        done = run(1, max_rejected=0.1)
        assert done.exit_code == 0, done.output
        assert written() == undisturbed
        assert [path.name for path in OUT.parent.iterdir()] == ["catalog"]
    assert killed > kills // 3
