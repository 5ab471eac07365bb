"""The settings that were kept under a name: a YAML file that a person may also write."""

import io
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.atomic import write_text
from core.errors import InputError, ParamsError
from core.params import parsed, refuse_odd_keys, typed
from triplets.tune.setting import Setting
from triplets.tune.turn import in_turn

_LONGEST = 60  # characters of a name
_LARGEST = 2**18  # bytes: about 3,000 settings


def read(path: Path) -> dict[str, Setting]:
    """The settings by name, in the order in which they were kept; none where there is no file.

    Raises:
        InputError: the file is too large, no UTF-8 or no YAML, or holds something else than settings.
    """
    return _settings(path, _text(path))


def keep(path: Path, name: str, setting: Setting) -> None:
    """Add `setting` to the file, or put it in the place of the one of its name. Several processes may do so at once.

    Raises:
        InputError: the name is empty, too long or not plain, or as `read`; the file is then as it was.
    """
    _refuse_odd_name("the setting", name)
    _change(path, {name: setting})


def forget(path: Path, name: str) -> None:
    """Remove the setting of that name, if there is one.

    Raises:
        InputError: as `read`; the file is then as it was.
    """
    _change(path, {name: None})


def _change(path: Path, changes: Mapping[str, Setting | None]) -> None:
    """Put settings into the file by their names, None taking one out; comments between them stay."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10**9
    with in_turn(path):
        text = _text(path)
        wanted, written = _settings(path, text), yaml.load(text) or CommentedMap()
        for name, setting in changes.items():
            if setting is None:
                wanted.pop(name, None)
                written.pop(name, None)
            else:
                wanted[name], written[_key(name)] = setting, _flow(asdict(setting))
        for setting in written.values():
            for weights in (setting["weights"], *setting["category_weights"].values()):
                # ruamel's own floats remember how they were written, and then lose their last digit.
                weights.update({name: float(weight) for name, weight in weights.items()})
        told = io.StringIO()
        yaml.dump(written, told)
        _refuse_large(path, len(told.getvalue().encode("utf-8")))
        # Only a second reading can tell that every name came through.
        if _settings(path, told.getvalue()) != wanted:
            raise InputError(f"{path} cannot hold these names as they are. Write the setting in by hand.")
        write_text(path.resolve(), told.getvalue())


def _flow(values: Mapping[str, Any]) -> Any:
    """A mapping that is written on one line."""
    from ruamel.yaml.comments import CommentedMap

    told = CommentedMap(
        (_key(name), _flow(value) if isinstance(value, dict) else value) for name, value in values.items()
    )
    told.fa.set_flow_style()
    return told


def _key(name: str) -> str:
    """The name, in quotes unless it is plain words: ruamel leaves them out of some that need them, such as `:a`."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    return name if re.fullmatch(r"[^\W\d][\w -]*", name) else DoubleQuotedScalarString(name)


def _text(path: Path) -> str:
    try:
        _refuse_large(path, path.stat().st_size)
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not YAML: {error}. Mend it.") from error


def _refuse_large(path: Path, size: int) -> None:
    if size > _LARGEST:
        raise InputError(
            f"{path}: {size:,} bytes are too many for settings, {_LARGEST:,} is the most."
            " Look what it holds, and take some out by hand."
        )


def _settings(path: Path, text: str) -> dict[str, Setting]:
    try:
        values = parsed(text, str(path))
        _refuse_shared(path, values, set())
        refuse_odd_keys(str(path), values)
        if not isinstance(values, dict | None):
            raise InputError(f"{path} must have a setting per name. Received: {str(values)[:_LONGEST]!r}. Mend it.")
        for name in values or ():
            _refuse_odd_name(str(path), name)
        return {name: typed(value, f"{path}: {name}", Setting) for name, value in (values or {}).items()}
    except ParamsError as error:
        raise InputError(str(error)) from error


def _refuse_shared(path: Path, value: Any, seen: set[int]) -> None:
    """A few anchors, each naming the one before several times, would stand for more values than there is memory."""
    if isinstance(value, dict | list):
        if id(value) in seen:
            raise InputError(f"{path} shares values by anchors (&, *). Write each of them out.")
        seen.add(id(value))
        for inside in value.values() if isinstance(value, dict) else value:
            _refuse_shared(path, inside, seen)


def _refuse_odd_name(where: str, name: str) -> None:
    if not (0 < len(name) <= _LONGEST and name.isprintable() and name == name.strip()):
        raise InputError(
            f"{where}: a name has 1 to {_LONGEST} printable characters, no space first or last."
            f" Received: {name[: 2 * _LONGEST]!r}. Change it."
        )
