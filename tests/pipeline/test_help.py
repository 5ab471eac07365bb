"""Every command answers --help at once, with an example that names a command that exists."""

import importlib
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

STAGES = ("curate", "features", "triplets", "train")


def commands():
    for stage in STAGES:
        group = importlib.import_module(f"{stage}.cli").main
        waiting = [((stage,), group)]
        while waiting:
            words, command = waiting.pop()
            yield pytest.param(words, command, id=" ".join(words))
            if isinstance(command, click.Group):
                waiting += [((*words, name), child) for name, child in command.commands.items()]


@pytest.mark.parametrize(("words", "command"), list(commands()))
def test_help_has_an_example_of_this_command(words, command):
    text = command.get_help(click.Context(command, info_name=" ".join(words)))
    assert "Example:" in text
    assert f"Example: {' '.join(words)}" in " ".join(text.split())


@pytest.mark.parametrize("stage", STAGES)
def test_help_answers_in_half_a_second(stage):
    script = Path(sys.executable).with_name(stage)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([script, "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.5


@pytest.mark.parametrize("stage", STAGES)
def test_the_command_line_imports_no_heavy_library(stage):
    code = (
        f"import sys, {stage}.cli;"
        "print(*{'numpy', 'pyarrow', 'keras', 'cv2', 'PIL', 'matplotlib', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
