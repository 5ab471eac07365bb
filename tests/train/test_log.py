"""The figures of a training as DVCLive and TensorBoard have them."""

import csv
import json
import subprocess
from pathlib import Path

import pytest
import tensorflow as tf
from tensorboardX.proto.event_pb2 import Event

from train.checkpoint import Epoch
from train.log import Log


def epoch(number: int) -> Epoch:
    return Epoch(number, 0.5 / number, 0.9, 0.2, 0.8, 1.4, 0.1, 0.25, {"in_class": 0.75})


@pytest.mark.parametrize("git", ["none", "no commit"])
def test_a_log_that_starts_again_has_every_epoch_once(tmp_path, monkeypatch, git):
    monkeypatch.chdir(tmp_path)
    if git == "no commit":
        subprocess.run(["git", "init", "-q"], check=True)
        subprocess.run(["dvc", "init", "-q"], check=True)
        monkeypatch.setenv("DVC_ROOT", str(tmp_path))  # as in a stage of `dvc repro`
    with Log(Path("log")) as log:
        log.write([epoch(1)])
        log.write([epoch(2)])
    with Log(Path("log")) as log:
        log.write([epoch(1), epoch(2)])
        log.write([epoch(3)])
    with (log.live / "plots/metrics/train/loss.tsv").open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    assert [int(row["step"]) for row in rows] == [1, 2, 3]
    assert [float(row["loss"]) for row in rows] == pytest.approx([0.5, 0.25, 0.5 / 3])
    summary = json.loads((log.live / "metrics.json").read_text())
    assert summary["val"] == {"loss": 0.25, "in_class": 0.75, "embedding_std": 0.1}
    assert summary["step"] == 3
    assert on_board("val/in_class") == [(1, 0.75), (2, 0.75), (3, 0.75)]


def on_board(name: str) -> list[tuple[int, float]]:
    """Step and value of every number of that name, of all files that TensorBoard finds."""
    files = [str(path) for path in Path("log/tensorboard").iterdir()]
    events = [Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(files)]
    return [(event.step, value.simple_value) for event in events for value in event.summary.value if value.tag == name]
