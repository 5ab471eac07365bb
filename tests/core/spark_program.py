"""Programs that use the engine, run as processes of their own by the tests of its faults: `python FILE KIND`."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from core import engine
from core.attempts import Failures
from core.cli import Stage
from core.engines import Engine


@dataclass(frozen=True)
class Task:
    """Some memory to ask for, and some to give back."""

    number: int
    needs_mb: int = 1
    gives_mb: int = 1
    size: int = 1

    @property
    def name(self) -> str:
        return f"women/skirts {self.number}"


def memory(task: Task) -> np.ndarray:
    np.ones(task.needs_mb << 20, np.uint8)
    return np.ones(task.gives_mb << 20, np.uint8)


@click.group(cls=Stage)
def main() -> None:
    pass


@main.command()
def short() -> None:
    """Eight tasks, one of which asks for more than a worker has and one gives back more than Java can hold."""
    import spark_program  # by whose name a worker finds what is here

    tasks = [spark_program.Task(number) for number in range(8)]
    tasks[2], tasks[5] = spark_program.Task(2, needs_mb=6000), spark_program.Task(5, gives_mb=160)
    failed = Failures()
    done = list(engine.run(spark_program.memory, tasks, engine=Engine("spark", workers=2), label=None, failed=failed))
    click.echo(f"{len(done)} done")
    for failure in failed:
        click.echo(failure.describe())


@main.command()
def full() -> None:
    """Results each of which Java can hold, but not several at a time."""
    import spark_program

    tasks = [spark_program.Task(number, gives_mb=55, size=5000) for number in range(12)]
    for _ in engine.run(spark_program.memory, tasks, engine=Engine("spark", workers=2), label=None):
        pass


def asleep(started: Path) -> None:
    started.touch()
    time.sleep(90)


@main.command()
@click.argument("name")
@click.argument("started", type=click.Path(path_type=Path))
def slow(name: str, started: Path) -> None:
    """Tasks that take long, of which the first to start makes a file."""
    import spark_program

    list(engine.run(spark_program.asleep, [started] * 4, engine=Engine(name, 2), label=None))


if __name__ == "__main__":
    sys.exit(main())
