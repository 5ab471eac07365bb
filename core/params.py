"""Strict parameters: one frozen dataclass per section of `params.yaml`; unknown and missing keys fail by name."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Annotated, Any, TypeVar, dataclass_transform

from annotated_types import Interval

from core.errors import ParamsError

Section = TypeVar("Section")
Completing = Callable[[dict[str, Any]], dict[str, Any]]

# What every generator that is seeded takes: Keras seeds NumPy's oldest one, which stops at 32 bits.
Seed = Annotated[int, Interval(ge=0, lt=2**32)]


@dataclass_transform(frozen_default=True)
def section(cls: type[Section]) -> type[Section]:
    """Make `cls` a frozen dataclass that `load` fills strictly: every field given, no other, no type bent."""
    cls.__pydantic_config__ = {"extra": "forbid", "strict": True}  # type: ignore[attr-defined]
    return dataclass(frozen=True)(cls)


def load(path: Path, name: str, cls: type[Section], *, complete: Completing | None = None) -> Section:
    """Read the section `name` (dotted, such as `triplets.mine`) of the YAML file `path` into `cls`.

    Args:
        complete: gives the whole section for what the file says of it, where the file need not say all.

    Raises:
        ParamsError: the file or the section is missing or malformed, or a key is missing, unknown,
            of another type, or refused by the dataclass' own `__post_init__` (a ValueError).
    """
    value: Any = read(path)
    for key in name.split("."):
        if not isinstance(value, dict) or key not in value:
            raise ParamsError(f"{path}: the section {name} is missing. Add it; profiles/sample.yaml shows one.")
        value = value[key]
    refuse_odd_keys(f"{path}: {name}", value)
    if complete is not None and isinstance(value, dict):
        value = complete(value)
    return typed(value, f"{path}: {name}", cls)


def refuse_odd_keys(name: str, value: Any) -> None:
    """Refuse a key that is no text in the mappings of `value`: JSON would make text of True without a word.

    Raises:
        ParamsError: the first one; `name` says where.
    """
    if isinstance(value, dict):
        for key, inside in value.items():
            if not isinstance(key, str):
                raise ParamsError(f"{name}: the key {key!r} is no string. Put it in quotes.")
            refuse_odd_keys(f"{name}.{key}", inside)


def typed(value: Any, name: str, cls: type[Section]) -> Section:
    """The section `value`, as YAML gives it, as `cls`; errors call it `name`.

    Raises:
        ParamsError: as `load`.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        # JSON mode is strict about types and yet takes a YAML list for a tuple.
        return TypeAdapter(cls).validate_json(json.dumps(value))
    except (TypeError, ValueError) as error:
        if isinstance(error, ValidationError):
            raise ParamsError(_one_line(name, error.errors()[0])) from error
        raise ParamsError(f"{name}: {error}. Use plain YAML values.") from error


def at_least(params: object, least: int, *names: str) -> None:
    """Refuse, in a section's `__post_init__`, a field of `names` below `least`.

    Raises:
        ValueError: the first that is.
    """
    for name in names:
        if getattr(params, name) < least:
            raise ValueError(f"{name} must be at least {least}. Received: {getattr(params, name)}")


def above_zero(params: object, *names: str) -> None:
    """Refuse, in a section's `__post_init__`, a field of `names` that is 0, less or not finite.

    Raises:
        ValueError: the first that is.
    """
    for name in names:
        if not 0 < getattr(params, name) < inf:
            raise ValueError(f"{name} must be a finite number above 0. Received: {getattr(params, name)}")


def shares(params: object, *names: str) -> None:
    """Refuse, in a section's `__post_init__`, a field of `names` that is below 0, or 1 and above.

    Raises:
        ValueError: the first that is.
    """
    for name in names:
        if not 0 <= getattr(params, name) < 1:
            raise ValueError(f"{name} must be from 0 to below 1. Received: {getattr(params, name)}")


def read(path: Path) -> Any:
    """What stands in the YAML file `path`.

    Raises:
        ParamsError: the file is missing or is no YAML.
    """
    try:
        return parsed(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise ParamsError(f"{path} does not exist. Run in the project's folder, or name one with --params.") from None
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path} is not YAML: {error}. Mend it.") from error


def parsed(text: str, name: str) -> Any:
    """What `text` says as YAML; errors call it `name`.

    Raises:
        ParamsError: it is no YAML.
    """
    from ruamel.yaml.error import YAMLError

    try:
        return _parsed(text)
    except (YAMLError, ValueError, RecursionError) as error:  # ValueError: a date that is none
        raise ParamsError(f"{name} is not YAML: {' '.join(str(error).split())}. Mend it.") from error


@lru_cache(maxsize=16)
def _parsed(text: str) -> Any:
    # A command reads several sections of one file.
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(text)


def _one_line(name: str, error: Any) -> str:
    key = ".".join([name, *(str(part) for part in error["loc"])])
    match error["type"]:
        case "missing":
            return f"{key} is missing. Add it; profiles/sample.yaml shows a value."
        case "unexpected_keyword_argument" | "extra_forbidden":
            return f"{key} is unknown. Remove it or mend its spelling."
        case "value_error":
            return f"{key}: {error['ctx']['error']}"
        case _:
            return f"{key}: {error['msg']}. Received: {error['input']!r}. Change it."
