"""What a loss is told of a batch beside its embeddings."""

import numpy as np
import numpy.typing as npt

from core.similarity import Floats

GROUP, DRAW, TEACHER = 0, 1, 2  # columns; those from TEACHER on are there for the losses that want them
SILENT = -1.0  # the teacher's distance where it says nothing


def pack(groups: npt.NDArray, draws: npt.NDArray, teacher: npt.NDArray | None) -> Floats:
    """The targets of a batch of `rows` embeddings: (rows, 2), or (rows, 2 + rows) with a teacher, float32.

    Args:
        groups: (rows,) codes from 0; photos of one code are never negatives of each other.
        draws: (rows,) uniform in [0, 1): what a loss that samples uses, so that every backend draws alike.
        teacher: (rows, rows) distances between the photos of the rows, `SILENT` where there are none.
    """
    columns = [groups[:, None], draws[:, None], *([] if teacher is None else [teacher])]
    return np.concatenate(columns, axis=1).astype(np.float32)
