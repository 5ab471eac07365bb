"""From drawn places to rows of the triplets' table."""

from collections.abc import Mapping

import numpy as np

from core.similarity import Floats
from core.tables import DESCRIPTORS, Column, Triplets
from triplets.groups import Rows

DISTANCES = ("distance", *DESCRIPTORS)


def triplets_of(
    ids: tuple[Column, Column, Column],
    kind: str,
    split: str,
    rank: Rows,
    positive: Mapping[str, Floats],
    negative: Mapping[str, Floats],
) -> Triplets:
    """The table of m triplets of one kind and split.

    Args:
        ids: the image ids (m,) of queries, positives and negatives.
        rank: (m,) of the positive for the query, from 1.
        positive: (m,) distances of the positives to their queries, per descriptor and fused, as `between` names them.
        negative: likewise of the negatives.
    """
    query_id, positive_id, negative_id = ids
    count = len(query_id)
    return Triplets(
        query_id=query_id,
        positive_id=positive_id,
        negative_id=negative_id,
        kind=np.full(count, kind, object),
        split=np.full(count, split, object),
        positive_rank=rank.astype(np.int32),
        **{f"positive_{name}": positive[name] for name in DISTANCES},
        **{f"negative_{name}": negative[name] for name in DISTANCES},
    )
