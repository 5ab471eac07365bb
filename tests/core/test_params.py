"""Strict parameters: every mistake is one line that names the key."""

import pytest

from core.errors import ParamsError
from core.params import Seed, load, section


@section
class Fruit:
    name: str
    weight: float
    seeds: int
    colors: tuple[str, ...]

    def __post_init__(self):
        if self.weight <= 0:
            raise ValueError(f"weight must be above 0. Received: {self.weight}")


GOOD = "name: pear, weight: 1.5, seeds: 4, colors: [green]"


def loaded(tmp_path, body):
    path = tmp_path / "p.yaml"
    path.write_text(f"shop:\n  fruit: {{{body}}}\n")
    return load(path, "shop.fruit", Fruit)


def test_a_good_section_fills_the_dataclass(tmp_path):
    assert loaded(tmp_path, GOOD) == Fruit(name="pear", weight=1.5, seeds=4, colors=("green",))
    # Whole numbers are floats where floats are asked for.
    assert loaded(tmp_path, GOOD.replace("1.5", "2")).weight == 2.0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (GOOD.replace(", seeds: 4", ""), "shop.fruit.seeds is missing. Add it; profiles/sample.yaml shows a value."),
        (GOOD + ", taste: 1", "shop.fruit.taste is unknown. Remove it or mend its spelling."),
        (
            GOOD.replace("4", "many"),
            "shop.fruit.seeds: Input should be a valid integer. Received: 'many'. Change it.",
        ),
        (GOOD.replace("4", "4.5"), "shop.fruit.seeds: Input should be a valid integer. Received: 4.5. Change it."),
        (GOOD.replace("4", "true"), "shop.fruit.seeds: Input should be a valid integer. Received: True. Change it."),
        (GOOD.replace("pear", "7"), "shop.fruit.name: Input should be a valid string. Received: 7. Change it."),
        (
            GOOD.replace("[green]", "[green, 3]"),
            "shop.fruit.colors.1: Input should be a valid string. Received: 3. Change it.",
        ),
        (GOOD.replace("1.5", "-1"), "shop.fruit: weight must be above 0. Received: -1.0"),
    ],
)
def test_a_mistake_is_named(tmp_path, body, message):
    with pytest.raises(ParamsError) as error:
        loaded(tmp_path, body)
    assert str(error.value) == f"{tmp_path}/p.yaml: {message}"


def test_a_missing_file_or_section_is_named(tmp_path):
    with pytest.raises(ParamsError) as error:
        load(tmp_path / "none.yaml", "shop.fruit", Fruit)
    assert str(error.value) == (
        f"{tmp_path}/none.yaml does not exist. Run in the project's folder, or name one with --params."
    )
    (tmp_path / "p.yaml").write_text("shop: {}\n")
    with pytest.raises(ParamsError) as error:
        load(tmp_path / "p.yaml", "shop.fruit", Fruit)
    assert str(error.value) == (
        f"{tmp_path}/p.yaml: the section shop.fruit is missing. Add it; profiles/sample.yaml shows one."
    )


@pytest.mark.parametrize("text", ["shop: [", "shop: 1\nshop: 2\n", "a: \t- b: c: d", "day: 2024-13-45"])
def test_malformed_yaml_is_one_line(tmp_path, text):
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ParamsError, match=r"p\.yaml is not YAML: ") as error:
        load(tmp_path / "p.yaml", "shop.fruit", Fruit)
    assert "\n" not in str(error.value)


@section
class Sown:
    seed: Seed
    names: dict[str, str]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("seed: -1, names: {}", "shop.seed: Input should be greater than or equal to 0. Received: -1. Change it."),
        (
            "seed: 4294967296, names: {}",
            "shop.seed: Input should be less than 4294967296. Received: 4294967296. Change it.",
        ),
        ("seed: 1, names: {true: x}", "shop.names: the key True is no string. Put it in quotes."),
        ("seed: 1, names: {036: x}", "shop.names: the key 36 is no string. Put it in quotes."),
    ],
)
def test_seeds_have_a_range_and_keys_are_text(tmp_path, body, message):
    path = tmp_path / "p.yaml"
    path.write_text(f"shop: {{{body}}}\n")
    with pytest.raises(ParamsError) as error:
        load(path, "shop", Sown)
    assert str(error.value) == f"{path}: {message}"
