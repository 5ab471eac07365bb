"""Settings: weights of all and of categories, the file that keeps them, and what that file may hold."""

import subprocess
import sys
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_project import RECOMMEND, fit

from core.errors import InputError
from triplets.params import RecommendParams, Weights
from triplets.tune.setting import Setting
from triplets.tune.settings_file import forget, keep, read

ONE = Setting(Weights(0.2, 0.4, 0.4), {})
OTHER = Setting(Weights(1, 0, 3), {"tops": Weights(0.0, 0.5, 0.5)})
LINE = "warm: {weights: {structure: 0.2, pattern: 0.4, color: 0.4}, category_weights: {}}\n"


def test_its_distance_is_the_one_that_recommend_would_write(project):
    own = {"tops": Weights(0, 1, 1), "dresses": Weights(5, 0, 0)}
    params = RecommendParams(Weights(2, 1, 1), own, neighbors=14, scale_pairs=300, seed=1)
    fitted = fit(project, params)
    found = Setting.of(params).similarity(fit(project, RECOMMEND).scales)
    assert asdict(found) == asdict(fitted)
    assert found.weights == {"structure": 0.5, "pattern": 0.25, "color": 0.25}
    assert found.categories["tops"] == {"structure": 0, "pattern": 0.5, "color": 0.5}


def test_weights_of_all_and_of_a_category_change_apart():
    turned = OTHER.with_weights(Weights(1, 1, 1), None)
    assert turned == Setting(Weights(1, 1, 1), OTHER.category_weights)
    own = turned.with_weights(Weights(0, 0, 1), "dresses")
    assert own == Setting(Weights(1, 1, 1), {"tops": Weights(0.0, 0.5, 0.5), "dresses": Weights(0, 0, 1)})
    assert own.without("tops").category_weights == {"dresses": Weights(0, 0, 1)}
    assert own.without("hats") == own
    assert OTHER.category_weights == {"tops": Weights(0.0, 0.5, 0.5)}


def test_settings_are_kept_in_order_replaced_and_forgotten(tmp_path):
    path = tmp_path / "weights.yaml"
    assert read(path) == {}
    keep(path, "warm", ONE)
    assert path.read_text() == LINE
    keep(path, "a: #1", OTHER)
    keep(path, "true", ONE)
    keep(path, "warm", OTHER)
    assert list(read(path).items()) == [("warm", OTHER), ("a: #1", OTHER), ("true", ONE)]
    forget(path, "a: #1")
    forget(path, "a: #1")
    assert list(read(path)) == ["warm", "true"]
    forget(path, "warm")
    forget(path, "true")
    assert read(path) == {}
    assert [entry.name for entry in tmp_path.iterdir()] == ["weights.yaml"]


def test_comments_and_a_link_stay(tmp_path):
    path, link = tmp_path / "weights.yaml", tmp_path / "link.yaml"
    path.write_text(
        f"# ours\n{LINE}# cool ones\ncool:   # Ann's\n  weights: {{structure: .5, pattern: 0.50, color: 0}}\n"
    )
    with path.open("a") as file:
        file.write("  category_weights: {}\n")
    link.symlink_to(path.name)
    keep(link, "new", OTHER)
    assert link.is_symlink()
    text = path.read_text()
    assert text.startswith(f"# ours\n{LINE}# cool ones\ncool:   # Ann's\n")
    assert list(read(path)) == ["warm", "cool", "new"]


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
    lambda name: name.isprintable() and name == name.strip()
)
weight = st.floats(0, 1e9)
weights = st.builds(Weights, st.floats(1e-9, 1), weight, weight)


@settings(deadline=None, max_examples=40)
@given(
    kept=st.dictionaries(names, st.builds(Setting, weights, st.dictionaries(names, weights, max_size=2)), max_size=3)
)
def test_what_is_kept_comes_back(tmp_path_factory, kept):
    path = tmp_path_factory.mktemp("kept") / "weights.yaml"
    for name, setting in kept.items():
        keep(path, name, setting)
    assert list(read(path).items()) == list(kept.items())


@pytest.mark.parametrize("name", ["", " a", "a ", "a" * 61, "a\nb", "a\tb", "\x00", "\u200b", "\xa0"])
def test_odd_names_are_refused(tmp_path, name):
    path = tmp_path / "weights.yaml"
    with pytest.raises(InputError) as error:
        keep(path, name, ONE)
    assert str(error.value) == (
        f"the setting: a name has 1 to 60 printable characters, no space first or last. Received: {name!r}. Change it."
    )
    assert not path.exists()


