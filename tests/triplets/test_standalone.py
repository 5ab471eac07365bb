"""A standalone master with two workers on loopback does what this process does, and outlives a killed executor."""

import os
import shutil
import socket
import time
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import needing_spark  # noqa: F401 - skips where there is none
import psutil
import pytest
from click.testing import CliRunner

from core import engine, spark_session
from core.engines import Engine
from triplets.cli import main

pytestmark = pytest.mark.service

CLASS = Path(find_spec("pyspark").origin).parent / "bin/spark-class"
HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def master(tmp_path_factory):
    """The address of a master that has two workers of one core."""
    root = tmp_path_factory.mktemp("cluster")
    with socket.socket() as some:
        some.bind((HOST, 0))
        port = str(some.getsockname()[1])
    url = f"spark://{HOST}:{port}"
    with ExitStack() as cluster:
        cluster.enter_context(deployed(root / "master", "master.Master", "--port", port))
        while not listening(int(port)):
            time.sleep(0.1)
        for name in ("one", "two"):
            size = ("--cores", "1", "--memory", "1g", "--work-dir", str(root / name))
            cluster.enter_context(deployed(root / name, "worker.Worker", *size, url))
        yield url


class deployed:  # noqa: N801 - reads as a verb
    """A process of a cluster, for as long as it is entered."""

    def __init__(self, root: Path, name: str, *words: str) -> None:
        root.mkdir()
        program = [CLASS, f"org.apache.spark.deploy.{name}", "--host", HOST, "--webui-port", "0", *words]
        with (root / "log").open("w") as log:
            self.process = psutil.Popen(
                program, env=os.environ | {"SPARK_DAEMON_MEMORY": "256m"}, stdout=log, stderr=log, cwd=root
            )

    def __enter__(self) -> psutil.Popen:
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)


def listening(port: int) -> bool:
    with socket.socket() as some:
        return some.connect_ex((HOST, port)) == 0


def executors() -> list[psutil.Process]:
    """The Java processes that do the work, of the workers that this process has started."""
    found = psutil.Process().children(recursive=True)
    return [one for one in found if one.name() == "java" and "CoarseGrainedExecutorBackend" in " ".join(one.cmdline())]


def written(*words: str) -> dict[str, bytes]:
    """The files that three commands write by an engine."""
    shutil.rmtree("data/triplets", ignore_errors=True)
    for command in ("recommend", "mine", "similar"):
        done = CliRunner().invoke(main, [command, *words])
        assert done.exit_code == 0, done.output
    return {path.as_posix(): path.read_bytes() for path in Path("data/triplets").rglob("*") if path.is_file()}


def waiting(task: int) -> int:
    time.sleep(0.3)
    return task


def test_two_workers_write_the_bytes_of_this_process_and_one_may_lose_its_executor(master, project):
    local = written("--engine", "local")
    assert len(local) > 6
    with spark_session.session(Engine("spark", 2, master)):
        assert written("--engine", "spark", "--master", master) == local
        results = engine.run(waiting, range(12), engine=Engine("spark", 2, master), label=None)
        assert next(results) == 0
        assert len(executors()) == 2
        executors()[0].kill()
        assert list(results) == list(range(1, 12))
