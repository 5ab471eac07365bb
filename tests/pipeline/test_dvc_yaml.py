"""dvc.yaml is complete: each stage lists the code that it runs and the parameters that it reads."""

import ast
import re

import pytest
from closure import PACKAGES, ROOT, command, imports
from ruamel.yaml import YAML

PIPELINE = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())
PARAMS = YAML(typ="safe").load((ROOT / "params.yaml").read_text())


@pytest.mark.parametrize("name", PIPELINE["stages"])
def test_stage_lists_its_code_and_its_params(name):
    stage = PIPELINE["stages"][name]
    package, *words = stage["cmd"].split()
    files, sections = command(package, "_".join(word for word in words if not word.startswith("--")))
    listed = {path for path in stage["deps"] if re.fullmatch(rf"({'|'.join(PACKAGES)})/\S+\.(py|yaml)", path)}
    wanted = "".join(f"\n      - {file}" for file in sorted(files))
    assert listed == files, f"the code of {name} is:{wanted}"
    assert set(stage.get("params", [])) == sections


def test_every_parameter_is_read_by_a_stage():
    listed = {section for stage in PIPELINE["stages"].values() for section in stage.get("params", [])}
    read = {".".join(section.split(".")[:2]) for section in listed}
    assert {f"{stage}.{section}" for stage, sections in PARAMS.items() for section in sections} == read


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_core_and_itself(package):
    for file in (ROOT / package).rglob("*.py"):
        for path in imports(ast.parse(file.read_text())):
            assert path.split("/")[0] in {"core", package}, f"{file.relative_to(ROOT)} imports {path}"


def test_no_file_is_named_after_nothing():
    named = {file.name for package in PACKAGES for file in (ROOT / package).rglob("*.py")}
    assert not named & {"utils.py", "common.py", "helpers.py", "misc.py"}


def keys(value, place=""):
    """The dotted keys of nested sections; what a person or a recipe fills in has keys of its own."""
    if (
        not isinstance(value, dict)
        or place == ".train.fit"
        or place.split(".")[-1] in ("rename", "exclude", "derive", "keywords")
    ):
        return {place}
    return {key for name, inner in value.items() for key in keys(inner, f"{place}.{name}")}


@pytest.mark.parametrize("name", ["in-house", "clothing"])
def test_every_profile_has_the_keys_of_the_sample_s(name):
    assert keys(YAML(typ="safe").load((ROOT / f"profiles/{name}.yaml").read_text())) == keys(PARAMS)
