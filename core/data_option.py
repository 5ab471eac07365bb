"""The option `--data URL` of a command line: the command works on the data folder at a URL of fsspec."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.core import ParameterSource

Command = TypeVar("Command", bound=Callable[..., Any])

url_option = click.option(
    "--data",
    "url",
    metavar="URL",
    help="Where the data folder lies: another folder, s3://BUCKET/data, gs://...; else here.",
)


def data_option(
    *, reads: Sequence[Path], of_workers: Sequence[Path], writes: Sequence[Path]
) -> Callable[[Command], Command]:
    """Add `--data URL` to a command that `reads` files and `writes` files or folders below `data`, the last one last.

    Paths that are given to the command are those of the working folder; only defaults below `data` lie in the mirror.
    """

    def add(command: Command) -> Command:
        @url_option
        @wraps(command)
        def with_data(*args: Any, url: str | None, **others: Any) -> None:
            if url is None:
                command(*args, **others)
                return
            from core.mirror import shown
            from core.place import mirrored

            here = {name: value.absolute() for name, value in others.items() if _of_working_folder(name, value)}
            with mirrored(url, reads, of_workers, writes):
                command(*args, **others | here)
            click.echo(f"written to {shown(url)}")

        return cast(Command, with_data)

    return add


def _of_working_folder(name: str, value: object) -> bool:
    default = click.get_current_context().get_parameter_source(name) is ParameterSource.DEFAULT
    return isinstance(value, Path) and not (default and value.parts[:1] == ("data",))
