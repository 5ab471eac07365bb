"""The whole pipeline at its smallest, by DVC: what it makes, and what a change runs again."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from closure import PACKAGES, ROOT
from ruamel.yaml import YAML
from tune_browser import chromium, message, needs_browser, open_tab, order, picture, served, slide, until, watched

from core.tables import Catalog, Vectors

ORDER = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]

CLASSIFIER = {
    "classes": {"least": 1},
    "head": {"width": 32, "epochs": 3},
    "tune": {"start": "conv1", "epochs": 1},
}
TRUNK = {"name": "MobileNet", "size": 64}
SMALL = {
    "curate": {
        "sample": {"products": 72, "street_products": 24, "photos": 2, "side": 96},
        "photos": {"min_side": 16, "largest_side": 64},
        "split": {"val": 0.2, "test": 0.2},
    },
    "features": {
        "structure": {**CLASSIFIER, "trunk": {**TRUNK, "tap": "conv_pw_2_relu"}},
        "pattern": {**CLASSIFIER, "trunk": {**TRUNK, "tap": "conv_pw_1_relu"}},
        "pattern_sources": {"rendered": 10},
    },
    "triplets": {"recommend": {"neighbors": 20}, "mine": {"gap": 1}},
    "train": {"fit": {"size": 32, "units": 16, "epochs": 2, "steps": 4, "batch": 4}},
}


def merge(old: dict, new: dict) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(key), dict):
            merge(old[key], value)
        else:
            old[key] = value


def change_params(project: Path, changes: dict) -> None:
    path = project / "params.yaml"
    params = YAML(typ="safe").load(path.read_text())
    merge(params, changes)
    with path.open("w") as file:
        YAML().dump(params, file)


def dvc(project: Path, *words: str) -> str:
    command = [Path(sys.executable).with_name("dvc"), *words]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ran(output: str) -> list[str]:
    return re.findall(r"Running stage '(\w+)'", output)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project with small parameters, run once."""
    folder = tmp_path_factory.mktemp("project")
    for name in (*PACKAGES, "dvc.yaml", "params.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    subprocess.run(["git", "init", "-q", folder], check=True)
    dvc(folder, "init", "-q")
    dvc(folder, "config", "core.analytics", "false")
    change_params(folder, SMALL)
    assert ran(dvc(folder, "repro")) == sorted(ORDER, key=list(ORDER).index)
    return folder


def test_leaves_a_judged_model(project):
    metrics = json.loads((project / "data/model/evaluation/metrics.json").read_text())
    assert {"structure", "pattern", "color", "recommender", "untrained", "trained"} <= set(metrics["systems"])
    assert (project / "data/model/fit/model.keras").stat().st_size > 1e6
    shown = dvc(project, "metrics", "show")
    assert "data/model/evaluation/metrics.json" in shown


def test_a_second_run_does_nothing(project):
    assert ran(dvc(project, "repro")) == []


def test_a_training_parameter_touches_the_training_alone(project):
    before = (project / "params.yaml").read_text()
    change_params(project, {"train": {"fit": {"margin": 0.2}}})
    changed = json.loads(dvc(project, "status", "--json"))
    (project / "params.yaml").write_text(before)
    assert list(changed) == ["fit"]
    assert json.loads(dvc(project, "status", "--json")) == {}


def test_the_commands_of_the_readme_run(project):
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.split("#")[0].split() for block in blocks for line in block.splitlines()]
    # The page answers until it is stopped; the tests of the browser start it.
    commands = [words for words in lines if words and words[0] != "make" and words[:2] != ["triplets", "tune"]]
    assert ["train", "where"] in commands
    for program, *words in commands:
        script = Path(sys.executable).with_name(program)
        done = subprocess.run([script, *words], cwd=project, capture_output=True, text=True)
        assert done.returncode == 0, f"{program} {words}: {done.stderr}"


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def address(project):
    """The tuning page over the project."""
    with served(project) as answering:
        yield answering


