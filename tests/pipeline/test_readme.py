"""The README names what exists."""

import re
import tomllib

import pytest
from closure import PACKAGES, ROOT

README = (ROOT / "README.md").read_text()


def test_the_tree_has_every_file():
    tree = README.split("## The tree")[1]
    for package in PACKAGES:
        block = tree.split(f"\n{package}/ ")[1]
        for file in (ROOT / package).rglob("*.py"):
            name = file.relative_to(ROOT / package).as_posix()
            if file.read_text().strip() and name != "__init__.py":
                assert f"\n  {name} " in block, f"README.md: the tree lacks {package}/{name}"


def test_the_make_targets_exist():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([\w-]+)", README, re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_every_link_leads_to_a_file(page):
    for link in re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text()):
        assert link.startswith("http") or (ROOT / page).parent.joinpath(link.split("#")[0]).exists(), link


def test_the_default_parameters_are_a_profile():
    assert (ROOT / "params.yaml").read_text() == (ROOT / "profiles/sample.yaml").read_text()


def test_the_four_commands_are_installed_scripts():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert set(scripts) == {"curate", "features", "triplets", "train"}
