"""Run a pure function once per task on Spark: tasks go out and results come back in order, a few at a time.

Tasks and results travel pickled, as binary rows of a DataFrame with a Spark partition per task, so a worker holds one
task at a time and Spark repeats what a lost worker has left. A job has a task per slot of the cluster and a few jobs
are under way, so that the slots stay busy and the driver never holds all. Results are not streamed by
`toLocalIterator`: it runs one partition at a time.
"""

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.cloudpickle import dumps
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from core.attempts import Failure, attempted, name_of
from core.engines import Engine
from core.errors import InputError
from core.spark_faults import told
from core.spark_session import session

Task = TypeVar("Task")
Result = TypeVar("Result")

_JOBS = 3  # under way at a time: the next ones fill the slots that the last tasks of the first have left
_FAULTS = (PySparkException, Py4JError)


def run(function: Callable[[Task], Result], tasks: Iterable[Task], engine: Engine) -> Iterator[Result | Failure]:
    """Yield `function(task)` or its failure for each task, in the tasks' order; any other error is raised here.

    Raises:
        InputError: Spark does not start, a worker lacks the project, or a task's worker died again and again.
    """
    tag = f"mildnet-{uuid4()}"
    with session(engine) as spark:
        drawn = iter(tasks)
        jobs = iter(lambda: list(islice(drawn, spark.sparkContext.defaultParallelism)), [])
        waiting: deque[Future[list[bytes]]] = deque()
        with ThreadPoolExecutor(_JOBS) as pool:
            try:
                for job in jobs:
                    waiting.append(pool.submit(_collect, spark, function, job, tag))
                    if len(waiting) >= _JOBS:
                        yield from map(_result, waiting.popleft().result())
                while waiting:
                    yield from map(_result, waiting.popleft().result())
            finally:
                for job_left in waiting:
                    job_left.cancel()
                if waiting:
                    spark.sparkContext.cancelJobsWithTag(tag)


def _collect(spark: SparkSession, function: Callable[[Task], Result], tasks: list[Task], tag: str) -> list[bytes]:
    folder = Path.cwd()

    def answers(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for row in batch.column(0):
                yield pa.RecordBatch.from_arrays([pa.array([answer(row.as_py(), folder)], pa.binary())], ["result"])

    spark.sparkContext.addJobTag(tag)
    try:
        table = pa.table({"task": pa.array([dumps((function, task)) for task in tasks], pa.binary())})
        results = spark.createDataFrame(table).mapInArrow(answers, "result binary").collect()
    except _FAULTS as error:
        names = [name_of(task) for task in tasks]
        raise InputError(told(error, names)) from error
    return [bytes(row.result) for row in results]


def answer(pickled: bytes, folder: Path) -> bytes:
    """Do a task on a worker, in the driver's working `folder`; its result or what it has raised, pickled.

    An error is an answer: Spark would repeat the task, and wrap what it says.
    """
    if str(folder) != os.getcwd():  # noqa: PTH109 - a path as text
        try:
            os.chdir(folder)
        except OSError as error:
            return dumps(
                InputError(f"a Spark worker has no folder {folder}: {error.strerror}. Share it with them all.")
            )
    try:
        function, task = pickle.loads(pickled)
        return dumps((attempted(function, task),))
    except ModuleNotFoundError:
        raise
    except Exception as error:
        return dumps(error)


def _result(pickled: bytes) -> Any:
    found = pickle.loads(pickled)
    if isinstance(found, Exception):
        raise found
    return found[0]
