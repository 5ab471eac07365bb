"""The feature cache outlives kills, shares itself between processes, and survives a full disk."""

import multiprocessing
import os
import random
import resource
import signal
import subprocess
import time
from itertools import count

import numpy as np
import pytest

from core.errors import InputError
from features.cache import FeatureCache, photo_key, through_cache

N = 300
PHOTOS = [photo_key(str(number // 2).encode()) for number in range(N)]  # each stands twice
MAKERS = [("structure", 300), ("pattern", 20)]
WANTED = [np.random.default_rng(width).standard_normal((N, width), np.float32) for _, width in MAKERS]
WANTED = [np.repeat(values[::2], 2, axis=0) for values in WANTED]
CHUNK = 8


def run(path, log, *, shift=0.0, barrier=None, kill_at=None, pages=None):
    """Go through the cache as a stage does, and write down each row that is computed once its values are out."""

    def compute(rows):
        for start in range(0, len(rows), CHUNK):
            some = rows[start : start + CHUNK]
            if barrier is not None:
                barrier.wait(20)
            with log.open("a") as file:
                file.write("".join(f"{row}\n" for row in some))
            yield some, [values[some] + np.float32(shift) for values in WANTED]

    with FeatureCache(path) as cache:
        if kill_at is not None:
            steps = count(1)
            cache._database.set_progress_handler(lambda: next(steps) == kill_at and kill(), 1)
        if pages is not None:
            cache._database.execute(f"PRAGMA max_page_count = {pages}")
        return through_cache(cache, MAKERS, PHOTOS, compute)


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def run_and_save(result, path, log, **options):
    np.savez(result, *run(path, log, **options))


def started(target, *args, **options):
    """A process of its own, whose modules are loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "features.cache"])
    process = context.Process(target=target, args=args, kwargs=options)
    process.start()
    return process


def computed(log):
    return [int(row) for row in log.read_text().split()] if log.exists() else []


def right(results):
    return all(result.tobytes() == values.tobytes() for result, values in zip(results, WANTED, strict=True))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "features.sqlite"


def test_killed_at_random_moments(path, tmp_path):
    rng = random.Random(1)
    started(run, path, tmp_path / "first").join()  # the server starts with the first
    path.unlink()
    start = time.perf_counter()
    started(run, path, tmp_path / "whole").join()
    whole = time.perf_counter() - start
    killed = 0
    for attempt in range(20):
        log, rest = tmp_path / f"log{attempt}", tmp_path / f"rest{attempt}"
        if rng.random() < 0.7:
            path.unlink(missing_ok=True)
        # At a step of SQLite, of which a run takes some 14,000, or at any time.
        at_step = rng.randrange(14_000) if rng.random() < 0.5 else None
        process = started(run, path, log, kill_at=at_step)
        process.join(10 if at_step is not None else rng.uniform(0, whole))
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        before = set(computed(log))
        assert right(run(path, rest))
        # The last chunk that was computed may have been lost, all others were kept.
        again = before & set(computed(rest))
        assert len(again) <= CHUNK
        assert again == set(computed(log)[len(before) - len(again) :])
        assert right(run(path, tmp_path / "none"))
        assert computed(tmp_path / "none") == []
    assert killed > 6


def test_two_processes_at_once_return_the_same(path, tmp_path):
    """Their values differ as rounding does; what was kept first is what both return, at every row."""
    barrier = multiprocessing.get_context("forkserver").Barrier(2)
    processes = [
        started(run_and_save, tmp_path / f"{shift}.npz", path, tmp_path / f"{shift}", shift=shift, barrier=barrier)
        for shift in (0, 1)
    ]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert computed(tmp_path / "0") == computed(tmp_path / "1") == list(range(0, N, 2))
    with np.load(tmp_path / "0.npz") as first, np.load(tmp_path / "1.npz") as second:
        results = list(first.values())
        assert [result.tobytes() for result in results] == [result.tobytes() for result in second.values()]
    for result, values in zip(results, WANTED, strict=True):
        assert ((result == values) | (result == values + np.float32(1))).all()
    assert [result.tobytes() for result in run(path, tmp_path / "later")] == [result.tobytes() for result in results]
    assert computed(tmp_path / "later") == []


def write_own(path, maker, barrier):
    for attempt in range(20):
        barrier.wait(20)
        with FeatureCache(path.with_name(str(attempt))) as cache:
            cache.keep(maker, PHOTOS[::2], WANTED[0][::2])


def test_several_make_the_file_at_once(path):
    path.parent.mkdir()
    barrier = multiprocessing.get_context("forkserver").Barrier(4)
    processes = [started(write_own, path, f"maker {number}", barrier) for number in range(4)]
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    for made in path.parent.iterdir():
        with FeatureCache(made) as cache:
            assert cache.count() == 4 * N // 2


def test_others_read_and_wait_while_one_writes(path, tmp_path):
    with FeatureCache(path) as writer, FeatureCache(path) as reader:
        writer.keep("structure", PHOTOS[:1], WANTED[0][:1])
        writer._database.execute("BEGIN IMMEDIATE")
        process = started(run, path, tmp_path / "log")
        into = np.empty((1, 300), np.float32)
        assert reader.read("structure", PHOTOS[:1], into).all()
        process.join(0.5)
        assert process.is_alive()
        assert len(computed(tmp_path / "log")) <= CHUNK
        writer._database.rollback()
        process.join(60)
        assert process.exitcode == 0
    assert right(run(path, tmp_path / "rest"))


FULL = (
    "{path} cannot be used as the feature cache: {what}."
    " Make room on its disk and start again: what it has got is kept."
)


def goes_on(path, tmp_path):
    """What was kept before the disk was full is whole, and the rest is computed."""
    before = computed(tmp_path / "log")
    assert 0 < len(before) < N // 2
    assert right(run(path, tmp_path / "rest"))
    rest = computed(tmp_path / "rest")
    assert 0 < len(rest) < N // 2
    assert len(set(before) & set(rest)) <= CHUNK
    assert set(before) | set(rest) == set(range(0, N, 2))


def test_a_full_database_is_one_line(path, tmp_path):
    with pytest.raises(InputError) as error:
        run(path, tmp_path / "log", pages=4)
    assert str(error.value) == FULL.format(path=path, what="database or disk is full")
    goes_on(path, tmp_path)


def run_in_small_files(path, log, told):
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    try:
        run(path, log)
    except InputError as error:
        told.write_text(str(error))


def test_a_file_that_may_not_grow_is_one_line(path, tmp_path):
    process = started(run_in_small_files, path, tmp_path / "log", tmp_path / "told")
    process.join(60)
    assert process.exitcode == 0
    assert (tmp_path / "told").read_text() == FULL.format(path=path, what="disk I/O error")
    goes_on(path, tmp_path)


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_one_line(small_disk, tmp_path):
    path = small_disk / "features.sqlite"
    with pytest.raises(InputError, match=r"cannot be used as the feature cache: .*\. Make room on its disk and start"):
        run(path, tmp_path / "log")
    for _ in range(2):  # nor does it come right, or to harm, by itself
        with pytest.raises(InputError, match="Make room on its disk"):
            run(path, tmp_path / "more")
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    goes_on(path, tmp_path)
