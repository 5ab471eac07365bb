"""Spark does what the other engines do: order, bytes, errors; what is missing or killed is told in one line."""

import os
import signal
from itertools import chain
from pathlib import Path

import needing_spark  # noqa: F401 - skips where there is none
import numpy as np
import pytest

from core import engine, spark_session
from core.attempts import Failures
from core.engines import LOCAL, Engine
from core.errors import InputError, TableError
from core.spark import bundles

pytestmark = pytest.mark.service

SPARK = Engine("spark", workers=2)


class Named(int):
    """A task with a name."""

    @property
    def name(self) -> str:
        return f"women/skirts {int(self)}"


@pytest.fixture(scope="module")
def spark():
    """One session for the tests of this file; the engine uses the one that is active."""
    with spark_session.session(SPARK) as session:
        yield session


def run(function, tasks, on=SPARK, **others):
    return list(engine.run(function, tasks, engine=on, label=None, **others))


def uneven(task):
    side = 40 * (1 + (task % 3))
    a = np.random.default_rng(task).standard_normal((side, side)).astype(np.float32)
    return task, os.environ.get("OMP_NUM_THREADS"), (a @ a.T).tobytes()


def refused(task):
    if task == 3:
        raise TableError(f"the vector of {task} is not finite. Run dvc repro.")
    return task


def killed_once(task):
    """The second task kills its process, unless it has done so before."""
    if task == 1 and not Path("killed").exists():
        Path("killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def killed_always(task):
    if task == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def where(task):
    return Path.cwd()


class Small(Named):
    """A task that says how many photos it reads."""

    size = 30


class Large(Named):
    """One that has a Spark task of its own."""

    size = 5000


class Half(Named):
    """Two of them are too many for one bundle."""

    size = 3000


def test_small_tasks_share_a_bundle_and_large_ones_and_those_of_no_size_have_their_own():
    sizes = [[30] * 64, [30] * 36, [5000], [30], [5000], [5000], [30, 30]]
    tasks = [(Small if size == 30 else Large)(number) for number, size in enumerate(chain.from_iterable(sizes))]
    found = list(bundles(tasks))
    assert list(chain.from_iterable(found)) == tasks
    assert [[task.size for task in bundle] for bundle in found] == sizes
    assert [len(bundle) for bundle in bundles(map(Named, range(3)))] == [1, 1, 1]
    assert list(bundles([])) == []


def test_a_bundle_holds_no_more_photos_than_a_large_task():
    assert max(sum(task.size for task in bundle) for bundle in bundles([Half(0), Half(1), Half(2)])) == 3000


def test_results_of_bundles_keep_the_order(spark):
    assert run(refused, [Small(0)] * 3 + [Large(1), Small(2)] + [Small(4)] * 100) == [0, 0, 0, 1, 2, *[4] * 100]


def test_results_keep_the_order_and_the_bytes(spark):
    found = run(uneven, range(7))
    assert [(task, values) for task, _, values in found] == [(t, v) for t, _, v in run(uneven, range(7), LOCAL)]
    assert {threads for _, threads, _ in found} == {"1"}


def test_no_tasks_no_results(spark):
    assert run(uneven, []) == []


def test_few_tasks_are_drawn_ahead_of_the_results(spark):
    drawn = []
    results = engine.run(refused, (drawn.append(task) or 0 for task in range(100)), engine=SPARK, label=None)
    assert next(results) == 0
    assert len(drawn) <= 9  # four jobs of two, and one more
    results.close()


def test_workers_stand_in_the_driver_s_folder(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(where, range(2)) == [tmp_path, tmp_path]


def test_an_error_of_a_task_is_that_error(spark):
    with pytest.raises(TableError, match=r"^the vector of 3 is not finite\. Run dvc repro\.$"):
        run(refused, range(6))


def test_a_task_that_fails_is_put_aside_and_the_others_are_done(spark):
    failed = Failures()
    assert run(refused, range(6), failed=failed) == [0, 1, 2, 4, 5]
    assert failed.describe() == ("1 failed, the others are done. task 3: the vector of 3 is not finite. Run dvc repro.")


def test_the_task_of_a_killed_worker_is_done_again(spark, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(killed_once, range(4)) == [0, 1, 2, 3]
    assert Path("killed").exists()


def test_a_worker_that_is_killed_again_and_again_is_told_by_its_task(spark):
    with pytest.raises(InputError) as raised:
        run(killed_always, map(Named, range(4)))
    assert str(raised.value) == (
        "the Spark worker of women/skirts 1 was killed 4 times. It may be memory: lower --workers, or raise"
        " spark.executor.memoryOverhead."
    )
    assert run(refused, range(2)) == [0, 1]


def test_of_a_bundle_the_task_whose_worker_is_killed_is_told_apart_and_the_others_are_done(spark):
    failed = Failures()
    assert run(killed_always, map(Small, range(3)), failed=failed) == [0, 2]
    assert failed.describe() == (
        "1 failed, the others are done. the Spark worker of women/skirts 1 was killed 4 times. It may be memory: lower"
        " --workers, or raise spark.executor.memoryOverhead."
    )


def test_without_java_the_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError) as raised:
        spark_session.require_java()
    assert str(raised.value) == (
        "Spark needs Java, and none is installed. Install Java 17 or newer"
        " (Debian: apt-get install openjdk-17-jre-headless), or set JAVA_HOME."
    )


def test_a_java_that_is_too_old_is_told(monkeypatch, tmp_path):
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(InputError) as raised:
        spark_session.require_java()
    assert str(raised.value).startswith('Spark needs Java 17. Received: openjdk version "1.8.0_402". Install Java 17')
