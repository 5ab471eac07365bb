"""Impossible parameters are refused by name."""

import pytest
from small_project import write_params

from core.errors import ParamsError
from core.params import load
from triplets.params import MineParams, MixParams, RecommendParams, SimilarParams

SECTIONS = {"recommend": RecommendParams, "similar": SimilarParams, "mine": MineParams, "mix": MixParams}


@pytest.mark.parametrize(
    ("section", "changed", "message"),
    [
        ("recommend", {"neighbors": 0}, ": neighbors must be at least 1. Received: 0"),
        ("recommend", {"scale_pairs": 0}, ": scale_pairs must be at least 1. Received: 0"),
        (
            "recommend",
            {"weights": {"structure": 0, "pattern": 0, "color": 0}},
            ".weights: structure, pattern and color must be at least 0, one above it, and their sum finite."
            " Received: 0.0, 0.0, 0.0",
        ),
        (
            "recommend",
            {"weights": {"structure": 1e308, "pattern": 1e308, "color": 1}},
            ".weights: structure, pattern and color must be at least 0, one above it, and their sum finite."
            " Received: 1e+308, 1e+308, 1.0",
        ),
        (
            "recommend",
            {"weights": {"structure": 1, "pattern": -0.5, "color": 0}},
            ".weights: structure, pattern and color must be at least 0, one above it, and their sum finite."
            " Received: 1.0, -0.5, 0.0",
        ),
        (
            "recommend",
            {"weights": {"structure": 1, "pattern": 1, "colour": 1}},
            ".weights.color is missing. Add it; profiles/sample.yaml shows a value.",
        ),
        (
            "recommend",
            {"scale_pairs": 10**9},
            ".scale_pairs: Input should be less than or equal to 10000000. Received: 1000000000. Change it.",
        ),
        (
            "mine",
            {"per_query": 10**12},
            ".per_query: Input should be less than 2147483648. Received: 1000000000000. Change it.",
        ),
        ("mine", {"positives": 0}, ": positives must be at least 1. Received: 0"),
        ("mine", {"gap": -1}, ": gap must be at least 0. Received: -1"),
        ("mine", {"margin": 1.5}, ": margin must be between 0 and 1. Received: 1.5"),
        ("mine", {"per_query": 0}, ": per_query must be at least 1. Received: 0"),
        ("mine", {"hardness": -0.5}, ": hardness must be from 0 to 100. Received: -0.5"),
        ("mix", {"hardness": 100.5}, ": hardness must be from 0 to 100. Received: 100.5"),
        ("mine", {"near_categories": -1}, ": near_categories must be at least 0. Received: -1"),
        ("mine", {"negative_cap": 0}, ": negative_cap must be at least 1. Received: 0"),
        ("mix", {"negative_cap": 0}, ": negative_cap must be at least 1. Received: 0"),
        ("similar", {"products": 0}, ": products must be at least 1. Received: 0"),
        (
            "recommend",
            {"category_weights": {"tops": {"structure": 0, "pattern": 0, "color": 0}}},
            ".category_weights.tops: structure, pattern and color must be at least 0, one above it, and their sum"
            " finite. Received: 0.0, 0.0, 0.0",
        ),
        ("mine", {"candidates": 6}, ": candidates must be above the gap, 6. Received: 6"),
        ("mine", {"seed": -1}, ".seed: Input should be greater than or equal to 0. Received: -1. Change it."),
        ("mix", {"seed": 2**32}, ".seed: Input should be less than 4294967296. Received: 4294967296. Change it."),
        (
            "mix",
            {"totals": {"train": 5, "val": 0, "test": None}},
            ".totals: val must be at least 1. Received: 0",
        ),
        (
            "mix",
            {"totals": {"train": 5, "val": 2}},
            ".totals.test is missing. Add it; profiles/sample.yaml shows a value.",
        ),
        ("mix", {"in_class": 1.1}, ": in_class must be between 0 and 1. Received: 1.1"),
        ("mix", {"wild": -0.1}, ": wild must be between 0 and 1. Received: -0.1"),
        ("mix", {"margin": -0.1}, ": margin must be between 0 and 1. Received: -0.1"),
        ("mix", {"gap": 0.5}, ".gap: Input should be a valid integer. Received: 0.5. Change it."),
        ("mix", {"margins": 1}, ".margins is unknown. Remove it or mend its spelling."),
    ],
)
def test_a_wrong_value_is_named(tmp_path, section, changed, message):
    write_params(tmp_path, **{section: changed})
    with pytest.raises(ParamsError) as caught:
        load(tmp_path / "params.yaml", f"triplets.{section}", SECTIONS[section])
    assert str(caught.value) == f"{tmp_path}/params.yaml: triplets.{section}{message}"


def test_a_null_margin_of_the_mix_caps_nothing(tmp_path):
    write_params(tmp_path, mix={"margin": None})
    assert load(tmp_path / "params.yaml", "triplets.mix", MixParams).margin is None
