"""Values of a parameters' file change, and nothing else of it does."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from core.errors import ParamsError
from core.params_file import replaced, replaced_in, text_of, write

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*.yaml"))]
WEIGHTS = "triplets.recommend.weights"
OWN = "triplets.recommend.category_weights"
three = st.fixed_dictionaries({name: st.floats(0, 1) for name in ("structure", "pattern", "color")})


def values(text: str):
    return YAML(typ="safe").load(text)


def rewrite(path: Path, changes: dict) -> None:
    write(path, replaced_in(path, text_of(path), changes))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@given(weights=three, own=st.dictionaries(st.text(min_size=1, max_size=12), three, max_size=2))
@settings(max_examples=8, deadline=None)
def test_only_the_weights_of_a_profile_change(path, weights, own):
    text = path.read_text(encoding="utf-8")
    changed = replaced(text, {f"{WEIGHTS}.{name}": value for name, value in weights.items()} | {OWN: own})
    expected = values(text)
    expected["triplets"]["recommend"] |= {"weights": weights, "category_weights": own}
    assert values(changed) == expected
    lines, now = text.split("\n"), changed.split("\n")
    assert len(lines) == len(now)
    for old, new in zip(lines, now, strict=True):
        if old != new:
            before, after = re.fullmatch(r"( +(?:category_)?weights: )\{[^}]*\}(.*)", old).groups()
            assert (new[: len(before)], new[len(new) - len(after) :]) == (before, after)


BLOCK = """# a shop
shop:            # its fruit
  weights:       # as sold
    pear: 0.25   # ripe
    # between
    plum: .75
  "own": {}      # äöü 🍐
  none:
  last: [1, {a: 2}]
"""


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"shop.weights.plum": 0.5}, "plum: .75", "plum: 0.5"),
        ({"shop.weights": {"plum": 1.0, "pear": 1e-05}}, "0.25   # ripe\n    # between\n    plum: .75", None),
        ({"shop.own": {"a: b": {"c": 1.5}, "x.y": {"d": 2}}}, "{} ", "{'a: b': {c: 1.5}, x.y: {d: 2}} "),
        ({"shop.none": 3}, "none:", "none: 3"),
        ({"shop.none": {}}, "none:", "none: {}"),
        ({"shop.last": {"b": True}}, "[1, {a: 2}]", "{b: true}"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_layout_comments_and_line_ends_stay(changes, old, new, newline, mark):
    new = new or "1e-05   # ripe\n    # between\n    plum: 1.0"
    assert BLOCK.count(old) == 1
    text = mark + BLOCK.replace("\n", newline)
    assert replaced(text, changes) == mark + BLOCK.replace(old, new).replace("\n", newline)


def test_values_that_stand_there_stay_as_they_are_written():
    text = "a: {b: .50, c: 'x', d: 1}  # they\ne: &f 1\n"
    assert replaced(text, {"a": {"b": 0.5, "c": "x", "d": 1}}) == text
    assert replaced(text, {"a": {"d": 1.0, "b": 0.5, "c": "x"}}) == text.replace("d: 1", "d: 1.0")


def test_a_block_map_with_other_keys_becomes_a_flow_map():
    text = "own:\n  a:\n    x: 1\n    y: 2\n\n# after\nlast: 1\n"
    changed = replaced(text, {"own": {"a": {"x": 1, "y": 2}, "b #1": {"x": 3, "y": 4}}})
    assert changed == "own: {a: {x: 1, y: 2}, 'b #1': {x: 3, y: 4}}\n\n# after\nlast: 1\n"
    assert replaced(changed, {"own": {"b #1": {"x": 0, "y": 0}}}) == "own: {'b #1': {x: 0, y: 0}}\n\n# after\nlast: 1\n"


def test_json_is_yaml():
    assert replaced('{"a": {"b":1, "c": {}}}', {"a.b": 2, "a.c": {"d": 3}}) == '{"a": {"b": 2, "c": {d: 3}}}'


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        ("a: {b: 1}", {"a.c": 2}, "the key a.c is missing. Add it; profiles/sample.yaml shows a value."),
        ("a: 1", {"a.b": 2}, "the key a.b is missing. Add it; profiles/sample.yaml shows a value."),
        ("a: {1: 1}", {"a.1": 2}, "the key a.1 is missing. Add it; profiles/sample.yaml shows a value."),
        ("", {"a": 2}, "the key a is missing. Add it; profiles/sample.yaml shows a value."),
        (
            "a: &x {b: 1}\nc: *x",
            {"c.b": 2},
            "c.b is shared by the anchor &x. Write the value out instead of sharing it.",
        ),
        (
            "a: {b: &x 1, c: *x}",
            {"a": {"b": 2, "c": 3}},
            "a.b is shared by the anchor &x. Write the value out instead of sharing it.",
        ),
        (
            "a:\n  b: 1  # one\n  c: 2\n",
            {"a": {"d": 1}},
            "a has comments inside, which would be lost. Write it in by hand: {d: 1}",
        ),
        ("a: 1\nb: 1", {"a": 2, "a.b": 1}, "the key a.b is missing. Add it; profiles/sample.yaml shows a value."),
        (
            "base: &x {b: 1}\na: {c: *x}",
            {"base": {"d": 1}},
            "base is shared by the anchor &x. Write the value out instead of sharing it.",
        ),
    ],
)
def test_what_cannot_be_changed_alone_is_refused(text, changes, message):
    with pytest.raises(ParamsError) as error:
        replaced(text, changes)
    assert str(error.value) == message


def test_overlapping_changes_are_refused():
    with pytest.raises(ParamsError):
        replaced("a: {b: 1, c: 2}", {"a": {"d": 1}, "a.b": 5})


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2", "a: 1\n---\nb: 1", "a: 2020-99-99\nb: 1", "a: \x01"])
def test_what_is_no_yaml_is_refused_in_a_line(tmp_path, text):
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(ParamsError, match=r"it is not YAML: .* Mend it") as error:
        rewrite(path, {"a": 2})
    assert "\n" not in str(error.value)
    assert path.read_text() == text


def test_a_file_is_replaced_with_its_mode_and_through_a_link(tmp_path):
    path, link = tmp_path / "p.yaml", tmp_path / "link.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1 # \xc3\xa9\r\nb: 2\r\n")
    path.chmod(0o640)
    link.symlink_to(path.name)
    rewrite(link, {"b": 0.5})
    assert path.read_bytes() == b"\xef\xbb\xbfa: 1 # \xc3\xa9\r\nb: 0.5\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["link.yaml", "p.yaml"]


def test_files_that_cannot_be_read_are_told(tmp_path):
    with pytest.raises(ParamsError) as error:
        rewrite(tmp_path / "p.yaml", {"a": 1})
    assert str(error.value) == (
        f"{tmp_path / 'p.yaml'} does not exist. Run in the project's folder, or name one with --params."
    )
    (tmp_path / "p.yaml").write_bytes(b"a: \xff")
    with pytest.raises(ParamsError, match=r"p\.yaml is not YAML: 'utf-8' codec can't decode .*\. Mend it\."):
        rewrite(tmp_path / "p.yaml", {"a": 1})
