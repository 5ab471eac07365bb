"""The epochs of a training as a table, and what its end says."""

from collections.abc import Sequence
from typing import Any

from core.rows import Rows
from core.tables import KINDS
from train.checkpoint import Epoch

_PLAIN = ("epoch", "loss", "val_loss", "active", "d_positive", "d_negative", "embedding_std", "decoded")


def rows(epochs: Sequence[Epoch]) -> Rows:
    """A header and a row per epoch; the val accuracy has a column per kind, None where val has none of it."""
    header = [*_PLAIN, *(f"val_{kind}" for kind in KINDS)]
    body = [
        [*(getattr(epoch, name) for name in _PLAIN), *(epoch.val_accuracy.get(kind) for kind in KINDS)]
        for epoch in epochs
    ]
    return [header, *body]


def summary(epochs: Sequence[Epoch], best: int, triplets: dict[str, int], parameters: int) -> dict[str, Any]:
    """The numbers of the epoch whose weights stand, for `dvc metrics`; val figures only where val has triplets.

    Args:
        triplets: how many each split has.
        parameters: of the network.
    """
    epoch = epochs[best - 1]
    val = {"val_loss": epoch.val_loss, "val_accuracy": epoch.val_accuracy} if triplets["val"] else {}
    return {
        "epoch": best,
        "epochs": len(epochs),
        "chosen_by": "val accuracy" if triplets["val"] else "last epoch, there are no val triplets",
        **{name: getattr(epoch, name) for name in _PLAIN if name not in ("epoch", "val_loss")},
        **val,
        "triplets": triplets,
        "parameters": parameters,
    }
