"""Want of memory and interrupts on Spark: the task is named, the others are done, and no process stays behind."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import needing_spark  # noqa: F401 - skips where there is none
import psutil
import pytest

pytestmark = pytest.mark.service

PROGRAM = Path(__file__).with_name("spark_program.py")
IMPORTS = {"PYTHONPATH": f"{PROGRAM.parents[2]}{os.pathsep}{PROGRAM.parent}"}


def done(folder: Path, kind: str) -> subprocess.CompletedProcess:
    """The program, whose two workers have 2 GB each and whose Java has 500 MB."""
    (folder / "spark-defaults.conf").write_text("spark.executor.pyspark.memory 4g\nspark.driver.memory 500m\n")
    known = IMPORTS | {"SPARK_CONF_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, PROGRAM, kind], env=os.environ | known, capture_output=True, text=True, timeout=120
    )


def test_a_worker_or_java_that_lacks_memory_is_told_by_its_task_and_the_others_are_done(tmp_path):
    result = done(tmp_path, "short")
    assert result.returncode == 0, result.stderr
    said = result.stdout.splitlines()
    assert said[0] == "6 done"
    assert said[1].startswith("women/skirts 2 needs more memory than a worker has: Unable to allocate 5.86 GiB")
    assert said[1].endswith("Lower --workers, or raise spark.executor.pyspark.memory on Spark.")
    assert said[2] == (
        "the result of women/skirts 5, 160 MB, is too large for Java's memory. Raise spark.driver.memory and"
        " spark.executor.memory to 2g."
    )
    assert result.stderr == ""


def test_a_java_that_is_full_ends_the_run_in_one_line(tmp_path):
    result = done(tmp_path, "full")
    assert result.returncode == 1
    assert re.fullmatch(
        r"Error: Spark has stopped at women/skirts \d+ to women/skirts \d+: Java has ended\. Run the command again;"
        r" if Java lacks memory, with a higher spark\.driver\.memory\.\n",
        result.stderr,
    )


def started(process: psutil.Popen, what: str) -> bool:
    """Whether a child of the process has `what` in its command line."""
    with suppress(psutil.Error):  # one has ended meanwhile
        return any(what in " ".join(child.cmdline()) for child in process.children())
    return False


@pytest.mark.parametrize("engine", ["spark", "processes"])
@pytest.mark.parametrize("moment", ["start", "midst"])
def test_an_interrupt_ends_all_at_once(engine, moment, tmp_path):
    process = psutil.Popen(
        [sys.executable, PROGRAM, "slow", engine, tmp_path / "started"],
        env=os.environ | IMPORTS,
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    early = "pyspark-shell" if engine == "spark" else "spawn_main"
    while not (started(process, early) if moment == "start" else (tmp_path / "started").exists()):
        assert process.poll() is None
        time.sleep(0.05)
    others = process.children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)  # as the keyboard does
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said == "\nAborted!\n"
    _, alive = psutil.wait_procs(others, timeout=20)
    assert alive == []
