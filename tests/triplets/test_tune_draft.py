"""Saving a setting: the difference that is shown is what is written, the rest of the file stays byte for byte."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import InputError, ParamsError
from core.params import load
from triplets.params import RecommendParams, Weights
from triplets.tune.draft import Draft
from triplets.tune.setting import Setting

FILE = """# a shop
triplets:
  recommend:
    weights: {structure: 2, pattern: 4, color: 4}   # as {they} are
    category_weights: {tops: {structure: 1, pattern: 1, color: 2}, hats: {structure: .50, pattern: 0.5, color: 0}}  # Al
    neighbors: 50
    scale_pairs: 100    # äöü
    seed: 1
other: [1, {a: 2}]
"""
NOW = Setting(Weights(2, 4, 4), {"tops": Weights(1, 1, 2), "hats": Weights(0.5, 0.5, 0)})


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "params.yaml"
    found.write_bytes(FILE.encode())
    return found


def test_the_same_proportions_change_nothing(path):
    same = Setting(Weights(0.2, 0.4, 0.4), {"hats": Weights(3, 3, 0), "tops": Weights(0.25, 0.25, 0.5)})
    for setting in (NOW, same):
        draft = Draft.of(path, setting)
        assert draft.diff == ""
        draft.write()
    assert path.read_text() == FILE


def test_weights_of_all_are_rounded_and_sum_to_1(path):
    draft = Draft.of(path, NOW.with_weights(Weights(1, 1, 1), None))
    assert path.read_text() == FILE
    assert draft.diff == "\n".join(
        [
            f"--- {path}, now",
            f"+++ {path}, saved",
            "@@ -1,7 +1,7 @@",
            " # a shop",
            " triplets:",
            "   recommend:",
            "-    weights: {structure: 2, pattern: 4, color: 4}   # as {they} are",
            "+    weights: {structure: 0.334, pattern: 0.333, color: 0.333}   # as {they} are",
            "     category_weights: {tops: {structure: 1, pattern: 1, color: 2},"
            " hats: {structure: .50, pattern: 0.5, color: 0}}  # Al",
            "     neighbors: 50",
            "     scale_pairs: 100    # äöü",
        ]
    )
    draft.write()
    assert path.read_text() == FILE.replace(
        "{structure: 2, pattern: 4, color: 4}", "{structure: 0.334, pattern: 0.333, color: 0.333}"
    )


@pytest.mark.parametrize(
    ("setting", "written"),
    [
        (
            NOW.with_weights(Weights(0, 0, 9), "tops"),
            "{tops: {structure: 0.0, pattern: 0.0, color: 1.0}, hats: {structure: .50, pattern: 0.5, color: 0}}",
        ),
        (
            NOW.with_weights(Weights(1, 1, 0), "a: b"),
            "{tops: {structure: 1, pattern: 1, color: 2}, hats: {structure: 0.5, pattern: 0.5, color: 0},"
            " 'a: b': {structure: 0.5, pattern: 0.5, color: 0.0}}",
        ),
        (NOW.without("tops"), "{hats: {structure: 0.5, pattern: 0.5, color: 0}}"),
        (Setting(NOW.weights, {}), "{}"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_weights_of_categories_are_changed_added_and_removed(path, setting, written, newline):
    text = FILE.replace("\n", newline)
    path.write_bytes(text.encode())
    draft = Draft.of(path, setting)
    old = "{tops: {structure: 1, pattern: 1, color: 2}, hats: {structure: .50, pattern: 0.5, color: 0}}"
    changed = [line for line in draft.diff.split("\n")[3:] if line.startswith(("+", "-"))]
    assert changed == [f"-    category_weights: {old}  # Al", f"+    category_weights: {written}  # Al"]
    assert "\r" not in draft.diff
    draft.write()
    assert path.read_bytes().decode() == text.replace(old, written)
    saved = Setting.of(load(path, "triplets.recommend", RecommendParams))
    assert saved.similarity({}) == Setting(NOW.weights, setting.category_weights).similarity({})


def test_a_file_that_changed_meanwhile_is_not_written(path):
    draft = Draft.of(path, NOW.with_weights(Weights(1, 1, 0), None))
    unchanged = Draft.of(path, NOW)
    theirs = FILE.replace("neighbors: 50", "neighbors: 60")
    path.write_text(theirs)
    for late in (draft, unchanged):
        with pytest.raises(InputError) as error:
            late.write()
        assert str(error.value) == (
            f"{path} changed on disk since the difference was shown. Look at the new one, then save."
        )
        assert path.read_text() == theirs
    Draft.of(path, NOW.with_weights(Weights(1, 1, 0), None)).write()
    assert "neighbors: 60" in path.read_text()
    path.unlink()
    with pytest.raises(ParamsError, match="does not exist"):
        draft.write()


def test_of_two_tabs_that_save_at_once_one_is_refused(path):
    """Each process makes its draft, waits for the other's, and saves; many times over."""
    code = """
import sys, time
from pathlib import Path
from core.errors import InputError
from triplets.params import Weights
from triplets.tune.draft import Draft
from triplets.tune.setting import Setting
path, me, other = map(Path, sys.argv[1:])
saved = 0
for turn in range(15):
    draft = Draft.of(path, Setting(Weights(turn + 1, 1.0 if me.name == "a" else 2.0, 50), {}))
    me.write_text(f"{2 * turn + 1}")
    while int(other.read_text() or 0) < 2 * turn + 1: time.sleep(0.001)
    try:
        draft.write()
        saved += 1
    except InputError:
        pass
    me.write_text(f"{2 * turn + 2}")
    while int(other.read_text() or 0) < 2 * turn + 2: time.sleep(0.001)
print(saved)
"""
    tabs = [path.with_name(name) for name in "ab"]
    for tab in tabs:
        tab.write_text("0")
    running = [
        subprocess.Popen([sys.executable, "-c", code, path, *order], stdout=subprocess.PIPE, text=True)
        for order in (tabs, tabs[::-1])
    ]
    saved = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(saved) == 15


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed: 1", "seed: one", ": triplets.recommend.seed: Input should be a valid integer. Received: 'one'."),
        ("weights: {structure: 2", "weights: {structure: &x 2", ": triplets.recommend.weights.structure is shared by"),
        ("# a shop", "[", " is not YAML: "),
        ("    weights: {structure: 2, pattern: 4, color: 4}", "", ": triplets.recommend.weights is missing. Add it;"),
    ],
)
def test_a_file_that_cannot_be_changed_says_so(path, old, new, message):
    path.write_text(FILE.replace(old, new))
    before = path.read_bytes()
    with pytest.raises(ParamsError) as error:
        Draft.of(path, NOW.with_weights(Weights(1, 0, 0), None))
    assert str(error.value).startswith(f"{path}{message}")
    assert path.read_bytes() == before


def test_a_missing_file_says_so():
    with pytest.raises(ParamsError, match=r"^no\.yaml does not exist\. Run in the project's folder"):
        Draft.of(Path("no.yaml"), NOW)
