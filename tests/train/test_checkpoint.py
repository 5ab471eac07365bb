"""Checkpoints: what comes back, and what does not count."""

import json

import keras
import numpy as np
import pytest

from train.checkpoint import Checkpoints, Epoch, Progress


def epoch(number: int, accuracy: float | None, loss: float | None) -> Epoch:
    kinds = {} if accuracy is None else {"in_class": accuracy, "wild": accuracy}
    return Epoch(number, 0.5, 0.9, 0.2, 0.8, 1.4, 0.1, loss, kinds)


def variables(value: float) -> list[keras.Variable]:
    return [keras.Variable(np.full(shape, value, np.float32)) for shape in ((2, 3), (4,))]


def test_all_comes_back(tmp_path):
    progress = Progress(epoch=1, step=7, sums={"loss": 3.25}).ended(epoch(1, 0.7, 0.3))
    progress = Progress(2, 5, {"loss": 1 / 3}, progress.epochs, progress.best)
    saved = Checkpoints(tmp_path, "a")
    saved.save_best([np.arange(3.0)])
    saved.save(variables(2.5), progress)
    fresh = variables(0)
    found = Checkpoints(tmp_path, "a").restore(fresh)
    assert found is not None
    assert found[0] == progress
    np.testing.assert_array_equal(found[1][0], np.arange(3.0))
    assert all(np.all(keras.ops.convert_to_numpy(one) == 2.5) for one in fresh)


@pytest.mark.parametrize(
    "spoil", ["other", "missing", "short", "foreign", "no best", "fewer", "shape", "older", "array", "list"]
)
def test_what_does_not_count_changes_nothing(tmp_path, spoil):
    saved = Checkpoints(tmp_path, "a")
    saved.save_best([np.zeros(3)])
    saved.save(variables(2.5), Progress().ended(epoch(1, 0.7, 0.3)))
    latest = tmp_path / "latest.npz"
    match spoil:
        case "missing":
            saved.clear()
        case "short":
            latest.write_bytes(latest.read_bytes()[:100])
        case "foreign":
            np.savez(latest, x=np.zeros(2))
        case "no best":
            (tmp_path / "best.npz").unlink()
        case "array":
            with latest.open("wb") as file:
                np.save(file, np.zeros(2))
        case "list":
            np.savez(latest, said=np.array("[1]"))
        case "older":
            with np.load(latest) as stored:
                arrays, said = dict(stored), json.loads(str(stored["said"]))
            del said["epochs"][0]["decoded"]
            np.savez(latest, **{**arrays, "said": np.array(json.dumps(said))})
    fresh = variables(0)
    fresh = {"fewer": fresh[:1], "shape": fresh[::-1]}.get(spoil, fresh)
    assert Checkpoints(tmp_path, "b" if spoil == "other" else "a").restore(fresh) is None
    assert all(np.all(keras.ops.convert_to_numpy(one) == 0) for one in fresh)


def test_the_best_epoch_has_the_accuracy_then_the_lower_loss():
    progress = Progress()
    for one in (epoch(1, 0.7, 0.3), epoch(2, 0.8, 0.4), epoch(3, 0.8, 0.5), epoch(4, 0.8, 0.35), epoch(5, 0.6, 0.1)):
        progress = progress.ended(one)
    assert (progress.best, progress.epoch, len(progress.epochs)) == (4, 6, 5)


def test_without_val_the_last_epoch_is_the_best():
    progress = Progress().ended(epoch(1, None, None)).ended(epoch(2, None, None))
    assert progress.best == 2
