"""Sections of `features` that fit the small catalog of `shapes` in a second."""

from pathlib import Path

from ruamel.yaml import YAML

CLASSIFIER = {
    "trunk": {
        "name": "MobileNet",
        "weights": None,
        "preprocessing": "trunk",
        "tap": "conv_pw_2_relu",
        "size": 32,
        "view": "whole",
    },
    "classes": {"least": 1, "balance": 0.5},
    "head": {
        "width": 16,
        "dropout": 0.1,
        "scale": 8.0,
        "epochs": 3,
        "patience": 2,
        "batch": 16,
        "learning_rate": 0.01,
    },
    "tune": {"start": "conv1", "epochs": 0, "patience": 2, "batch": 16, "learning_rate": 0.001},
    "seed": 1,
}
SOURCES = {"attributes": [], "keywords": {}, "rendered": 0, "swatches": 1.0, "seed": 1}
COLOR = {
    "histogram": "marginal",
    "bins": 180,
    "cells": 16,
    "smoothing": 0.0,
    "dominance": 1.0,
    "mask": {"confidence": 0.3, "skin": 0.4},
}
SECTIONS = {"structure": CLASSIFIER, "pattern": CLASSIFIER, "pattern_sources": SOURCES, "color": COLOR}


def write_params(**changes) -> None:
    with Path("params.yaml").open("w") as file:
        YAML().dump({"features": {**SECTIONS, **changes}}, file)