@needs_browser
def test_the_page_follows_the_sliders_and_the_clicks(browser, address, project):
    page, wrong = watched(browser, address)
    first, query = order(page), page.inner_text("#query")
    page.locator("#found button.small").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#found .wrong")
    until(page, "() => document.activeElement.matches('#found .wrong')")
    assert (project / "judgements.csv").read_text().splitlines()[1].split(",")[2] == first[0]
    (project / "judgements.csv").unlink()
    slide(page, "color", "End")
    slide(page, "structure", "Home")
    assert order(page) != first
    assert order(page, 1) == first
    chosen = order(page)[2]
    # By keys alone: the button keeps the focus that it has.
    page.locator("#found button.photo").nth(2).focus()
    page.keyboard.press("Enter")
    until(page, "(id) => document.querySelector('#query').innerText.includes(id)", chosen)
    until(page, "() => document.activeElement.matches('#found button.photo')")
    assert chosen not in order(page)
    page.get_by_role("button", name="Back", exact=True).click()
    until(page, "(text) => document.querySelector('#query').innerText === text", query)
    page.fill("#name textarea, #name input", "nothing")
    page.keyboard.press("Enter")
    assert "has no photo and no product 'nothing'" in message(page, "nothing")
    assert page.inner_text("#query") == query
    page.click("#gallery li:nth-child(3) button")
    until(page, "(text) => document.querySelector('#query').innerText !== text", query)
    until(page, "() => !document.querySelector('#message .message')")
    assert wrong == []
    picture(page, "tune")
    page.close()


@needs_browser
def test_the_page_fits_a_phone_and_an_uploaded_photo_asks(browser, address, project, tmp_path):
    page, wrong = watched(browser, address, width=390)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    until(page, "() => [...document.images].every(image => image.complete && image.naturalWidth)")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    page.set_input_files("#upload input, input[type=file]", broken)
    assert "broken.jpg is no photo to use" in message(page, "broken.jpg")
    known = page.get_attribute("#gallery button.photo", "data-value")
    (photo,) = (project / "data/sample").rglob(known)
    page.set_input_files("#upload input, input[type=file]", photo)
    until(page, "() => document.querySelector('#query').innerText.includes('uploaded')")
    assert page.locator("#message .message").count() == 0
    # A photo of the catalog is described as it was there.
    assert order(page)[0] == known
    assert float(page.inner_text("#found li b")) < 0.01
    assert len(order(page)) == 10
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert wrong == []
    page.close()


@needs_browser
def test_judgements_teach_weights_that_the_sliders_take(browser, address, project):
    page, wrong = watched(browser, address)
    slide(page, "color", "Home")
    open_tab(page, "Judge")
    page.fill("#who textarea, #who input", "Ann")
    page.click("#ask")
    page.wait_for_selector("#pair img")
    asked = page.inner_text("#pair figure:first-child")
    page.get_by_role("button", name="B is closer").click()
    until(page, "(text) => document.querySelector('#pair figure').innerText !== text", asked)
    (header, row) = (project / "judgements.csv").read_text().splitlines()
    assert header == "query,a,b,closer,who,when"
    assert row.split(",")[3:5] == ["b", "Ann"]
    page.click("#learn")
    assert message(page, "so far").strip() == "1 judgement so far; learning takes 60. Judge 59 more."
    judge_by_color(project)
    page.click("#learn")
    page.wait_for_selector("#told pre")
    assert "The learnt weights agree with the judges more often" in page.inner_text("#told")
    picture(page, "judge")
    page.click("#take")
    until(page, "() => document.querySelector('#weight-color input[type=range]').value > 0.8")
    open_tab(page, "Compare")
    page.click("#compare")
    page.wait_for_selector("#compared table")
    names = page.locator("#compared tbody th").all_inner_texts()
    assert names == ["Yours", "params.yaml", *(f"{name} alone" for name in ("structure", "pattern", "color")), "chance"]
    assert wrong == []
    page.close()


