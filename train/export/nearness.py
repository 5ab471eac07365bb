"""How near the embeddings of an exported network are to those of Keras."""

import numpy as np

from core.search import nearest
from core.similarity import Floats


def cosines(ours: Floats, theirs: Floats) -> Floats:
    """The cosine of each row of `ours` (n, d) with the same row of `theirs`: (n,), computed in float64.

    Two rows of zeros are alike, 1; a row of zeros and another one are not, 0; what is not finite is not either, 0.
    """
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)  # (n,)
    alike = np.asarray(~ours.any(axis=1) & ~theirs.any(axis=1), np.float64)  # (n,), 1 where both are zeros
    usable = np.isfinite(lengths) & (lengths > 0)
    alike[usable] = np.einsum("nd,nd->n", ours[usable], theirs[usable]) / lengths[usable]
    return alike.astype(np.float32)


def same_nearest(ours: Floats, theirs: Floats) -> float | None:
    """The share of the n photos whose nearest other one is the same by both embeddings, (n, d) each; None of one."""
    if len(ours) < 2:
        return None
    rows = np.arange(len(ours))
    first, second = (nearest(vectors, vectors, 1, barred=((rows, rows),)).rows for vectors in (ours, theirs))
    return float(np.mean(first == second))
