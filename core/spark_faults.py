"""What Spark says at length when a job fails, as one line that names the task."""

import re

from py4j.protocol import Py4JNetworkError

_TASK = re.compile(r"Task (\d+) in stage \S+ failed (\d+) times")
_MODULE = re.compile(r"ModuleNotFoundError: (No module named '[^']+')")
_MEMORY = ("Python worker exited unexpectedly", "MemoryError", "OutOfMemory", "ExecutorLostFailure", "exit code 137")


def bundle_at_fault(error: BaseException) -> int | None:
    """The number of the bundle, a Spark task, that made a job fail; None where no task is to blame."""
    text = str(error)
    found = _TASK.search(text)
    return None if found is None or _MODULE.search(text) else int(found[1])


def told(error: BaseException, name: str) -> str:
    """The line for a job that failed; `name` is that of the task to blame, or says what was under way."""
    text = str(error)
    if module := _MODULE.search(text):
        return f"a Spark worker cannot import the project: {module[1]}. Install it there, or set PYSPARK_PYTHON."
    found = _TASK.search(text)
    if found is None:
        reason = "Java has ended" if isinstance(error, ConnectionError | Py4JNetworkError) else first_line(text)
        return (
            f"Spark has stopped at {name}: {reason}. Run the command again; if Java lacks memory, with a higher"
            " spark.driver.memory."
        )
    times = found[2]
    if any(sign in text for sign in _MEMORY):
        return (
            f"the Spark worker of {name} was killed {times} times. It may be memory: lower --workers, or raise"
            " spark.executor.memoryOverhead."
        )
    return f"{name} failed {times} times on Spark: {first_line(text[found.end() :])}."


def first_line(text: str) -> str:
    """The first line that says something, without the names of Java's classes before it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith(("at ", "An error occurred while calling"))] or lines or [""]
    return re.sub(r"^:?\s*(?:[\w$]+\.)+[\w$]+(?:Exception|Error):\s*", "", said[0]).rstrip(".")[:200]
