"""A training as it goes, for DVCLive and for TensorBoard."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from dvclive import Live  # type: ignore[attr-defined]
from tensorboardX import SummaryWriter

from train.checkpoint import Epoch


class _Figures(Live):
    """DVCLive's files and nothing else: `dvc exp` itself sees to experiments, and a folder need not have a commit."""

    def _init_dvc(self) -> None:
        """Leave out the look for a repository, which ends with an error where git has no commit."""


class Log:
    """Writes each epoch below `folder`: `live` for DVC, `tensorboard` for TensorBoard.

    Both start anew; the epochs that a resumed training has behind it are written again, so that no kill leaves one
    twice or half.
    """

    def __init__(self, folder: Path) -> None:
        self.live = folder / "live"
        shutil.rmtree(folder / "tensorboard", ignore_errors=True)
        self._live = _Figures(str(self.live), report=None, save_dvc_exp=False, dvcyaml=None)
        self._board = SummaryWriter(str(folder / "tensorboard"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._board.close()
        self._live.end()  # type: ignore[no-untyped-call]

    def write(self, epochs: Iterable[Epoch]) -> None:
        """Write the figures of `epochs`; those on val only where there are any."""
        for epoch in epochs:
            self._live.step = epoch.epoch
            for name, value in figures(epoch).items():
                self._live.log_metric(name, value)
                self._board.add_scalar(name, value, epoch.epoch)
            self._live.make_summary()  # type: ignore[no-untyped-call]
        self._board.flush()


def figures(epoch: Epoch) -> dict[str, float]:
    """The numbers of `epoch` by name, `train/...` and `val/...`."""
    names = ("loss", "active", "d_positive", "d_negative", "decoded")
    found = {f"train/{name}": getattr(epoch, name) for name in names} | {"val/embedding_std": epoch.embedding_std}
    if epoch.val_loss is not None:
        found["val/loss"] = epoch.val_loss
    return found | {f"val/{kind}": accuracy for kind, accuracy in epoch.val_accuracy.items()}