BOMB = "a: &a {x: 1}\n" + "".join(
    f"{new}: &{new} {{p: *{old}, q: *{old}, r: *{old}}}\n"
    for old, new in zip("abcdefghijklmnopqrs", "bcdefghijklmnopqrst", strict=True)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{LINE}{LINE}".encode(), " is not YAML: "),
        (b"\x89PNG\r\n\x1a\n\x00\x00", " is not YAML: 'utf-8' codec"),
        (b"a: \x00", " is not YAML: "),
        (b"a: [", " is not YAML: "),
        (b"a: !!python/object/apply:os.system [ls]", " is not YAML: "),
        (b"[" * 700, " is not YAML: maximum recursion depth exceeded"),
        (BOMB.encode(), " shares values by anchors (&, *). Write each of them out."),
        (b"a: &a [*a]", " shares values by anchors (&, *). Write each of them out."),
        (b"#" * 10_000_000, ": 10,000,000 bytes are too many for settings, 262,144 is the most. Look what it holds"),
        (b"just text", " must have a setting per name. Received: 'just text'. Mend it."),
        (b"[1, 2]", " must have a setting per name. Received: '[1, 2]'. Mend it."),
        (f"1{LINE[4:]}".encode(), ": the key 1 is no string. Put it in quotes."),
        (f"' a'{LINE[4:]}".encode(), ": a name has 1 to 60 printable characters, no space first or last. Rec"),
        (b"warm:", ": warm: Input should be an object. Received: None. Change it."),
        (b"warm: {weights: {structure: 1, pattern: 1, color: 1}}", ": warm.category_weights is missing. Add it;"),
        (LINE.replace("0.2", "yes").encode(), ": warm.weights.structure: Input should be a valid number. Received: 'y"),
        (
            LINE.replace("0.2", "true").encode(),
            ": warm.weights.structure: Input should be a valid number. Received: Tr",
        ),
        (LINE.replace("0.2", "2020-01-01").encode(), ": warm: Object of type date is not JSON serializable. Use plain"),
        (LINE.replace("0.2", "-1").encode(), ": warm.weights: structure, pattern and color must be at least 0, one"),
        (LINE.replace("0.2", ".nan").encode(), ": warm.weights: structure, pattern and color must be at least 0, one"),
        (LINE.replace("pattern", "shape").encode(), ": warm.weights.pattern is missing. Add it;"),
        (LINE.replace("{}", "{}, more: 1").encode(), ": warm.more is unknown. Remove it or mend its spelling."),
    ],
)
def test_a_file_that_holds_something_else_is_refused_and_stays(tmp_path, content, message):
    path = tmp_path / "weights.yaml"
    path.write_bytes(content)
    for act in (read, lambda path: keep(path, "cool", ONE), lambda path: forget(path, "warm")):
        with pytest.raises(InputError) as error:
            act(path)
        assert str(error.value).startswith(f"{path}{message}")
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 500
    assert path.read_bytes() == content


def test_a_file_that_would_become_too_large_to_read_stays(tmp_path):
    path = tmp_path / "weights.yaml"
    keep(path, "warm", ONE)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"^.*weights\.yaml: [23]\d\d,\d+ bytes are too many for settings"):
        keep(path, "cool", Setting(ONE.weights, {f"category {n}": ONE.weights for n in range(5_000)}))
    assert path.read_bytes() == before


def test_processes_that_keep_at_once_lose_nothing(tmp_path):
    path = tmp_path / "weights.yaml"
    code = (
        "import sys; from pathlib import Path; from triplets.params import Weights;"
        "from triplets.tune.setting import Setting; from triplets.tune.settings_file import keep;"
        "[keep(Path(sys.argv[1]), f'{sys.argv[2]} {n}', Setting(Weights(1.0, n, 1), {})) for n in range(12)]"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, path, who]) for who in ("Ann", "Ben", "Cat")]
    assert [process.wait() for process in running] == [0, 0, 0]
    kept = read(path)
    assert set(kept) == {f"{who} {n}" for who in ("Ann", "Ben", "Cat") for n in range(12)}
    assert [name for name in kept if name.startswith("Ben")] == [f"Ben {n}" for n in range(12)]
    assert kept["Cat 7"] == Setting(Weights(1.0, 7, 1), {})
