"""The engine: the tasks' order, every worker count alike, errors passed on."""

import os
import signal
import subprocess
import sys
from functools import partial

import cv2
import numpy as np
import psutil
import pytest
from threadpoolctl import threadpool_info

from core.attempts import Failures
from core.engine import run
from core.engines import LOCAL, Engine
from core.errors import InputError, PhotoError, TableError


def uneven(task, size=60):
    """A sum whose last bits depend on the order of its terms, at uneven cost."""
    rng = np.random.default_rng(task)
    side = size * (1 + (task % 3))
    a = rng.standard_normal((side, side)).astype(np.float32)
    return task, (a @ a.T).tobytes()


def threads(_):
    return cv2.getNumThreads(), max((pool["num_threads"] for pool in threadpool_info()), default=1)


def process(_):
    return os.getpid()


def failing(task):
    if task == 3:
        raise ValueError(f"task {task}")
    return task


def test_results_keep_the_order_and_the_bytes():
    tasks = range(11)
    serial = list(run(partial(uneven, size=40), tasks, engine=LOCAL, label="serial"))
    assert [task for task, _ in serial] == list(tasks)
    assert list(run(partial(uneven, size=40), tasks, engine=Engine(workers=3), label="parallel")) == serial


def test_one_worker_stays_in_this_process_and_two_leave_it():
    assert set(run(process, range(2), engine=LOCAL, label="here")) == {os.getpid()}
    assert os.getpid() not in set(run(process, range(2), engine=Engine(workers=2), label="there"))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_has_one_thread(workers):
    assert set(run(threads, range(3), engine=Engine(workers=workers), label="threads")) == {(1, 1)}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_through(workers):
    with pytest.raises(ValueError, match=r"^task 3$"):
        list(run(failing, range(6), engine=Engine(workers=workers), label="failing"))


def odd_ones_fail(task):
    if task % 2:
        raise TableError(f"the vector of {task} is not finite. Run dvc repro.")
    return task


def needs_memory(task):
    return np.empty(2**60, np.uint8) if task == 1 else task


@pytest.mark.parametrize("workers", [1, 2])
def test_tasks_that_fail_are_put_aside_in_their_order_and_the_others_done(workers):
    failed = Failures()
    done = list(run(odd_ones_fail, range(10), engine=Engine(workers=workers), label=None, failed=failed))
    assert done == [0, 2, 4, 6, 8]
    assert [failure.task for failure in failed] == ["task 1", "task 3", "task 5", "task 7", "task 9"]
    assert {type(failure.error) for failure in failed} == {TableError}
    assert failed.describe() == (
        "5 failed, the others are done. task 1: the vector of 1 is not finite. Run dvc repro."
        " task 3: the vector of 3 is not finite. Run dvc repro. task 5: the vector of 5 is not finite. Run dvc repro."
        " 2 more."
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_without_a_place_for_failures_the_first_ends_the_run(workers):
    results = run(odd_ones_fail, range(10), engine=Engine(workers=workers), label=None)
    assert next(results) == 0
    with pytest.raises(TableError, match=r"^the vector of 1 is not finite\. Run dvc repro\.$"):
        next(results)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_that_lacks_memory_is_named(workers):
    failed = Failures()
    assert list(run(needs_memory, range(3), engine=Engine(workers=workers), label=None, failed=failed)) == [0, 2]
    assert failed.describe().startswith(
        "1 failed, the others are done. task 1 needs more memory than a worker has: Unable to allocate"
    )
    assert failed.describe().endswith("Lower --workers, or raise spark.executor.pyspark.memory on Spark.")
    with pytest.raises(InputError, match=r"^task 1 needs more memory than a worker has: Unable"):
        list(run(needs_memory, range(3), engine=Engine(workers=workers), label=None))


def deadly(task):
    if task == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_a_task_whose_worker_is_killed_is_named_and_the_others_done():
    failed = Failures()
    assert list(run(deadly, range(6), engine=Engine(workers=2), label=None, failed=failed)) == [0, 1, 2, 4, 5]
    assert failed.describe() == (
        "1 failed, the others are done. the worker of task 3 was killed. Lower --workers, it may be memory."
    )


def damaged(task):
    raise PhotoError("truncated", f"photo {task}")


def test_an_unusable_photo_is_told_from_a_worker_too():
    with pytest.raises(PhotoError, match=r"^truncated: photo 0$"):
        list(run(damaged, range(2), engine=Engine(workers=2), label=None))


def test_no_failure_is_told_in_no_words():
    assert Failures().describe() == ""


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "from core.engine import run\nfrom core.engines import Engine\n"
        "import time\n"
        "if __name__ == '__main__':\n"
        "    for _ in run(time.sleep, [0.05] * 2000, engine=Engine(workers=2), label=None):\n"
        "        print('ready', flush=True)\n"
    )
    parent = psutil.Popen([sys.executable, script], stdout=subprocess.PIPE)
    with parent.stdout:
        parent.stdout.readline()
        workers = [one for one in parent.children() if "spawn_main" in " ".join(one.cmdline())]
        assert len(workers) == 2
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == []


def test_tasks_are_drawn_only_as_results_are_taken():
    drawn = []
    results = run(failing, (drawn.append(task) or task for task in range(3)), engine=LOCAL, label="lazy")
    assert drawn == []
    assert next(results) == 0
    assert drawn == [0]


@pytest.mark.parametrize("workers", [1, 2])
def test_no_tasks_no_results(workers):
    assert list(run(failing, [], engine=Engine(workers=workers), label="none")) == []
