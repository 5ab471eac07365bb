"""Rows that labels or links tie together, be it through others."""

import numpy as np
import numpy.typing as npt

from core.codes import MISSING

Rows = npt.NDArray[np.int64]


def joined(labels: Rows, links: Rows) -> Rows:
    """Number (n,) the components of rows that equal labels (n,), or equal links (n,) that are not `MISSING`, tie."""
    linked = links != MISSING
    distinct, label = np.unique(labels, return_inverse=True)
    ties, tie = np.unique(links[linked], return_inverse=True)
    if len(np.unique(tie * len(distinct) + label[linked])) == len(ties):
        return label  # no link is of two labels; and the library takes a while to import
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = len(distinct) + len(ties)
    edges = (np.ones(len(tie), np.bool_), (label[linked], len(distinct) + tie))
    number = connected_components(coo_array(edges, shape=(size, size)), directed=False)[1]
    return number[label].astype(np.int64)
