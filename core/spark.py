"""Run a pure function once per task on Spark: tasks go out and results come back in order, a few at a time.

Tasks and results travel pickled, as rows of an RDD: nothing reads into them, so the DataFrame's planner and Arrow would
only cost time, four seconds of a core per run and twice the time per Spark task. A Spark task costs tens of
milliseconds, so small tasks share one, a bundle, and are done in it one after the other; each is an answer of its own.
A job has a bundle per slot of the cluster and a few jobs are under way, so that the slots stay busy and the driver
never holds all. Results are not streamed by `toLocalIterator`: it runs one bundle at a time.
"""

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import uuid4

from py4j.protocol import Py4JError
from pyspark import SparkContext
from pyspark.cloudpickle import dumps
from pyspark.errors import PySparkException

from core.attempts import Failure, attempted, name_of
from core.engines import Engine
from core.errors import InputError
from core.place import Place
from core.spark_faults import bundle_at_fault, told
from core.spark_session import heap, session

Bundle = list[Any]

_JOBS = 4  # under way at a time: the next ones fill the slots that the last bundles of the first have left
_TASKS = 64  # of a bundle at most
_PHOTOS = 4096  # likewise, of all its tasks
_COPIES = 8  # of a result that Java's memory must have room for
_FAULTS = (PySparkException, Py4JError, ConnectionError)  # the last where Java has gone


def run(function: Callable[[Any], Any], tasks: Iterable[Any], engine: Engine) -> Iterator[Any]:
    """Yield `function(task)` or its failure for each task, in the tasks' order; any other error is raised here.

    A task may say its `size` in photos, then small ones share a Spark task; without it is done in one of its own.

    Raises:
        InputError: Spark does not start or has stopped, or a worker lacks the project.
    """
    with ThreadPoolExecutor(_JOBS) as pool, session(engine) as context:
        jobs = Jobs(context, function, pool, f"mildnet-{uuid4()}", heap(context) // _COPIES)
        drawn = bundles(tasks)
        waiting: deque[tuple[list[Bundle], Future[list[bytes]]]] = deque()
        try:
            for job in iter(lambda: list(islice(drawn, jobs.slots())), []):
                waiting.append((job, jobs.start(job)))
                if len(waiting) >= _JOBS:
                    yield from jobs.outcomes(*waiting.popleft())
            while waiting:
                yield from jobs.outcomes(*waiting.popleft())
        except BaseException:
            jobs.stop([future for _, future in waiting])
            raise


def bundles(tasks: Iterable[Any]) -> Iterator[Bundle]:
    """Tasks in their order, small ones together; one that does not say its `size`, or is too large, is alone."""
    bundle: Bundle = []
    photos = 0
    for task in tasks:
        size = getattr(task, "size", _PHOTOS)
        if bundle and (photos + size > _PHOTOS or len(bundle) == _TASKS):
            yield bundle
            bundle, photos = [], 0
        bundle.append(task)
        photos += size
    if bundle:
        yield bundle


@dataclass(frozen=True)
class Jobs:
    """The Spark jobs of a run of `function`, started in the threads of a `pool` and known by a `tag`.

    A result of more than `most` bytes would be too much for Java.
    """

    context: SparkContext
    function: Callable[[Any], Any]
    pool: ThreadPoolExecutor
    tag: str
    most: int

    def slots(self) -> int:
        """How many bundles the cluster can do at a time; more as its executors arrive."""
        try:
            return int(self.context.defaultParallelism)
        except _FAULTS as error:
            raise InputError(told(error, "the next task")) from error

    def start(self, job: list[Bundle]) -> Future[list[bytes]]:
        """Do the bundles; the future has the answers of all their tasks, in order."""
        return self.pool.submit(self._collect, job)

    def outcomes(self, job: list[Bundle], answers: Future[list[bytes]]) -> Iterator[Any]:
        """What came of each task of a job that was started, in order.

        Where a bundle's worker has died again and again, its tasks are done one by one: the one to blame is a failure.
        """
        try:
            done = answers.result()
        except _FAULTS as error:
            number = bundle_at_fault(error)
            if number is None:
                under_way = f"{name_of(job[0][0])} to {name_of(job[-1][-1])}"
                raise InputError(told(error, under_way)) from error
            yield from self._again(job[:number])
            if len(job[number]) == 1:
                name = name_of(job[number][0])
                yield Failure(name, InputError(told(error, name)))
            else:
                for task in job[number]:
                    yield from self._again([[task]])
            yield from self._again(job[number + 1 :])
        else:
            yield from map(_outcome, done)

    def stop(self, waiting: list[Future[list[bytes]]]) -> None:
        """End the jobs that nobody waits for any more."""
        for answers in waiting:
            answers.cancel()
        if self.context._jsc is not None:  # else it is stopped, and they with it
            with suppress(*_FAULTS):
                self.context.cancelJobsWithTag(self.tag)

    def _again(self, job: list[Bundle]) -> Iterator[Any]:
        if job:
            yield from self.outcomes(job, self.start(job))

    def _collect(self, job: list[Bundle]) -> list[bytes]:
        place, most = Place.here(), self.most

        def answers(rows: Iterable[list[bytes]]) -> Iterator[bytes]:
            return (fitting(answer(task, place), task, most) for row in rows for task in row)

        self.context.addJobTag(self.tag)
        rows = [[dumps((self.function, task)) for task in bundle] for bundle in job]
        return self.context.parallelize(rows, len(rows)).mapPartitions(answers).collect()


def answer(pickled: bytes, place: Place) -> bytes:
    """Do a task on a worker, at `place`; its result or what it has raised, pickled.

    An error is an answer: Spark would repeat the task, and wrap what it says.
    """
    try:
        place.enter()
        function, task = pickle.loads(pickled)
        outcome = attempted(lambda one: dumps((function(one),)), task)
        return outcome if isinstance(outcome, bytes) else dumps((outcome,))
    except ModuleNotFoundError:
        raise
    except Exception as error:
        return dumps(error)


def fitting(found: bytes, pickled: bytes, most: int) -> bytes:
    """An answer of `most` bytes at most; in place of a larger one, for which all of Spark would stop, a failure."""
    if len(found) <= most:
        return found
    name, needed = name_of(pickle.loads(pickled)[1]), -(-len(found) * _COPIES // 2**30)
    error = InputError(
        f"the result of {name}, {len(found) / 2**20:,.0f} MB, is too large for Java's memory. Raise spark.driver.memory"
        f" and spark.executor.memory to {needed}g."
    )
    return dumps((Failure(name, error),))


def _outcome(pickled: bytes) -> Any:
    found = pickle.loads(pickled)
    if isinstance(found, Exception):
        raise found
    return found[0]
