"""The engines: where the work of many partitions can be done."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Engine:
    """Where work is done: in this process, in `workers` processes, or on Spark at `master`, else in as many here.

    One process is this one.
    """

    name: Literal["local", "processes", "spark"] = "processes"
    workers: int = 1
    master: str | None = None


LOCAL = Engine("local")
