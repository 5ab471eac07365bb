"""Which photos are copies of one another."""

from typing import Any

import numpy as np
import numpy.typing as npt


def groups(content_hash: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Label each photo (n) with its duplicate group (n), a string: photos with equal bytes share one.

    The label is the smallest content hash of the group, for exact copies their own. Unlike the name of a
    row it does not change when a copy is added, and the same photo has the same label in two catalogs.
    """
    return np.asarray(content_hash, dtype=object)
