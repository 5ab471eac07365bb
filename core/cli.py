"""What the four command lines share: their options, and errors as one line with exit code 1."""

import errno
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from core.data_option import url_option
from core.databases.drivers import refuse_address
from core.engines import Engine
from core.errors import MildnetError

Command = TypeVar("Command", bound=Callable[..., Any])


class Stage(click.Group):
    """A command group that prints a MildnetError or an OSError as one line and exits with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except (MildnetError, OSError) as error:
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            step = ". Make room on its disk and run the command again: what was there is as it was." if full else ""
            click.echo(f"Error: {' '.join(str(error).split())}{step}", err=True)
            sys.exit(1)


class Database(click.Choice[str]):
    """The choice of a database, which shows no address that somebody gives instead: it may hold a password."""

    def __init__(self) -> None:
        super().__init__(["postgres", "mongodb"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        refuse_address(str(value), param.opts[0] if param else "the database")
        return super().convert(value, param, ctx)


def params_option(command: Command) -> Command:
    """Add `--params FILE`."""
    return click.option(
        "--params",
        "params_path",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("params.yaml"),
        show_default=True,
        help="The parameters' file.",
    )(command)


def workers_option(command: Command) -> Command:
    """Add `--workers N`; the results never depend on it."""
    return click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=os.cpu_count() or 1,
        show_default="one per core",
        help="Processes to use; the results are the same for every number.",
    )(command)


def engine_options(command: Command, default: str | None = "processes") -> Command:
    """Add `--engine`, `--master` and `--workers`, as one parameter `engine`; the results never depend on it."""

    @_engine_option(default)
    @_master_option
    @workers_option
    @wraps(command)
    def with_engine(*args: Any, name: Any, master: str | None, workers: int, **others: Any) -> Any:
        if master is not None and name != "spark":
            raise click.UsageError("--master is Spark's. Add --engine spark.")
        return command(*args, engine=Engine(name, workers, master), **others)

    return cast(Command, with_engine)


def engine_defaults(command: Command) -> Command:
    """Add the same options and `--data` to a group, for each of its commands that says nothing else."""

    @url_option
    @_engine_option(None)
    @_master_option
    @click.option("--workers", type=click.IntRange(min=1), help="Processes to use.")
    @click.pass_context
    @wraps(command)
    def with_defaults(context: click.Context, *args: Any, **said: Any) -> Any:
        said = {option: value for option, value in said.items() if value is not None}
        context.default_map = dict.fromkeys(cast(click.Group, context.command).commands, said)
        return command(*args)

    return cast(Command, with_defaults)


def _engine_option(default: str | None) -> Callable[[Command], Command]:
    return click.option(
        "--engine",
        "name",
        type=click.Choice(["local", "processes", "spark"]),
        default=default,
        show_default=True,
        help="What does the work: this process, several, or Spark; the results are the same.",
    )


_master_option = click.option(
    "--master", metavar="URL", help="Spark's master, as spark://HOST:PORT, yarn or k8s://...; else here."
)
