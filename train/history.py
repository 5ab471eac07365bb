"""The epochs of a training as a table, and what its end says."""

from collections.abc import Sequence
from typing import Any

from core.rows import Rows
from core.tables import KINDS, Triplets
from train.fit import Epoch

_PLAIN = ("epoch", "loss", "val_loss", "active", "d_positive", "d_negative", "embedding_std")


def rows(epochs: Sequence[Epoch]) -> Rows:
    """A header and a row per epoch; the val accuracy has a column per kind, None where val has none of it."""
    header = [*_PLAIN, *(f"val_{kind}" for kind in KINDS)]
    body = [
        [*(getattr(epoch, name) for name in _PLAIN), *(epoch.val_accuracy.get(kind) for kind in KINDS)]
        for epoch in epochs
    ]
    return [header, *body]


def summary(epochs: Sequence[Epoch], best: int, triplets: Triplets, parameters: int) -> dict[str, Any]:
    """The numbers of the epoch whose weights stand, for `dvc metrics`; val figures only where val has triplets."""
    epoch = epochs[best - 1]
    counted = {split: int((triplets.split == split).sum()) for split in ("train", "val")}
    val = {"val_loss": epoch.val_loss, "val_accuracy": epoch.val_accuracy} if counted["val"] else {}
    return {
        "epoch": best,
        "epochs": len(epochs),
        "chosen_by": "val loss" if counted["val"] else "last epoch, there are no val triplets",
        **{name: getattr(epoch, name) for name in _PLAIN if name not in ("epoch", "val_loss")},
        **val,
        "triplets": counted,
        "parameters": parameters,
    }
