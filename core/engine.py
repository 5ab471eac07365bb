"""Run a pure function once per partition: in this process, in a pool of processes or on Spark, results in order.

The same bytes come out of every engine and worker count: results keep the order of the tasks, and each task
runs with one BLAS and one OpenCV thread, so that sums are formed in one order.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import TypeVar

from core.attempts import Failure, Failures, attempted, name_of
from core.engines import Engine
from core.errors import InputError

Task = TypeVar("Task")
Result = TypeVar("Result")


def run(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    engine: Engine,
    label: str | None,
    total: int | None = None,
    failed: Failures | None = None,
) -> Iterator[Result]:
    """Yield `function(task)` for each task, in the tasks' order, with a progress bar named `label`, or without one.

    `function` and the tasks must pickle unless the engine is this process. A few tasks per worker wait at a time, so
    that a long iterator of tasks or results never lies in memory. A task may have a `name` for errors to say.

    The first task that raises a MildnetError, or lacks memory, ends the run. Where `failed` is given, such a task is
    put there instead and has no result, and the others go on; all are there once the last result has been taken.

    Raises:
        InputError: a task's worker was killed again where it was done once more, for want of memory most likely; or
            Spark cannot be had.
        MildnetError: what a task has raised, unless `failed` is given.
    """
    from tqdm import tqdm

    with tqdm(total=total, desc=label, unit="", delay=1, disable=label is None) as bar:
        for outcome in _outcomes(function, tasks, engine):
            bar.update()
            if not isinstance(outcome, Failure):
                yield outcome
            elif failed is None:
                raise outcome.error
            else:
                failed.append(outcome)


def _outcomes(function: Callable[[Task], Result], tasks: Iterable[Task], engine: Engine) -> Iterator[Result | Failure]:
    if engine.name == "spark":
        return _on_spark(function, tasks, engine)
    if engine.name == "local" or engine.workers == 1:
        return _serial(function, tasks)
    return _parallel(function, tasks, engine.workers)


def _on_spark(function: Callable[[Task], Result], tasks: Iterable[Task], engine: Engine) -> Iterator[Result | Failure]:
    try:
        from core import spark
    except ModuleNotFoundError as error:
        raise InputError("Spark is not installed. Run pip install 'mildnet-triplets[spark]'.") from error
    yield from spark.run(function, tasks, engine)


def _serial(function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result | Failure]:
    for task in tasks:
        yield attempted(function, task)


def _parallel(function: Callable[[Task], Result], tasks: Iterable[Task], workers: int) -> Iterator[Result | Failure]:
    drawn = iter(tasks)
    waiting: deque[tuple[Task, Future[Result | Failure]]] = deque()
    while True:
        try:
            with _pool(workers) as pool:
                for task in drawn:
                    waiting.append((task, _begun(pool, function, task)))
                    if len(waiting) > 2 * workers:
                        yield _first(waiting)
                while waiting:
                    yield _first(waiting)
                return
        except BrokenProcessPool:
            # Nobody says whose worker was killed, and all have gone with it.
            left = [task for task, _ in waiting]
            waiting.clear()
        for task in left:
            yield _alone(function, task)


def _first(waiting: deque[tuple[Task, Future[Result | Failure]]]) -> Result | Failure:
    outcome = waiting[0][1].result()
    waiting.popleft()
    return outcome


def _alone(function: Callable[[Task], Result], task: Task) -> Result | Failure:
    """Do a task in a process of its own, whose end is that of nothing else."""
    with _pool(1) as pool:
        try:
            return _begun(pool, function, task).result()
        except BrokenProcessPool:
            name = name_of(task)
            return Failure(name, InputError(f"the worker of {name} was killed. Lower --workers, it may be memory."))


def _begun(pool: ProcessPoolExecutor, function: Callable[[Task], Result], task: Task) -> "Future[Result | Failure]":
    try:
        with _uninterrupted():
            return pool.submit(attempted, function, task)
    except BrokenProcessPool as error:
        broken: Future[Result | Failure] = Future()
        broken.set_exception(error)
        return broken


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    # A forked child would inherit the locks of TensorFlow's and Arrow's threads; a spawned one starts clean.
    context = multiprocessing.get_context("spawn")
    resource_tracker.ensure_running()  # which meddles with the signals that `_uninterrupted` holds back
    reader, writer = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_follow_parent, initargs=(reader,))
    with reader, writer, pool:
        try:
            yield pool
        except BaseException:
            writer.close()  # nobody waits for what the workers are at
            raise


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back an interrupt from the keyboard, which reaches every process: the parent alone is to answer it.

    A process that is started here never sees one.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _follow_parent(reader: Connection) -> None:
    """End with the parent, or when it closes its end of the pipe: else workers would wait for a killed one for ever."""
    parent = multiprocessing.parent_process()

    def end() -> None:
        wait([reader] if parent is None else [reader, parent.sentinel])
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()
