"""Change values of `params.yaml` and leave every other byte of it, comments and layout too, as it stands."""

import copy
import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path
from pprint import pformat
from typing import Any

from core.atomic import replacing
from core.errors import ParamsError


@dataclass(frozen=True)
class _Edit:
    """The characters from `start` to `end` of a text are to become `new`."""

    start: int
    end: int
    new: str


def replaced(text: str, changes: Mapping[str, Any]) -> str:
    """The YAML `text` with new values at dotted keys, such as {"triplets.recommend.weights.color": 0.25}.

    A value is a plain one or a mapping of such. A value that stands there is left as it is written. A mapping with the
    keys that stand there keeps its layout. One with other keys is written anew, as a flow map on one line.

    Raises:
        ParamsError: `text` is not YAML, lacks a key, shares a value by an anchor, has comments inside a mapping that
            must be written anew, or would change elsewhere.
    """
    edits: list[_Edit] = []
    root, stands = _composed(text), _parsed(text)
    for key, value in changes.items():
        key_node, node = _found(root, key)
        edits += _edits(text, key, key_node, node, reduce(getitem, key.split("."), stands), value)
    changed = text
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        changed = changed[: edit.start] + edit.new + changed[edit.end :]
    # Only a second reading can tell that nothing else has changed; pformat tells 1 from 1.0 and from true.
    if pformat(_parsed(changed)) != pformat(_with(stands, changes)):
        raise ParamsError(f"writing {', '.join(changes)} would change other values too. Write the values in by hand.")
    return changed


def text_of(path: Path) -> str:
    """The text of the YAML file `path`, each line's end as it stands.

    Raises:
        ParamsError: the file is missing or not UTF-8.
    """
    try:
        # As bytes: reading text would turn each line's end into \n.
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ParamsError(f"{path} does not exist. Run in the project's folder, or name one with --params.") from None
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path} is not YAML: {error}. Mend it.") from error


def replaced_in(path: Path, text: str, changes: Mapping[str, Any]) -> str:
    """The `text` of the file `path` with changes, as `replaced`, whose errors then name the file."""
    try:
        return replaced(text, changes)
    except ParamsError as error:
        raise ParamsError(f"{path}: {error}") from error


def write(path: Path, text: str) -> None:
    """Put `text` into the file `path`, atomically; its mode stays, a link stays one."""
    with replacing(path.resolve()) as beside:
        beside.write_bytes(text.encode("utf-8"))
        shutil.copymode(path, beside)


def _composed(text: str) -> Any:
    """The nodes of the YAML text, which know where they stand."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML().compose(text)
    except YAMLError as error:
        raise ParamsError(f"it is not YAML: {' '.join(str(error).split())}. Mend it.") from error


def _parsed(text: str) -> Any:
    """The values of the YAML text."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(text)
    except (YAMLError, ValueError) as error:  # ValueError: a date that is none
        raise ParamsError(f"it is not YAML: {' '.join(str(error).split())}. Mend it.") from error


def _found(root: Any, key: str) -> tuple[Any, Any]:
    """The nodes of the last part of the dotted `key` and of its value."""
    key_node, node = None, root
    for part in key.split("."):
        pairs = _pairs(node)
        if part not in pairs:
            raise ParamsError(f"the key {key} is missing. Add it; profiles/sample.yaml shows a value.")
        key_node, node = pairs[part]
        _refuse_anchor(key, node)
    return key_node, node


def _refuse_anchor(name: str, node: Any) -> None:
    if node.anchor:
        raise ParamsError(f"{name} is shared by the anchor &{node.anchor}. Write the value out instead of sharing it.")


def _pairs(node: Any) -> dict[str, tuple[Any, Any]]:
    """The key and value nodes of a mapping's node by those keys that are text; of any other node, none."""
    from ruamel.yaml.nodes import MappingNode

    if not isinstance(node, MappingNode):
        return {}
    return {key.value: (key, value) for key, value in node.value if key.tag == "tag:yaml.org,2002:str"}


def _edits(text: str, name: str, key: Any, node: Any, stands: Any, value: Any) -> list[_Edit]:
    """What gives the `node` of the key `name`, where the value `stands`, the new `value`."""
    from ruamel.yaml.nodes import ScalarNode

    if pformat(stands) == pformat(value):
        return []
    pairs = _pairs(node)
    if isinstance(value, Mapping) and pairs and set(pairs) == set(value):
        within = []
        for part, inside in value.items():
            _refuse_anchor(f"{name}.{part}", pairs[part][1])
            within += _edits(text, f"{name}.{part}", *pairs[part], stands[part], inside)
        return within
    new = _flow(value)
    start, end = node.start_mark.index, _end(node)
    after_key = text.index(":", key.end_mark.index) + 1
    if start == node.end_mark.index:  # no value stands there
        start = end = after_key
    elif not isinstance(node, ScalarNode):
        if "#" in _blanked(text, node):
            raise ParamsError(f"{name} has comments inside, which would be lost. Write it in by hand: {new}")
        if not node.flow_style:
            start = after_key
    return [_Edit(start, end, new if text[:start].endswith(" ") else f" {new}")]


def _flow(value: Any) -> str:
    """The value as YAML on one line, its keys and texts quoted where YAML needs it."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.width = 10**9
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # its default is None
    yaml.allow_unicode = _printable(value)  # ruamel writes a next-line character bare, and reads a line break
    written = io.StringIO()
    if isinstance(value, Mapping):
        yaml.dump(dict(value), written)
        return written.getvalue().strip()
    yaml.dump([value], written)
    return written.getvalue().strip()[1:-1]


def _printable(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_printable(part) for pair in value.items() for part in pair)
    return str(value).isprintable()


def _end(node: Any) -> int:
    """Where a node's last character stands; the end mark of a block map is where the next thing begins."""
    from ruamel.yaml.nodes import ScalarNode

    if isinstance(node, ScalarNode) or node.flow_style or not node.value:
        end: int = node.end_mark.index
        return end
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _blanked(text: str, node: Any) -> str:
    """The text of a node without that of its keys and plain values: what is left may hold comments."""
    from ruamel.yaml.nodes import ScalarNode

    start, end = node.start_mark.index, _end(node)
    if isinstance(node, ScalarNode):
        return ""
    left, at = "", start
    inside = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    for part in inside:
        left += text[at : part.start_mark.index] + _blanked(text, part)
        at = _end(part)
    return left + text[at:end]


def _with(values: Any, changes: Mapping[str, Any]) -> Any:
    """The parsed `values` with the `changes` at their dotted keys."""
    wanted = copy.deepcopy(values)
    for key, value in changes.items():
        *parents, last = key.split(".")
        inside = wanted
        for part in parents:
            inside = inside[part]
        inside[last] = value
    return wanted
