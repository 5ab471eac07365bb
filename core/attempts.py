"""Do one task with one thread: its result, or how it failed, so that the others can go on."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from core.errors import InputError, MildnetError

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Task = TypeVar("Task")
Result = TypeVar("Result")

_TOLD = 3  # failures that one line says in full


@dataclass(frozen=True)
class Failure:
    """A task that failed: its name, and its error, whose message is one line."""

    task: str
    error: MildnetError

    def describe(self) -> str:
        """The task's name and what it said, the name once."""
        said = str(self.error)
        return said if self.task in said else f"{self.task}: {said}"


class Failures(list[Failure]):
    """What failed of a run, in the tasks' order, for a caller that lets the others finish and then decides."""

    def describe(self) -> str:
        """How many failed and what the first of them said, in one line; empty where none did."""
        if not self:
            return ""
        told = [failure.describe() for failure in self[:_TOLD]]
        more = [f"{len(self) - _TOLD} more."] if len(self) > _TOLD else []
        return " ".join([f"{len(self)} failed, the others are done.", *told, *more])


def attempted(function: Callable[[Task], Result], task: Task) -> Result | Failure:
    """`function(task)`, or its failure where the data are to blame or memory is short; other errors are raised."""
    try:
        return single_threaded(function, task)
    except MildnetError as error:
        return Failure(name_of(task), error)
    except MemoryError as error:
        lacking = f": {error}" if str(error) else ""
        return Failure(
            name_of(task),
            InputError(
                f"{name_of(task)} needs more memory than a worker has{lacking}. Lower --workers, or raise"
                " spark.executor.pyspark.memory on Spark."
            ),
        )


def name_of(task: object) -> str:
    """What errors call a task: its `name`, or the beginning of what it looks like."""
    return str(getattr(task, "name", f"task {task!r:.60}"))


def single_threaded(function: Callable[[Task], Result], task: Task) -> Result:
    """`function(task)` with one BLAS and one OpenCV thread."""
    # Who needs OpenCV has imported it with the function; to import it here would take longer than many a task.
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(1)
    with _thread_pools().limit(limits=1):
        return function(task)


@cache
def _thread_pools() -> "ThreadpoolController":
    # Looking for the libraries takes a millisecond, as long as many a task.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
