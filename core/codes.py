"""Text labels as whole numbers: they compare much faster."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.arrow import or_missing, values

MISSING = -1  # the code of a label that is None


def codes(labels: npt.NDArray | pa.Array) -> npt.NDArray[np.int64]:
    """Number the distinct values of text (n,): equal where the labels are, `MISSING` where None."""
    return or_missing(_encoded(labels).indices)


def ranks(labels: npt.NDArray | pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """The distinct values of text (n,), sorted, and the place of each label among them (n,)."""
    encoded = _encoded(labels)
    order = pc.array_sort_indices(encoded.dictionary)
    rank = np.empty(len(order), np.int64)
    rank[values(order)] = np.arange(len(order))
    return encoded.dictionary.take(order), rank[or_missing(encoded.indices)]


def _encoded(labels: npt.NDArray | pa.Array) -> pa.DictionaryArray:
    return (labels if isinstance(labels, pa.Array) else pa.array(labels, pa.string())).dictionary_encode()