def judge_by_color(project):
    """Judgements of someone who looks at the colour alone, of random photos of a partition."""
    rng = np.random.default_rng(1)
    catalog = Catalog.read(project / "data/curated/catalog/catalog.parquet")
    color = Vectors.read(project / "data/features/color.arrow").of(catalog.image_id)
    rows = []
    for query in rng.permutation(len(catalog))[:100]:
        others = np.flatnonzero((catalog.partition == catalog.partition[query]) & (np.arange(len(catalog)) != query))
        a, b = rng.permutation(others)[:2]
        apart = np.abs(np.sqrt(color[[a, b]]) - np.sqrt(color[query])).sum(axis=1)
        ids = [catalog.image_id[row] for row in (query, a, b)]
        rows.append(",".join([*ids, "ab"[apart.argmin()], "Bo", ""]))
    with (project / "judgements.csv").open("a") as file:
        file.write("\n".join(rows) + "\n")


@needs_browser
def test_weights_are_saved_with_their_comments_and_the_triplets_are_made_anew(browser, address, project):
    params = project / "params.yaml"
    params.write_text("# what we call similar\n" + params.read_text())
    page, wrong = watched(browser, address)
    slide(page, "pattern", "End")
    catalog = Catalog.read(project / "data/curated/catalog/catalog.parquet")
    page.fill("#name textarea, #name input", catalog.image_id[catalog.split == "train"][0])
    page.keyboard.press("Enter")
    until(page, "() => document.querySelector('#query').innerText.includes('train')")
    open_tab(page, "Triplets")
    page.click("#preview")
    page.wait_for_selector("#triplets .three img")
    assert "The positive has the similarity" in page.inner_text("#triplets")
    open_tab(page, "Save")
    page.fill("#setting-name textarea, #setting-name input", "patterns first")
    page.click("#keep")
    until(page, "() => document.querySelector('#message .message') === null")
    page.click("#difference-of")
    page.wait_for_selector("#difference pre")
    other, _ = watched(browser, address)
    before = params.read_text()
    params.write_text(before + "# changed meanwhile\n")
    page.click("#write")
    assert "changed on disk" in message(page, "changed on disk")
    assert params.read_text() == before + "# changed meanwhile\n"
    page.click("#difference-of")
    until(page, "() => !document.querySelector('#message .message')")
    page.click("#write")
    until(page, "() => document.querySelector('#difference').innerText.includes('has your weights now')")
    saved = params.read_text()
    assert saved.startswith("# what we call similar\n")
    assert saved.endswith("# changed meanwhile\n")
    weights = YAML(typ="safe").load(saved)["triplets"]["recommend"]["weights"]
    assert weights["pattern"] == max(weights.values())
    assert list(YAML(typ="safe").load((project / "weights.yaml").read_text())) == ["patterns first"]
    open_tab(page, "Neighbours")
    # The side of params.yaml has the weights that were written.
    until(page, "() => new Set([...document.querySelectorAll('#found h2 .fine')].map(e => e.innerText)).size === 1")
    open_tab(page, "Save")
    picture(page, "save")
    page.click("#regenerate")
    page.wait_for_selector("#progress a", timeout=120_000)
    assert page.request.get(f"{address}/report").status == 200
    assert json.loads((project / "data/triplets/recommended/similarity.json").read_text())["weights"] == weights
    # What is made of the triplets is out of date now, and nothing else; `embed` is not told before `fit` has run.
    assert list(json.loads(dvc(project, "status", "--json"))) == ["fit", "evaluate"]
    # The other tab goes on, by the tables as they are now.
    other.locator("#found button.photo").first.click()
    until(other, "() => document.querySelectorAll('#found .column').length === 2")
    assert wrong == []
    page.close()


@pytest.mark.slow
def test_a_weight_runs_recommend_and_all_that_follows(project):
    change_params(project, {"triplets": {"recommend": {"weights": {"color": 0.9}}}})
    follow = ["recommend", "similar", "mine", "mix", "fit", "embed", "evaluate"]
    assert ran(dvc(project, "repro")) == follow
