"""A training that was killed goes on as if it had not been."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE

import numpy as np
import pytest
from click.testing import CliRunner
from garments import PARAMS

from train.cli import main
from train.watch import Bar

FIT, TRAINING = Path("data/model/fit"), Path("data/cache/training")
# Dropout stays on: the states of its draws are in the checkpoint too.
TEXT = PARAMS.replace("steps: 3", "steps: 4\n    checkpoint: 1\n    schedule: cosine")


def fit(*words: str) -> str:
    result = CliRunner().invoke(main, ["fit", "--workers", "1", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def losses() -> np.ndarray:
    with (FIT / "history.csv").open(newline="") as lines:
        return np.array([[float(row["loss"]), float(row["val_loss"])] for row in csv.DictReader(lines)])


class Interruption(Exception):  # noqa: N818  it stands for no error
    """Comes in place of the end of a step."""


def interrupted(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go on for `steps` steps and no further."""
    left, ended = Bar.on_train_batch_end, []

    def end(self, batch, logs=None):
        if len(ended) == steps:
            raise Interruption
        ended.append(batch)
        left(self, batch, logs)

    with monkeypatch.context() as patched:
        patched.setattr(Bar, "on_train_batch_end", end)
        with pytest.raises(Interruption):
            CliRunner().invoke(main, ["fit", "--workers", "1", "--resume"], catch_exceptions=False)


def files() -> dict[str, bytes]:
    return {path.relative_to(FIT).as_posix(): path.read_bytes() for path in FIT.rglob("*") if path.is_file()}


def killed() -> None:
    """Start in another process, and kill it once it has left a checkpoint."""
    script = "from train.cli import main; main(['fit', '--workers', '2'])"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    latest, limit = TRAINING / "latest.npz", time.monotonic() + 200
    with subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=PIPE, stderr=PIPE) as running:
        while not latest.exists() and running.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.communicate()
    assert running.returncode == -signal.SIGKILL
    assert latest.exists()


def test_a_training_goes_on_where_it_was_killed(project):
    Path("params.yaml").write_text(TEXT)
    fit()
    expected, curve = files(), losses()
    killed()
    fit("--resume")
    np.testing.assert_allclose(losses(), curve, atol=1e-5)
    assert files() == expected
    assert not (TRAINING / "latest.npz").exists()
    assert not list(FIT.parent.glob(".*.partial"))


@pytest.mark.slow
@pytest.mark.parametrize("steps", range(8))
def test_every_step_can_be_the_last(project, monkeypatch, steps):
    Path("params.yaml").write_text(TEXT)
    fit()
    expected = files()
    interrupted(steps, monkeypatch)
    interrupted(min(1, 7 - steps), monkeypatch)
    fit("--resume")
    assert files() == expected
